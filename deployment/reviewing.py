"""All that is wrong with a plan's body, before it is published: it is compiled as it would be for
calls, in a thread beside them. The port `Review` of `routing.publishing.desk`."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from deployment.plans import REFUSED, local_day
from deployment.settings import Settings
from ivr.flow import review as of_script
from ivr.flow.world import Plan
from ivr.library.plans import Inputs, compile_plan
from ivr.library.proofs import of_working_time
from routing.drafts.kinds import Document
from routing.findings import Finding, Level, Place
from routing.ports import Clock
from routing.publishing.desk import Review
from routing.publishing.release import text_of
from routing.rules import review as of_rules
from routing.rules.document import RulesError
from routing.rules.scenarios import read_scenarios, run
from routing.rules.wording import Wording
from routing.sheets.entities import faults_of
from routing.worktime.sentences import WorktimeError


def review_of(settings: Settings, clock: Clock) -> Review:
    """For plans that begin today."""

    async def review(document: Document) -> Sequence[Finding]:
        today, now = local_day(settings, clock), clock.now()
        return await asyncio.to_thread(lambda: tuple(findings(document, today, now)))

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
            yield from _of_script(plan)
            yield from of_rules.review(
                of_rules.Reviewed(plan.rules, plan.directory, plan.zone, now, plan.open)
            )
            yield from _of_scenarios(plan, inputs.scenarios)
            yield from of_working_time(plan, inputs, now)
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


def _of_scenarios(plan: Plan, text: str) -> Iterator[Finding]:
    """Examples must hold before anything is published."""
    wording = Wording(plan.directory)
    for scenario in read_scenarios(text):
        outcome = run(plan.rules, scenario, plan.directory, plan.open)
        if not outcome.passed:
            place = Place("scenario", scenario.id)
            yield Finding("scenario", Level.ERROR, outcome.says(wording), place)


def _of_script(plan: Plan) -> Iterator[Finding]:
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
