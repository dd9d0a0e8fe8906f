"""`/admin/calls` and `/admin/draft/compare` as HTTP, over calls that a test makes up."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from ivr.flow.world import Plan
from ivr.library.plans import Inputs
from routing.accounts.roles import MAY, Act, Role
from routing.cases.kinds import Kind
from routing.drafts.kinds import Document
from routing.publishing.past import Matter, PastCall, Ruled, Rung
from routing.register import ListingStatus
from routing.rules.condition import CallerKind
from routing.web.plan.calls import CallsDesk, calls_routes
from routing.web.plan.desk import PLAN_PAGES, PlanDesk
from tests.people import app_of
from tests.rates import BEIJING
from tests.routing.web.plan.planned import Planned, planned

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NUMBER = "+865580000021"
MATTER = Matter(
    Kind.HELP, None, "power", None, CallerKind.MOBILE, AT, rule="topic-power", office="市供电公司"
)
WITH = PastCall("c1", AT, NUMBER, "zh-CN", 1, "completed", 60, MATTER)
WITHOUT = replace(WITH, id="c2", matter=None)
PERSON = replace(WITH, id="c3", matter=replace(MATTER, kind=None, topic=None))


@dataclass(frozen=True)
class Made:
    """Calls as the store would give them."""

    calls: Sequence[PastCall] = (WITH, WITHOUT, PERSON)

    async def latest(
        self, most: int, before: datetime | None = None, dialled: str = ""
    ) -> Sequence[PastCall]:
        return [call for call in self.calls if dialled in ("", call.dialled)][:most]

    async def call(self, call: str) -> PastCall | None:
        return next((one for one in self.calls if one.id == call), None)

    async def rung(self, call: str) -> Sequence[Rung]:
        return [Rung(AT, False, NUMBER), Rung(AT, True, None)]

    async def since(self, at: datetime, most: int) -> AsyncIterator[Sequence[PastCall]]:
        for call in self.calls[:most]:
            if call.matter and call.matter.kind and call.at >= at:
                yield [call]


@contextlib.asynccontextmanager
async def called(
    folder: Path, inputs: Inputs, plan: Plan, draft: Plan | None
) -> AsyncIterator[Planned]:
    """The pages, with what the draft would decide by (None: it cannot be compiled)."""

    async def of_version(_: int) -> Ruled | None:
        return Ruled(plan.rules, plan.directory, plan.open)

    async def of_body(_: Document) -> Ruled | None:
        return None if draft is None else Ruled(draft.rules, draft.directory, draft.open)

    folder.mkdir(exist_ok=True)
    async with planned(folder, inputs) as it:
        pages = PlanDesk(it.desk, it.people.clock, BEIJING, it.rates, lambda: plan.directory)
        routes = calls_routes(CallsDesk(pages, Made(), of_version, of_body))
        app = app_of(it.people, routes, (PLAN_PAGES,))
        async with TestClient(TestServer(app)) as client:
            yield replace(it, client=client)


async def test_who_may_see_calls_sees_which_rule_sent_each(
    tmp_path: Path, demo_inputs: Inputs, demo_plan: Plan
) -> None:
    async with called(tmp_path, demo_inputs, demo_plan, demo_plan) as it:
        for role in Role:
            status, _ = await it.get(role, "/admin/calls")
            assert (status == 200) is (role in MAY[Act.SEE_CALLS])
        _, listed = await it.get(Role.AUDITOR, f"/admin/calls?number=%2B{NUMBER[1:]}")
        assert "由市供电公司受理" in listed
        _, english = await it.get(Role.AUDITOR, "/admin/calls?lang=en")
        assert "went to Power Supply Company" in english
        _, none = await it.get(Role.AUDITOR, "/admin/calls?number=1&before=x")
        assert "data-call" not in none


async def test_a_call_says_its_rule_those_before_it_and_what_the_caller_may_be_told(
    tmp_path: Path, demo_inputs: Inputs, demo_plan: Plan
) -> None:
    async with called(tmp_path, demo_inputs, demo_plan, demo_plan) as it:
        _, call = await it.get(Role.ADMIN, "/admin/calls/c1?lang=en")
        told = call.partition('data-testid="for-caller">')[2].partition("</p>")[0]
        assert "a request for help about power supply" in told
        decided = call.partition('data-testid="decided">')[2].partition("</p>")[0]
        power = demo_plan.directory.offices[demo_plan.directory.topics["power"].lead]
        assert power.name["en"] in decided
        assert "<li>" in call
        _, without = await it.get(Role.ADMIN, "/admin/calls/c2")
        assert 'data-testid="no-matter"' in without
        for words in ("was rung", "declined", "phone took the call", "lasted 60 seconds"):
            assert words in without
        _, person = await it.get(Role.ADMIN, "/admin/calls/c3")
        assert "without naming a matter" in person
        assert 'data-testid="decided"' in person
        assert (await it.get(Role.ADMIN, "/admin/calls/c9"))[0] == 404


async def test_the_draft_is_compared_over_the_calls_of_the_last_days(
    tmp_path: Path, demo_inputs: Inputs, demo_plan: Plan
) -> None:
    directory = demo_plan.directory
    less = {id_: o for id_, o in directory.offices.items() if id_ != directory.topics["power"].lead}
    gone = replace(demo_plan, directory=replace(directory, offices=less))
    async with called(tmp_path, demo_inputs, demo_plan, demo_plan) as it:
        _, same = await it.get(Role.ADMIN, "/admin/draft/compare?days=30")
        assert 'data-testid="moves"' not in same
    async with called(tmp_path / "gone", demo_inputs, demo_plan, gone) as it:
        _, page = await it.get(Role.ADMIN, "/admin/draft/compare?days=30&lang=en")
        row = page.partition('data-change="nowhere"')[2].partition("</tr>")[0]
        assert '<td class="digits">1</td>' in row
        assert '<rect width="300"' in row
        assert 'href="/admin/calls/c1"' in page
        landing = page.partition('data-testid="landings"')[2].partition("</table>")[0]
        assert landing.count("<rect") == 4
    shut = replace(directory.numbers[NUMBER], status=ListingStatus.SUSPENDED)
    numbers = {**directory.numbers, NUMBER: shut}
    suspended = replace(demo_plan, directory=replace(directory, numbers=numbers))
    async with called(tmp_path / "shut", demo_inputs, demo_plan, suspended) as it:
        _, page = await it.get(Role.ADMIN, "/admin/draft/compare?days=30&lang=en")
        row = page.partition('data-change="nowhere"')[2].partition("</tr>")[0]
        assert '<td class="digits">1</td>' in row, "its callers only hear that it is suspended"
    async with called(tmp_path / "bad", demo_inputs, demo_plan, None) as it:
        status, page = await it.get(Role.ADMIN, "/admin/draft/compare?days=9999999999999")
        assert (status, "data-change" in page) == (422, False)
        assert 'id="days-fault"' in page


async def test_a_call_of_a_past_day_is_judged_by_the_hours_of_that_day(
    tmp_path: Path, demo_inputs: Inputs, demo_plan: Plan
) -> None:
    """The plan's hours were compiled today, and yet an office was open last Friday."""
    friday = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    ruled = Ruled(demo_plan.rules, demo_plan.directory, demo_plan.open)
    over = ruled.over(friday.date(), AT.date())

    for known in (ruled, over):
        office = known.open["市水利局"]
        assert office.is_open(friday)
        assert not office.is_open(datetime(2026, 11, 21, 2, 0, tzinfo=UTC))
