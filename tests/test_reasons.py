"""Every reason that is kept with work stands in the table of `routing.web.reasons`, so that a page
says it in its own language: one that is raised anew cannot be forgotten."""

import re
from collections.abc import Iterator
from functools import cache

from routing.undelivered import SAID
from routing.web.reasons import TABLE
from routing.web.wording import Tongue, read_wording
from storage import errors
from storage.postgres import errors as postgres_errors
from storage.postgres import unreached
from tests.sentences import Sentence, handed_to, raised, under

FAMILIES = (
    "HandoffError",
    "CarrierError",
    "EngineError",
    "FrameError",
    "ModelError",
    "NoWav",
    "StorageError",
)
ELSEWHERE = {
    "storage/accounts.py": "a command's",
    "storage/audit.py": "a command's or a page's, which is no work of the outbox",
    "storage/blocks.py": "a command's",
    "storage/keymark.py": "a start's",
    "storage/lock.py": "a start's",
    "storage/postgres/database.py": "a start's",
    "storage/schema.py": "a start's",
    "storage/spool.py": "the fallback's, which is no work of the outbox",
    "storage/sqlite/steps.py": "nobody's: the journal is started with the server",
}
WALKED = {
    "str(refused)": "the carrier's, walked where it is raised",
    "str(later)": "the carrier's, walked where it is raised",
    "str(mending)": "the store's, walked where it is raised",
    "str(unknown)": "the carrier's, walked where it is raised",
    "str(waiting)": "a handler's, walked where it is raised",
    "str(wrong)": "the model's, walked where it is raised",
    "reason_of(error)": "one of `unreached`",
    "libpqs_reason(str(error.orig))": "one of `unreached`",
    "AWAY": "one of `unreached`",
    "slow if limit.expired() else told": "both follow",
    "type(wrong).__name__": "an answer's, which says only that the engine failed",
}


@cache
def kept() -> tuple[Sentence, ...]:
    """Whatever may stand beside work."""
    return tuple(_kept())


def _kept() -> Iterator[Sentence]:
    yield from raised(FAMILIES, ("routing", "ivr", "storage"))
    yield from handed_to(("_fail", "_later", "_wait"), "routing/handoff.py", 1)
    yield from under("failed", "ivr/transcription/whisper.py")
    constants = [
        *(told for _, _, told in errors._SENTENCES),
        *(told for _, _, told in postgres_errors._SENTENCES),
        *(told for name, told in vars(unreached).items() if name.isupper() and name[0] != "_"),
        *SAID.values(),
        "its process ended",
        "it does not say why",
        "it reached nobody",
        "it was sent and did not arrive: {}",
        "it was sent and did not arrive: {} ({})",
        "the handler of {} did not end within {} s",
        "{} in the handler of {}",
    ]
    for told in constants:
        yield Sentence("a constant", told, told)


def known() -> set[str]:
    wording = read_wording([TABLE])
    return {re.sub(r"\{\w+\}", "{}", wording.template(word, Tongue.EN)) for word in wording.ids()}


def test_every_reason_that_is_raised_stands_in_the_table() -> None:
    here, unknown, unread = known(), [], []
    for one in kept():
        if one.where.partition(":")[0] in ELSEWHERE:
            continue
        if one.text is None and one.source not in WALKED:
            unread.append(f"{one.where}: {one.source}")
        elif one.text is not None and one.text not in here:
            unknown.append(f"{one.where}: {one.text}")

    assert not unknown, "write it into routing/web/reasons.toml, in both languages"
    assert not unread, "say here where such a sentence is walked"


def test_nothing_stands_in_the_table_that_nobody_raises() -> None:
    things = set(read_wording([TABLE]).part("thing", Tongue.EN).values())
    raised_now = {one.text for one in kept()}

    assert known() - things - raised_now == set()


def test_every_thing_that_a_carrier_is_asked_for_has_its_words() -> None:
    things = set(read_wording([TABLE]).part("thing", Tongue.EN).values())
    asked = {
        one.text
        for file in ("client", "calls", "numbers")
        for one in handed_to(("carrier_error",), f"ivr/carrier/{file}.py", 0)
    }

    assert asked == things


def test_every_exception_from_the_walk_is_still_one() -> None:
    files = {one.where.partition(":")[0] for one in kept()}
    sources = {
        one.source
        for one in kept()
        if one.text is None and one.where.partition(":")[0] not in ELSEWHERE
    }

    assert set(ELSEWHERE) <= files
    assert set(WALKED) == sources
