"""All that is wrong with a plan's body, before it is published: it is compiled as it would be for
calls, in a thread beside them. The port `Review` of `routing.publishing.desk`, and what `check`
prints."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

import structlog

from deployment import pauses
from deployment.compiler import COMPILER
from deployment.plans import REFUSED, local_day
from deployment.settings import Settings
from ivr.flow.world import Plan
from ivr.library.plans import Inputs
from ivr.library.proofs import findings_of, of_refused
from ivr.library.recordings import not_kept, read_recordings
from routing.drafts.body import CutBody
from routing.drafts.kinds import Document
from routing.findings import Finding, Level, Place
from routing.ports import Clock
from routing.publishing.asked import Review
from routing.publishing.composing import Beside
from routing.rules.faults import EntityError
from routing.sheets.entities import faults_of
from routing.worktime.sentences import WorktimeError

LOG: Final = structlog.get_logger()
Known = Callable[[Collection[str]], Awaitable[frozenset[str]]]
"""Of which of these hashes the sound is kept."""


def review_of(
    settings: Settings, clock: Clock, known: Known, beside: Beside = pauses.beside
) -> Review:
    """For plans that begin today."""

    async def review(document: Document) -> Sequence[Finding]:
        today, now = local_day(settings, clock), clock.now()
        found = await beside(partial(findings, document, today, now))
        return (*found, *await _not_kept(document, known))

    return review


async def _not_kept(document: Document, known: Known) -> Sequence[Finding]:
    """What cannot be read is among the other findings."""
    try:
        recordings = read_recordings(document.get("recordings", ""))
    except EntityError:
        return ()
    kept = await known({one.sha256 for one in recordings.values()}) if recordings else frozenset()
    return tuple(not_kept(recordings, kept))


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A body that was looked at: the plan that calls would follow, None where it cannot be
    compiled, and all that is to be said of it, for pages, publishing and the terminal alike."""

    plan: Plan | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many keep it from being published."""
        return sum(one.level is Level.ERROR for one in self.findings)


def findings(document: Document, today: date, now: datetime) -> tuple[Finding, ...]:
    """All that is to be said of a body."""
    return reviewed(document, today, now).findings


def reviewed(document: Document, today: date, now: datetime) -> Reviewed:
    """Errors alone where it cannot be compiled; otherwise what is to be said of it, examples that
    do not come out as they must among it. `today` is local, `now` aware. What nobody foresaw is an
    error, too: pages from which the last change can be discarded ask this first."""
    try:
        inputs = Inputs.of(document.rest if isinstance(document, CutBody) else document)
        if faults := tuple(_of_register(inputs)):
            return Reviewed(None, faults)
        plan = COMPILER.plan(document, 0, today)
        return Reviewed(plan, tuple(findings_of(plan, inputs, now)))
    except WorktimeError as wrong:
        return Reviewed(None, tuple(wrong.faults))
    except REFUSED as wrong:
        return Reviewed(None, tuple(of_refused(wrong)) or (_refused(wrong),))
    except MemoryError:
        raise  # not the plan's fault: whoever asked says so
    except Exception:
        LOG.exception("review.failed")
        return Reviewed(None, (UNFORESEEN,))


UNFORESEEN: Final = Finding(
    "unforeseen",
    Level.ERROR,
    {
        "zh-CN": "检查这个方案时，程序自己出了错，所以现在不能发布。请放弃最近的修改再试，"
        "并请技术人员查看日志中的 review.failed。",
        "en": "the program itself failed while it checked this plan, so it cannot be published: "
        "discard the latest changes and try again, and have somebody look at review.failed in "
        "the log",
    },
)


def _of_register(inputs: Inputs) -> Iterator[Finding]:
    for found in faults_of(inputs.sheets, inputs.area):
        place = Place(found.kind.value, found.key, found.column)
        yield Finding(found.code, Level.ERROR, found.says, place)


def _refused(wrong: Exception) -> Finding:
    """What a family of errors says in one language alone stays out of the other's sentence."""
    told = getattr(wrong, "says", None)
    zh = "方案里有内容无法识别，不能使用。请放弃最近的修改，或把英文页面上的说明交给技术人员。"
    says = {
        "zh-CN": zh if told is None else f"方案无法使用：{told['zh-CN']}",
        "en": f"the plan cannot be used: {wrong}",
    }
    return Finding("refused", Level.ERROR, says)
