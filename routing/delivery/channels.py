"""Tells a configured channel of a case: the handler of `tell_channel` jobs. Each channel has a few
hands of its own, so that one that hangs leaves the outbox's others free."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from routing.delivery.letter import News, is_open
from routing.delivery.notice import Notice
from routing.delivery.telling import Cases
from routing.directory import Directory
from routing.handoff import NotYet, Refused
from routing.ports import Job, OfficeCase

AT_ONCE: Final = 2
"""Requests to one channel."""
ALL_AT_ONCE: Final = 6
"""Requests to all of them; the outbox has 16 hands, and mails wait for none of these."""
CROWDED: Final = timedelta(seconds=10)

Door = Callable[[Notice], Awaitable[None]]
"""Has a notice delivered; raises the errors of `routing.handoff`. The same notice twice is one to
whoever heeds its id."""


class Channels:
    """`doors` are the channels of the settings, by the name that the register calls them; `page`
    gives the address of an office's page, None where there is none."""

    def __init__(
        self,
        doors: Mapping[str, Door],
        cases: Cases,
        directory: Callable[[], Directory],
        page: Callable[[str], str | None],
    ) -> None:
        self._doors = doors
        self._cases = cases
        self._directory = directory
        self._page = page
        self._all = asyncio.Semaphore(ALL_AT_ONCE)
        self._hands = {name: asyncio.Semaphore(AT_ONCE) for name in doors}

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain, NotYet (also where a replica has not yet read of the channel).
        Nothing is told where the case is another office's by now, nor words of a case that has
        become one not to write of."""
        name = str(job.payload["channel"])
        door = self._doors.get(name)
        if door is None:
            raise NotYet(
                f"no channel is called {name} here: add it to ZHITONG_CHANNELS and restart, or "
                "correct the register"
            )
        notice = await self._notice(job)
        if notice.case.office != job.payload["office"] and notice.news is not News.MOVED:
            return
        if notice.news is News.WORDS and not is_open(notice.case):
            return
        async with self._turn(name):
            await door(notice)

    async def _notice(self, job: Job) -> Notice:
        case = await self._cases.case(str(job.payload["reference"]))
        if case is None:
            raise Refused("the case to tell of is not kept; look at the journal")
        directory = self._directory()
        news, of = News(str(job.payload["news"])), str(job.payload.get("of", ""))
        office = directory.offices.get(_told(case, news, job))
        if office is None:
            raise Refused("the case's office is not in the register; add it, then send again")
        return Notice(case, office, directory, self._page(office.id), news, of)

    @contextlib.asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        """A hand, or none: a queue of what waits is the outbox."""
        if self._hands[name].locked() or self._all.locked():
            raise NotYet("the channel is slow and others are before", after=CROWDED)
        async with self._hands[name], self._all:
            yield


def _told(case: OfficeCase, news: News, job: Job) -> str:
    """Whose channel it is: of a case that has moved, the office that it left."""
    return str(job.payload["office"]) if news is News.MOVED else case.office
