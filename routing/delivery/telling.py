"""Tells an office of its case: the handlers of `tell_office` and `tell_words` jobs. A mail goes at
once and never waits for words; what it lacked of them follows in the same thread. What else tells
the first post (`further`) and the ladder (`escalating`) follow from the job, however the mail
fares."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from routing.delivery.further import Further
from routing.delivery.held import has_come, held, wait_for
from routing.delivery.letter import Letter, News, is_open, letter, mailed_to, told_first
from routing.directory import Directory, Office
from routing.handoff import CASE_COMES, Refused, TryAgain
from routing.ports import FirstTold, Job, NewJob, OfficeCase, Statement


class Cases(Protocol):
    """Reads one case, what a recording says, and how a case was first told."""

    async def case(self, reference: str) -> OfficeCase | None: ...

    async def statement(self, sid: str) -> Statement | None: ...

    async def first_told(self, reference: str, channel: str = "") -> FirstTold | None:
        """By this channel, else by mail; None where no such work is known (any more)."""
        ...


Post = Callable[[Letter], Awaitable[None]]
"""Has a mail delivered; raises the errors of `routing.handoff`. The same letter twice is one mail
to whoever heeds its id."""


@dataclass(frozen=True, slots=True)
class Telling:
    """`page` gives the address of a case's page, None where there is none; `ladder` what follows
    where nobody accepts a case."""

    cases: Cases
    directory: Callable[[], Directory]
    post: Post
    page: Callable[[str], str | None]
    further: Further
    ladder: Callable[[OfficeCase], Iterable[NewJob]]

    async def of_case(self, job: Job) -> None:
        """A case, or the danger in it; nothing where it has gone to another office meanwhile, which
        has work of its own to tell it. Raises Refused where case or office is unknown, and where
        the office is not reached but by what reaches one complained about."""
        case = await self._case(job)
        job.follows.extend(self.ladder(case))  # who could not be told will not accept it either
        if job.payload.get("office", case.office) != case.office:
            return
        news = News.DANGER if job.payload.get("danger") else News.CASE
        of = str(job.payload.get("of", ""))
        self._tell_further(job, case, news, of)
        await self._mail(job, case, news, of)

    async def of_move(self, job: Job) -> None:
        """That a case has left its office, to that office. Raises Refused where case or office is
        unknown."""
        case = await self._case(job)
        office = self._office(str(job.payload["office"]))
        directory = self.directory()
        left, of = replace(case, office=office.id), str(job.payload.get("of", office.id))
        if (contact := told_first(left, directory)) is not None:
            job.follows.extend(self.further(contact, left, News.MOVED, of=of))
        if mailed_to(left, office, directory) is not None:  # else it was never told of the case
            await self.post(letter(case, office, directory, None, News.MOVED, of=of))

    async def of_copy(self, job: Job) -> None:
        """To an office which a rule has told of another's case; nothing where it has become its own
        meanwhile. Raises Refused where case or office is unknown, and where its mailbox is also
        that of an office complained about."""
        case = await self._case(job)
        office = self._office(str(job.payload["office"]))
        if case.office == office.id:
            return
        copy = letter(case, office, self.directory(), None, News.COPY)
        if not copy.to:
            raise Refused(
                "the copied office's mailbox is also that of the office complained about: take it "
                "off the rule's copies, or give it a mailbox of its own in the register"
            )
        await self.post(copy)

    async def of_words(self, job: Job) -> None:
        """The words of a recording; nothing where its case is not one to write of, nor where the
        case's own mail held them. Raises TryAgain while the recording has no case yet, NotYet while
        that mail is still to go, Refused where the office is unknown."""
        recording = str(job.payload["recording"])
        said = await self.cases.statement(recording)
        if said is None:
            return
        if said.reference is None:
            if job.tries < CASE_COMES:
                raise TryAgain("the recording whose words to tell has no case yet")
            return
        case = await self.cases.case(said.reference)
        if case is None or not is_open(case):
            return
        of = f"{recording} {job.payload['source']}"
        self._tell_further(job, case, News.WORDS, of)  # each way knows what it told
        first = await self.cases.first_told(case.reference)
        wait_for(first, job)
        to = mailed_to(case, self._office(case.office), self.directory())
        if to is None or not has_come(case, of, to, first):
            await self._mail(job, case, News.WORDS, of)

    async def _case(self, job: Job) -> OfficeCase:
        case = await self.cases.case(str(job.payload["reference"]))
        if case is None:
            raise Refused("the case to tell of is not kept; look at the journal")
        return case

    def _office(self, name: str) -> Office:
        office = self.directory().offices.get(name)
        if office is None:
            raise Refused("the case's office is not in the register; add it, then send again")
        return office

    def _tell_further(self, job: Job, case: OfficeCase, news: News, of: str) -> None:
        self._office(case.office)
        if (contact := told_first(case, self.directory())) is not None:
            job.follows.extend(self.further(contact, case, news, of=of))

    async def _mail(self, job: Job, case: OfficeCase, news: News, of: str) -> None:
        directory, office = self.directory(), self._office(case.office)
        if (to := mailed_to(case, office, directory)) is not None:
            job.went_out.append(held(case, to))
            await self.post(letter(case, office, directory, self.page(case.reference), news, of=of))
        elif told_first(case, directory) is None:
            raise Refused(
                "the office's mailbox is also that of the office complained about, so it is not "
                "told: ring it, and give it a mailbox of its own in the register"
            )
