"""A case of the demonstration city, and what tells its office of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import Kind
from routing.cases.words import Words
from routing.delivery.letter import Letter
from routing.ports import Audio, FirstTold, KeptRecording, OfficeCase, Statement

NOW: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SAID: Final = "楼下的路灯 <坏> 了\n三天没人修"
RECORDING: Final = KeptRecording("RE1", 12, Audio.KEPT, (Words(SAID, "carrier"),))
CASE: Final = OfficeCase(
    reference="46270395",
    office="市公安局",
    dialled="+865580000021",
    kind=Kind.HELP,
    about=None,
    topic="safety",
    state=CaseState.DISPATCHED,
    confidentiality=Confidentiality.NAMED,
    danger=True,
    language="zh-CN",
    caller="…12",
    opened_at=NOW,
    due=datetime(2026, 11, 30, 9, 30, tzinfo=UTC),
)
LETTER: Final = Letter(
    id="danger-46270395",
    thread="case-46270395",
    to="office07@yunling.example",
    subject="【危险】工单 4627 0395 · 录音中提到危险 · Danger in a recording",
    text="请马上听录音。\nPlease listen at once.\n",
    html="<p>请马上听录音。</p>\n",
)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


class Cases:
    """Cases, and recordings with words: those of a case, and of none yet. `first` is how each case
    was first told, by channel and by mail ("")."""

    def __init__(
        self, *cases: OfficeCase, waiting: str = "", first: Mapping[str, FirstTold] | None = None
    ) -> None:
        self._cases = {case.reference: case for case in cases}
        self._waiting = waiting
        self._first = first or {}

    async def case(self, reference: str) -> OfficeCase | None:
        return self._cases.get(reference)

    async def statement(self, sid: str) -> Statement | None:
        if sid == self._waiting:
            return Statement(None, (SAID,))
        for case in self._cases.values():
            for sound in case.recordings:
                if sound.sid == sid:
                    return Statement(case.reference, tuple(words.text for words in sound.words))
        return None

    async def first_told(self, reference: str, channel: str = "") -> FirstTold | None:
        return self._first.get(channel)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[int]:
    """The port of a server that talks as it likes, for as long as its caller stays."""
    at_work: set[asyncio.Task[None] | None] = set()

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(each, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(task for task in at_work if task))
