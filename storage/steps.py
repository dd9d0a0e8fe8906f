"""What the journal asks of a database: a batch of steps, kept. The counterpart of `journal`, which
gathers them; implemented beside each kind of database."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

import orjson

from ivr.flow.call import to_plain
from ivr.flow.effect import NoteStray, NoteVerdict
from ivr.ports.journal import MatterTaken, ReferenceTaken, Reply, Step, TokenTaken
from storage.effects import Count, Effects, Source
from storage.errors import StorageError
from storage.handing import Handing
from storage.writes import Write


class KillPoint(StrEnum):
    """Where tests may end the process: between a commit and its answers, and around it."""

    BEFORE_COMMIT = "before commit"
    AFTER_COMMIT = "after commit"
    BEFORE_ANSWER = "before the answer"


Hook = Callable[[KillPoint], None]
Outcome = Reply | Exception
"""What a waiting webhook is told."""


class Lost(StorageError):
    """A step could not be kept: another webhook holds its turn, and its reply is gone."""


class StepRows(Protocol):
    """Keeps batches of steps, one batch at a time."""

    async def open(self) -> None:
        """Connect. Raises StorageError."""
        ...

    async def keep(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Each step's outcome, once what is kept of it is durable. A step that cannot be kept
        fails alone. Called by one at a time."""
        ...

    async def close(self) -> None: ...


def writes_of(
    effects: Effects, handing: Handing, steps: Sequence[Step], counted: Counter[Count]
) -> Iterator[Write]:
    """The rows of the steps' effects; what is only counted is added up, for one row a batch."""
    for step in steps:
        source = Source(step.call.id, step.call.dialled, step.at, step.attempt, step.call.plan)
        for effect in step.effects:
            if isinstance(effect, NoteVerdict | NoteStray):
                counted[effects.count_of(source, effect)] += 1
            else:
                yield from map(handing.write, effects.writes(source, effect))


def state_of(step: Step) -> bytes:
    """The call after the turn, as it is kept."""
    return orjson.dumps(to_plain(step.call))


def found(call_id: str, reply: bytes | None) -> Outcome:
    """The winner's reply, for whoever lost the turn to it."""
    if reply is None:
        return Lost("this turn was answered long ago and its reply is no longer kept")
    return Reply(call_id, reply, mine=False)


def kept(steps: Sequence[Step]) -> Sequence[Outcome]:
    """All of them ours."""
    return [Reply(step.call.id, step.reply, mine=True) for step in steps]


MATTER_KEYS = ("cases.call_id", "uq_cases_call_id_turn")
REFERENCE_KEYS = ("cases.reference", "pk_cases")
TOKEN_KEYS = ("tokens.official", "pk_tokens")
"""As SQLite and PostgreSQL name what was hurt."""


def taken(error: Exception) -> Exception:
    """Which uniqueness was hurt: of the matter, of the case number, of a token, or another."""
    text = str(getattr(error, "orig", error))
    if any(key in text for key in MATTER_KEYS):
        return MatterTaken("this recording has a case already")
    if any(key in text for key in REFERENCE_KEYS):
        return ReferenceTaken("this case number is another case's")
    if any(key in text for key in TOKEN_KEYS):
        return TokenTaken("another call has this token")
    return error
