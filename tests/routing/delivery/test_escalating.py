"""Nobody accepts a case: the next one is told, and the next, until somebody does or nobody is
left, which is loud."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from ivr.flow.world import Plan
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.ladder import DANGER_WAIT, TOP
from routing.delivery.escalating import Escalating, Town
from routing.delivery.further import Further
from routing.delivery.letter import Letter
from routing.handoff import Refused
from routing.ports import Job, JobKind, NewJob, OfficeCase
from routing.register import Contact
from tests.routing.delivery.office import CASE, NOW, RECORDING, Cases, StoppedClock

CALM = replace(CASE, danger=False)
POLICE = CASE.office


@dataclass
class Tower:
    """A ladder that a test climbs."""

    plan: Plan
    case: OfficeCase
    posted: list[Letter] = field(default_factory=list)
    follows: list[NewJob] = field(default_factory=list)
    refuses: Exception | None = None

    @property
    def arranged(self) -> dict[object, datetime]:
        """When which rung is told, as rows of an outbox would have it."""
        told = dict[object, datetime]()
        for job in self.follows:
            if job.kind is JobKind.ESCALATE:
                rung = job.payload["rung"]
                known = told.setdefault(rung, job.at)
                told[rung] = min(known, job.at) if job.sooner else known
        return told

    @property
    def ways(self) -> list[NewJob]:
        """How else posts are told."""
        return [job for job in self.follows if job.kind is not JobKind.ESCALATE]

    def climbing(self) -> Escalating:
        async def post(letter: Letter) -> None:
            if self.refuses is not None:
                raise self.refuses
            self.posted.append(letter)

        town = Town(self.plan.directory, self.plan.open.get)
        page = "/desk/cases/{}".format
        further = Further(lambda *_: "text", StoppedClock())
        return Escalating(Cases(self.case), lambda: town, post, page, StoppedClock(), further)

    def begin(self) -> None:
        self.follows.extend(self.climbing().begin(self.case))

    async def rung(self, order: int, attempts: int = 1) -> None:
        payload = {"reference": self.case.reference, "office": self.case.office, "rung": order}
        job = Job(1, "escalate", payload, attempts)
        try:
            await self.climbing().of_rung(job)
        finally:
            self.follows.extend(job.follows)


def test_the_ladder_begins_once_its_office_is_told(demo_plan: Plan) -> None:
    tower = Tower(demo_plan, CALM)
    for _ in range(2):
        tower.begin()

    assert tower.arranged == {2: NOW + timedelta(minutes=60)}, "an hour of working time"
    assert {job.key for job in tower.follows} == {"escalate:46270395:2"}


async def test_the_next_one_is_told_and_the_one_beyond_is_arranged(demo_plan: Plan) -> None:
    tower = Tower(demo_plan, CALM)
    await tower.rung(2)

    (mail,) = tower.posted
    assert mail.to == "head07@yunling.example"
    assert mail.subject == "【督办】工单 4627 0395 · 逾期未签收 · Escalated: not accepted in time"
    assert mail.text.startswith("这件工单逾期未签收")
    assert "Nobody has accepted this case in time" in mail.text
    assert mail.thread == "case-46270395"
    assert [*tower.arranged] == [3]


async def test_a_repeat_after_a_kill_is_the_same_mail(demo_plan: Plan) -> None:
    tower = Tower(demo_plan, CALM)
    await tower.rung(2)
    await tower.rung(2, attempts=2)
    await tower.rung(3)

    assert tower.posted[0] == tower.posted[1]
    assert tower.posted[2].id != tower.posted[0].id, "the next rung's is another"
    assert tower.arranged.keys() == {3, TOP}


async def test_one_who_cannot_be_told_does_not_end_the_ladder(demo_plan: Plan) -> None:
    tower = Tower(demo_plan, CALM, refuses=Refused("no such mailbox"))
    with pytest.raises(Refused, match="no such mailbox"):
        await tower.rung(2)

    assert [*tower.arranged] == [3]


async def test_a_rung_is_told_by_each_of_its_ways_also_without_a_mailbox(demo_plan: Plan) -> None:
    duty = Contact(2, {"zh-CN": "值班", "en": "Duty"}, None, "+8613900000001", "wecom", 60)
    contacts = {**demo_plan.directory.contacts, POLICE: (duty,)}
    directory = replace(demo_plan.directory, contacts=contacts)
    tower = Tower(replace(demo_plan, directory=directory), CALM)
    for _ in range(2):
        await tower.rung(2)

    channel, text = tower.ways[:2]
    assert [job.key for job in tower.ways[2:]] == [channel.key, text.key]
    assert (channel.kind, channel.payload["channel"]) == (JobKind.TELL_CHANNEL, "wecom")
    assert (text.kind, text.payload["to"]) == (JobKind.TEXT_OFFICE, "+8613900000001")
    assert channel.payload["news"] == text.payload["news"] == "escalated"
    assert tower.posted == []


async def test_a_rung_whose_mail_fails_is_told_by_its_other_ways(demo_plan: Plan) -> None:
    tower = Tower(demo_plan, CALM, refuses=Refused("no such mailbox"))
    with pytest.raises(Refused):
        await tower.rung(2)

    assert [job.kind for job in tower.ways] == [JobKind.TEXT_OFFICE]


@pytest.mark.parametrize("rung", [TOP, 4])
async def test_where_nobody_is_left_it_is_loud(demo_plan: Plan, rung: int) -> None:
    tower = Tower(demo_plan, CALM)
    with pytest.raises(Refused, match="nobody has accepted"):
        await tower.rung(rung)

    assert tower.posted == []


@pytest.mark.parametrize(
    "state", [CaseState.IN_PROGRESS, CaseState.WITHDRAWN, CaseState.CLOSED, CaseState.MERGED]
)
async def test_what_was_accepted_or_has_ended_is_told_nobody(
    demo_plan: Plan, state: CaseState
) -> None:
    tower = Tower(demo_plan, replace(CALM, state=state))
    await tower.rung(2)
    await tower.rung(TOP)
    tower.begin()

    assert (tower.posted, tower.follows) == ([], [])


async def test_where_perhaps_nothing_was_said_nobody_further_up_is_told(demo_plan: Plan) -> None:
    """Unless there is danger, or words have come meanwhile."""
    empty = replace(CALM, recordings=(replace(RECORDING, seconds=1, words=()),))
    spoken = replace(CALM, recordings=(replace(RECORDING, seconds=1),))
    for case, climbs in ((empty, False), (replace(empty, danger=True), True), (spoken, True)):
        tower = Tower(demo_plan, case)
        await tower.rung(2)

        assert bool(tower.posted) is climbs
        assert bool(tower.arranged) is climbs


async def test_danger_goes_by_the_clock_and_brings_the_next_step_forward(demo_plan: Plan) -> None:
    tower = Tower(demo_plan, CALM)
    tower.begin()
    tower.case = CASE
    tower.begin()

    assert tower.arranged == {2: NOW + DANGER_WAIT}
    await tower.rung(2)
    assert "【督办】【危险】" in tower.posted[0].subject


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
async def test_of_a_caller_who_is_not_to_be_known_it_says_only_which_case(
    demo_plan: Plan, level: Confidentiality
) -> None:
    sealed = replace(CALM, confidentiality=level, kind=Kind.REPORT, recordings=(RECORDING,))
    tower = Tower(demo_plan, sealed)
    await tower.rung(2)

    whole = tower.posted[0].subject + tower.posted[0].text + tower.posted[0].html
    for secret in ("举报", "report", "治安", "路灯", "…12", "2026-11-30"):
        assert secret not in whole


async def test_a_complaint_never_climbs_to_whom_it_is_about(demo_plan: Plan) -> None:
    """The dialled number is the water office's; its head would be the next."""
    directory = demo_plan.directory
    dialled = next(e.e164 for e in directory.numbers.values() if e.office == "市水利局")
    head = Contact(2, {"zh-CN": "负责人", "en": "Head"}, "head16@yunling.example", None, None, 60)
    ladder: Sequence[Contact] = (directory.contacts["市政府"][0], head)
    changed = replace(directory, contacts={**directory.contacts, "市政府": tuple(ladder)})
    about = replace(
        CALM, office="市政府", dialled=dialled, kind=Kind.COMPLAINT, about=About.THIS_OFFICE
    )
    tower = Tower(replace(demo_plan, directory=changed), about)
    tower.begin()

    assert [*tower.arranged] == [TOP]
    with pytest.raises(Refused, match="nobody has accepted"):
        await tower.rung(2)
    assert tower.posted == []
