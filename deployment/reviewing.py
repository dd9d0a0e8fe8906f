"""All that is wrong with a plan's body, before it is published: it is compiled as it would be for
calls, in a thread beside them. The port `Review` of `routing.publishing.desk`."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from deployment.pauses import beside
from deployment.plans import REFUSED, local_day
from deployment.settings import Settings
from ivr.library.plans import Inputs, compile_plan
from ivr.library.proofs import findings_of, of_refused
from routing.drafts.kinds import Document
from routing.findings import Finding, Level, Place
from routing.ports import Clock
from routing.publishing.desk import Review
from routing.publishing.release import text_of
from routing.sheets.entities import faults_of
from routing.worktime.sentences import WorktimeError


def review_of(settings: Settings, clock: Clock) -> Review:
    """For plans that begin today."""

    async def review(document: Document) -> Sequence[Finding]:
        today, now = local_day(settings, clock), clock.now()
        return await beside(lambda: tuple(findings(document, today, now)))

    return review


def findings(document: Document, today: date, now: datetime) -> Iterator[Finding]:
    """Errors first where it cannot be compiled; otherwise what is to be said of it, examples that
    do not come out as they must among it."""
    try:
        inputs = Inputs.from_text(text_of(document))
        faults = faults_of(inputs.sheets, inputs.area)
        for found in faults:
            place = Place(found.kind.value, found.key, found.column)
            yield Finding(found.code, Level.ERROR, found.says, place)
        if not faults:
            plan = compile_plan(inputs, 0, today)
            yield from findings_of(plan, inputs, now)
    except WorktimeError as wrong:
        yield from wrong.faults
    except REFUSED as wrong:
        yield from tuple(of_refused(wrong)) or (_refused(str(wrong)),)


def _refused(why: str) -> Finding:
    says = {
        "zh-CN": f"方案无法使用，请按提示修改：{why}",
        "en": f"the plan cannot be used: {why}",
    }
    return Finding("refused", Level.ERROR, says)
