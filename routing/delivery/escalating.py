"""Climbs the ladder of a case that nobody accepts: the next one is told when the time of the one
before has passed, until somebody accepts; where nobody is left to be told, those who run the line
hear of it. The handler of `escalate` jobs; `routing.cases.ladder` says whom and when."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from routing.cases.case import CaseState
from routing.cases.ladder import TOP, above, accused, due
from routing.delivery.further import Further
from routing.delivery.letter import News, letter, rung_of, told_first
from routing.delivery.telling import Cases, Post
from routing.directory import Directory
from routing.handoff import Refused
from routing.hours import OpenIntervals
from routing.ports import Clock, Job, JobKind, NewJob, OfficeCase
from routing.register import Contact


@dataclass(frozen=True, slots=True)
class Town:
    """Today's register and the working time of its offices, by id."""

    directory: Directory
    open: Callable[[str], OpenIntervals | None]


@dataclass(frozen=True, slots=True)
class Escalating:
    """`page` gives the address of a case's page."""

    cases: Cases
    town: Callable[[], Town]
    post: Post
    page: Callable[[str], str | None]
    clock: Clock
    further: Further

    def begin(self, case: OfficeCase) -> Iterator[NewJob]:
        """The first step, once its office is told; repeats change nothing, but danger that is found
        later brings it forward. Nothing for a case that was accepted or has ended."""
        if _waits(case):
            told = told_first(case, self.town().directory)
            yield self._after(case, 1 if told is None else told.order)

    async def of_rung(self, job: Job) -> None:
        """Tell the next one; the one beyond follows, also where this one could not be told. Nothing
        for a case that was accepted or has ended, nor for one in which, by the time that was given
        for it, nobody has heard a word. Raises Refused where nobody is left, and where
        this one cannot be told."""
        case = await self.cases.case(str(job.payload["reference"]))
        if case is None or not _waits(case) or case.perhaps_nothing:
            return
        rung = int(str(job.payload["rung"]))
        contact = None if rung >= TOP else self._above(case, rung - 1)
        if contact is None:
            raise Refused(
                "nobody has accepted this case, and everybody on its office's ladder was told: "
                "ring the office"
            )
        job.follows.append(self._after(case, contact.order))
        await self._tell(job, case, contact)

    def _above(self, case: OfficeCase, rung: int) -> Contact | None:
        directory = self.town().directory
        about = accused(directory, case.dialled, case.topic, case.kind, case.about)
        return above(directory, case.office, about, rung)

    def _after(self, case: OfficeCase, rung: int) -> NewJob:
        """The telling of the next above `rung`, once its time has passed: each once a case, so that
        a kill loses none and none comes twice."""
        contact = self._above(case, rung)
        intervals = self.town().open(case.office) or OpenIntervals((), self.clock.now())
        at = due(self.clock.now(), contact, intervals, danger=case.danger)
        order = TOP if contact is None else contact.order
        payload = {"reference": case.reference, "office": case.office, "rung": order}
        key = f"escalate:{case.reference}:{order}"
        return NewJob(JobKind.ESCALATE, payload, key, at, case.reference, sooner=case.danger)

    async def _tell(self, job: Job, case: OfficeCase, contact: Contact) -> None:
        directory = self.town().directory
        office = directory.offices.get(case.office)
        if office is None:
            raise Refused("the case's office is not in the register; add it, then send again")
        of = rung_of(contact.order)
        job.follows.extend(self.further(contact, case, News.ESCALATED, of=of))
        if contact.email:
            told = letter(case, office, directory, self.page(case.reference), News.ESCALATED, of=of)
            await self.post(replace(told, to=contact.email))


def _waits(case: OfficeCase) -> bool:
    """Whether it still has to be accepted."""
    return case.state is CaseState.DISPATCHED
