"""All that is wrong with a plan's body, before it is published: it is compiled as it would be for
calls, in a thread beside them. The port `Review` of `routing.publishing.desk`."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date

from deployment.plans import REFUSED, local_day
from deployment.settings import Settings
from ivr.flow import review as of_script
from ivr.flow.world import Plan
from ivr.library.plans import Inputs, compile_plan
from routing.drafts.kinds import Document
from routing.findings import Finding, Level, Place
from routing.ports import Clock
from routing.publishing.desk import Review
from routing.publishing.release import text_of
from routing.rules.document import RulesError
from routing.sheets.entities import faults_of
from routing.worktime.sentences import WorktimeError


def review_of(settings: Settings, clock: Clock) -> Review:
    """For plans that begin today."""

    async def review(document: Document) -> Sequence[Finding]:
        today = local_day(settings, clock)
        return await asyncio.to_thread(lambda: tuple(findings(document, today)))

    return review


def findings(document: Document, today: date) -> Iterator[Finding]:
    """Errors first where it cannot be compiled; otherwise what is to be said of it."""
    try:
        inputs = Inputs.from_text(text_of(document))
        faults = faults_of(inputs.sheets, inputs.area)
        for found in faults:
            place = Place(found.kind.value, found.key, found.column)
            yield Finding(found.code, Level.ERROR, found.says, place)
        if not faults:
            yield from _of_plan(compile_plan(inputs, 0, today))
    except WorktimeError as wrong:
        yield from wrong.faults
    except REFUSED as wrong:
        yield from _of_refusal(wrong)


def _of_refusal(wrong: Exception) -> Iterator[Finding]:
    """Rule by rule, where it is the rules."""
    if isinstance(wrong.__cause__, RulesError):
        for fault in wrong.__cause__.faults:
            yield Finding(
                fault.code, Level.ERROR, fault.says, Place("rule", fault.rule, fault.field)
            )
    else:
        yield _refused(str(wrong))


def _of_plan(plan: Plan) -> Iterator[Finding]:
    for found in of_script.review(plan.script, plan.phrases):
        level = Level.ERROR if found.level is of_script.Level.ERROR else Level.WARNING
        says = {"zh-CN": f"话术{found.where}：{found.sentence}", "en": found.sentence}
        yield Finding("script", level, says, Place("script", "main", found.where))


def _refused(why: str) -> Finding:
    says = {
        "zh-CN": f"方案无法使用，请按提示修改：{why}",
        "en": f"the plan cannot be used: {why}",
    }
    return Finding("refused", Level.ERROR, says)
