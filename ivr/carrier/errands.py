"""What the outbox has the carrier do: send texts, bring recordings home, tell of lost ones.
Handlers for `routing.handoff`, registered by `server.py`."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from ivr.carrier.account import CarrierRefused, CarrierUnreachable, CarrierUnsure
from ivr.carrier.client import Messages, RecordingRows
from ivr.carrier.recordings import Media, bring_home
from ivr.conversation.turns import Conversation
from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrasebook
from ivr.ports.recordings import RecordingShelf
from ivr.ports.texts import Receipts
from routing.handoff import MOST_TRIES, NotYet, Refused, TryAgain
from routing.ledger import LOOK
from routing.ports import Clock, Job
from routing.undelivered import CAME_BACK

EVER: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""A text holds a case number, PIN or number of its own: one like it was never sent before."""


@contextlib.contextmanager
def outcome() -> Iterator[None]:
    """What the carrier's answer means for a job. One that may have been carried out comes back
    too: only a text is not safe to repeat, and it is looked up then."""
    try:
        yield
    except CarrierRefused as refused:
        raise Refused(str(refused)) from refused
    except (CarrierUnreachable, CarrierUnsure) as later:
        raise TryAgain(str(later), after=timedelta(seconds=later.after)) from later


class Texts:
    """Sends a phrase as a text, from the number that was dialled, in the words of the plan that its
    call began with (`phrases`; None: today's): one in doubt is looked up by its words, which must
    not have changed meanwhile. `taken` hears of each text that the carrier took: again, where a
    server was killed before it was done with it."""

    def __init__(
        self,
        messages: Messages,
        phrases: Callable[[int | None], Awaitable[Phrasebook]],
        taken: Callable[[Job, str], Awaitable[None]],
    ) -> None:
        self._messages = messages
        self._phrases = phrases
        self._taken = taken

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain. A text that may have gone out is looked up first; one that was
        given up may be to be looked up only."""
        await self._taken(job, await self._send_once(job))

    async def _send_once(self, job: Job) -> str:
        to, sender, body = await self._written(job)
        with outcome():
            if job.attempts > 1:
                sent = await self._messages.find(to, sender, body, EVER)
                if sent is not None:
                    return sent
            if job.payload.get(LOOK):
                raise Refused("the carrier's list has no such text: a person may send it again")
            return await self._messages.send(to, sender, body, request_key(job))

    async def _written(self, job: Job) -> tuple[str, str, str]:
        payload = cast("Mapping[str, Any]", job.payload)
        slots: Mapping[str, str] = payload["slots"]
        language: Language = payload["language"]
        phrases = await self._phrases(payload.get("plan"))
        body = phrases.say(payload["phrase"], language, slots.__getitem__)
        return payload["to"], payload["from"], body


def request_key(job: Job) -> str:
    """What a carrier knows the request by. One whose text came back is another request: else the
    carrier would only say that it has that one already."""
    key, back = job.key or str(job.id), job.payload.get(CAME_BACK)
    return f"{key}:{back}" if back else key


class Fetching:
    """Brings one recording home; `then` goes on with it: words, and deletion at the carrier."""

    def __init__(
        self,
        media: Media,
        shelf: RecordingShelf,
        then: Callable[[str, Language | None], Awaitable[None]],
    ) -> None:
        self._media = media
        self._shelf = shelf
        self._then = then

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain; repeating is safe."""
        sid = str(job.payload["recording"])
        ref = await self._shelf.ref(sid)
        if ref is None:
            raise TryAgain("the carrier has not said where the recording is")
        with outcome():
            await bring_home(ref, self._media, self._shelf)
        await self._then(sid, await self._shelf.kept(sid))


class Deleting:
    """Deletes a recording at the carrier, once it is kept here. Where the carrier is asked for its
    words, which go with it, `awaited` says whether they are still to come; any other transcriber
    reads what is kept here."""

    def __init__(
        self, rows: RecordingRows, awaited: Callable[[str], Awaitable[bool]] | None = None
    ) -> None:
        self._rows = rows
        self._awaited = awaited

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain, NotYet; one that is gone already is deleted."""
        sid = str(job.payload["recording"])
        if self._awaited is not None and await self._awaited(sid):
            raise NotYet("its words are still to be asked for")
        with outcome():
            await self._rows.delete(sid)


class DeletingTexts:
    """Deletes a text at the carrier, where it would stay with number and PIN for a year. Before
    that the carrier is asked how it went, where no callback told."""

    def __init__(self, messages: Messages, receipts: Receipts, clock: Clock) -> None:
        self._messages = messages
        self._receipts = receipts
        self._clock = clock

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain; one that is gone already is deleted."""
        sid = str(job.payload["text"])
        with outcome():
            if await self._receipts.awaited(sid):
                await self._ask(sid)
            await self._messages.delete(sid)
        await self._receipts.closed(sid)

    async def _ask(self, sid: str) -> None:
        receipt = await self._messages.receipt(sid)
        if receipt is not None:
            await self._receipts.told(receipt, self._clock.now())


class Settling:
    """After the end of a call, asks the carrier for a recording whose webhooks never came."""

    def __init__(self, conversation: Conversation, rows: RecordingRows) -> None:
        self._conversation = conversation
        self._rows = rows

    async def __call__(self, job: Job) -> None:
        """Raises TryAgain. At the last try the matter is a case without its sound; Refused says
        so, and whoever asks again later finds the sound."""
        call = str(job.payload["call"])
        try:
            await self._conversation.settle(call, self._rows.of_call)
        except (CarrierRefused, CarrierUnreachable) as unknown:
            if job.tries < MOST_TRIES:
                raise TryAgain(str(unknown)) from unknown
            await self._conversation.settle(call, None)
            raise Refused(f"{unknown}; until then the matter is without its sound") from unknown
