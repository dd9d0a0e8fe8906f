"""All that is to be said of a compiled plan before it is published, and of one that could not be
compiled: what pages show and `server.py check` prints. Publishing needs none at level error."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from ivr.flow import review as of_script
from ivr.flow.steps.record import ANNOUNCED
from ivr.flow.world import Plan
from ivr.library.errors import ScriptError
from ivr.library.plans import Inputs
from ivr.library.recordings import read_recordings, recordings_to_renew
from ivr.library.scripts import ScriptTextError
from ivr.library.worktime import duty_office, kept_open
from routing.cases.doors import masked_mailbox, shared_doors
from routing.findings import EXAMPLE, Finding, Level, Place
from routing.numbers.forms import masked
from routing.rules.document import RulesError
from routing.rules.errors import RuleSetError
from routing.rules.faults import EntityError
from routing.rules.review import Reviewed, review
from routing.rules.scenarios import Outcome, read_scenarios, run
from routing.rules.staffing import Staffed, staffing
from routing.rules.wording import Wording, both
from routing.sheets.expiry import ends_soon
from routing.worktime import review as of_time
from routing.worktime.orders import read_closures


def findings_of(plan: Plan, inputs: Inputs, now: datetime) -> Iterator[Finding]:
    """Of the rules, the hours, the saved scenarios and the script. `now` is aware UTC."""
    yield from of_rules(plan, now)
    yield from of_scenarios(plan, inputs)
    yield from of_doors(plan)
    yield from ends_soon(plan.directory, now.astimezone(plan.zone).date())
    yield from of_working_time(plan, inputs, now)
    yield from of_menus(of_script.review(plan.script, plan.phrases))
    days = inputs.policy.audio_days
    yield from recordings_to_renew(read_recordings(inputs.recordings), plan.phrases, days)


def of_menus(found: Iterable[of_script.Finding]) -> Iterator[Finding]:
    """What the review of menus and words says, at the phrase that it is of, or at the node; what is
    missing in one language is said once, however many nodes say it."""
    told = set()
    for one in found:
        of_words = one.phrase and (one.language or one.where == one.phrase)
        place = (
            Place("phrase", one.phrase, one.language)
            if of_words
            else Place("script", "main", one.where)
        )
        if (place, one.chinese) not in told:
            told.add((place, one.chinese))
            says = both(f"{one.where}：{one.chinese}", f"{one.where}: {one.sentence}")
            yield Finding("script", Level(one.level.value), says, place)


def of_rules(plan: Plan, now: datetime) -> Iterator[Finding]:
    """What is to be said of a plan's rules, and of whom they ring."""
    yield from review(Reviewed(plan.rules, plan.directory, plan.zone, now, plan.open))
    yield from staffing(
        Staffed(
            rules=plan.rules.rules,
            directory=plan.directory,
            rosters=plan.rosters,
            phrases=announceable(plan),
            opened={name: opened.intervals for name, opened in plan.open.items()},
            now=now,
            zone=plan.zone,
            together=plan.policy.together,
        )
    )


def of_doors(plan: Plan) -> Iterator[Finding]:
    """Offices with one mailbox or phone: no complaint about one goes to another by it."""
    for shared in shared_doors(plan.directory):
        way, offices = masked_mailbox(shared.way) or masked(shared.way), shared.offices
        says = both(
            f"{'、'.join(offices)}共用{way}，投诉其中一个单位的工单不会由它转给其他几个，"
            "请给每个单位单独的邮箱和电话。",
            f"{', '.join(offices)} have {way} in common: a complaint about one of them goes to "
            "none of the others by it; give each its own",
        )
        yield Finding("one_door", Level.WARNING, says, Place("office", offices[0]))


def announceable(plan: Plan) -> frozenset[str]:
    """The phrases that every language has, and that a call can always fill."""
    books = [
        {name for name, phrase in texts.items() if ANNOUNCED.issuperset(phrase.slots)}
        for texts in plan.phrases.texts.values()
    ]
    return frozenset(set.intersection(*books))


def of_working_time(plan: Plan, inputs: Inputs, now: datetime) -> Iterator[Finding]:
    """What is to be said of its calendars and closure orders."""
    city, today = plan.directory, now.astimezone(plan.zone).date()
    yield from of_time.missing_years(plan.holidays.years, today)
    yield from of_time.runs_out(plan.open, now)
    yield from of_time.gaps(city, plan.hours, plan.open, plan.orders, now)
    closures, kept = read_closures(inputs.closures), kept_open(city)
    yield from of_time.of_closures(closures, city, kept, duty_office(city), now)


def outcomes(plan: Plan, inputs: Inputs) -> tuple[Outcome, ...]:
    """How the saved scenarios come out. Raises RuleSetError where one cannot be read."""
    return tuple(
        run(plan.rules, scenario, plan.directory, plan.open)
        for scenario in read_scenarios(inputs.scenarios)
    )


def of_scenarios(plan: Plan, inputs: Inputs) -> Iterator[Finding]:
    """The saved scenarios that do not come out as they say."""
    wording = Wording(plan.directory)
    try:
        found = outcomes(plan, inputs)
    except RuleSetError as wrong:
        yield Finding("scenario", Level.ERROR, wrong.says, Place("scenario"))
        return
    for outcome in found:
        if not outcome.passed:
            place = Place("scenario", outcome.scenario.id)
            yield Finding(EXAMPLE, Level.ERROR, outcome.says(wording), place)


def of_refused(wrong: BaseException) -> Iterator[Finding]:
    """The faults of menus, words, written rules, rosters and quotas for which a plan was refused;
    none for other reasons."""
    if isinstance(wrong, ScriptError):
        yield from of_menus(wrong.findings)
    if isinstance(wrong, ScriptTextError):
        for at in wrong.faults:
            zh, en = f"第{at.line}行：{at.says['zh-CN']}", f"line {at.line}: {at.says['en']}"
            yield Finding(
                "script_text", Level.ERROR, both(zh, en), Place("script", "main", at.node)
            )
    cause = wrong if isinstance(wrong, RuleSetError | EntityError) else wrong.__cause__
    if isinstance(cause, EntityError):
        for found in cause.faults:
            place = Place(found.kind, found.key, found.field)
            yield Finding(f"{found.kind}_{found.code}", Level.ERROR, found.says, place)
    if isinstance(cause, RulesError):
        for fault in cause.faults:
            place = Place("rule", fault.rule, fault.field)
            yield Finding(f"rule_{fault.code}", Level.ERROR, fault.says, place)
    elif isinstance(cause, RuleSetError):
        yield Finding("rules", Level.ERROR, cause.says, Place("rule"))
