"""Tells a configured channel of a case: the handler of `tell_channel` jobs, whose `lanes` say how
many at a time."""

from collections.abc import Awaitable, Callable, Mapping

from routing.delivery.held import has_come, held, wait_for
from routing.delivery.lanes import Hands, Lane
from routing.delivery.letter import News, is_open
from routing.delivery.notice import Notice
from routing.delivery.telling import Cases
from routing.directory import Directory
from routing.handoff import NotYet, Refused
from routing.ports import Job, OfficeCase

Door = Callable[[Notice], Awaitable[None]]
"""Has a notice delivered; raises the errors of `routing.handoff`. The same notice twice is one to
whoever heeds its id."""


class Channels:
    """`doors` are the channels of the settings, by the name that the register calls them; `page`
    gives the address of a case's page; `paces` are the seconds between two requests to those that
    want some."""

    def __init__(
        self,
        doors: Mapping[str, Door],
        cases: Cases,
        directory: Callable[[], Directory],
        page: Callable[[str], str | None],
        paces: Mapping[str, float] | None = None,
    ) -> None:
        self._doors = doors
        self._cases = cases
        self._directory = directory
        self._page = page
        hands = Hands()
        self._lanes = {name: Lane(hands, (paces or {}).get(name, 0.0)) for name in doors}

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain, NotYet (also where a replica has not yet read of the channel).
        Nothing is told where the case is another office's by now, nor words of a case that has
        become one not to write of, nor those that came with the case by this channel."""
        name = str(job.payload["channel"])
        door = self._doors.get(name)
        if door is None:
            raise NotYet(
                f"no channel is called {name} here: add it to ZHITONG_CHANNELS and restart, or "
                "correct the register"
            )
        if job.payload["news"] == News.WORDS and await self._have_come(job, name):
            return
        async with self._lanes[name].turn():
            notice = await self._notice(job)  # as the case is once its turn has come
            if _worth_telling(notice, job):
                job.went_out.append(held(notice.case, name))
                await door(notice)

    async def _have_come(self, job: Job, name: str) -> bool:
        """Whether this channel had these words with their case. Raises NotYet while that is to go:
        it follows from the first try of the case's mail."""
        notice = await self._notice(job)
        first = await self._cases.first_told(notice.case.reference, name)
        wait_for(first or await self._cases.first_told(notice.case.reference), job)
        return has_come(notice.case, notice.of, name, first)

    async def _notice(self, job: Job) -> Notice:
        case = await self._cases.case(str(job.payload["reference"]))
        if case is None:
            raise Refused("the case to tell of is not kept; look at the journal")
        directory = self._directory()
        news, of = News(str(job.payload["news"])), str(job.payload.get("of", ""))
        office = directory.offices.get(_told(case, news, job))
        if office is None:
            raise Refused("the case's office is not in the register; add it, then send again")
        # Who has lost a case may not open it any more.
        link = None if news is News.MOVED else self._page(case.reference)
        return Notice(case, office, directory, link, news, of)


def _worth_telling(notice: Notice, job: Job) -> bool:
    case, news = notice.case, notice.news
    if case.office != job.payload["office"] and news is not News.MOVED:
        return False
    return news is not News.WORDS or is_open(case)


def _told(case: OfficeCase, news: News, job: Job) -> str:
    """Whose channel it is: of a case that has moved, the office that it left."""
    return str(job.payload["office"]) if news is News.MOVED else case.office
