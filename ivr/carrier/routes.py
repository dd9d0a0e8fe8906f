"""The carrier's webhooks under /voice: parse, one call, render. Every route refuses what is not
signed; any failure still speaks (design §3). The counterpart of `conversation`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import web

from ivr.carrier.deadline import Deadline
from ivr.carrier.entrance import Entrance
from ivr.carrier.fallback import LEG_PATH, TURN_PATH, XML, FallbackRoutes
from ivr.carrier.form import Fields
from ivr.carrier.inbound import (
    Expecting,
    MalformedWebhook,
    dialled_number,
    read_answer,
    read_piece,
    read_recording,
    read_sender,
    read_status,
    read_transcript,
    read_turn,
)
from ivr.carrier.profiles import Profile
from ivr.conversation.errors import (
    ConversationError,
    ForeignCall,
    ForgottenTurn,
    FutureTurn,
    UnknownCall,
)
from ivr.conversation.turns import Conversation
from ivr.conversation.whispers import LegAt
from ivr.flow.event import Pressed, Recorded
from ivr.ports.journal import Origin
from ivr.ports.recordings import Transcript
from routing.directory import Directory
from routing.numbers.reading import caller_form

LOG: Final = structlog.get_logger()
PATIENCE: Final = 2.0
"""Seconds for the database, however it hangs: then the plan speaks, before the carrier, which waits
three, asks again. A step that is committed later finds its call all the same."""
STATUS_OF: Final[Mapping[type[ConversationError], int]] = {
    UnknownCall: 404,
    ForeignCall: 403,
    FutureTurn: 409,
    ForgottenTurn: 410,
}
REFUSED: Final[tuple[type[Exception], ...]] = (*STATUS_OF, MalformedWebhook)
"""What the carrier is told; every other failure is ours, is spoken and may be tried again."""
Speaks = Callable[[web.Request, Fields], Awaitable[bytes]]
"""A document for a webhook."""


class VoiceRoutes:
    """Handlers for one account at `carrier`. `fallback` speaks where they fail."""

    def __init__(
        self,
        conversation: Conversation,
        entrance: Entrance,
        fallback: FallbackRoutes,
        *,
        carrier: Profile,
        directory: Callable[[], Directory],
    ) -> None:
        self._conversation = conversation
        self._entrance = entrance
        self._fallback = fallback
        self._carrier = carrier
        self._directory = directory
        self._deadline = Deadline(PATIENCE)
        self.apologies = 0
        """How many callers heard the plan, or an apology, instead since the process began."""

    def routes(self) -> list[web.RouteDef]:
        """What to mount; later URLs come from our own documents."""
        return [
            web.post("/voice/answer", self.answer),
            web.post("/voice/status", self.status),
            *self._fallback.routes(),
            web.post(TURN_PATH, self.turn),
            web.post(LEG_PATH, self.leg),
            web.post(TURN_PATH + "/recording", self.recording),
            web.post(TURN_PATH + "/transcript", self.transcript),
            web.post(TURN_PATH + "/transcription", self.transcription),
        ]

    async def answer(self, request: web.Request) -> web.Response:
        """A new call; idempotent by account and CallSid."""
        return await self.speak(request, self._answer, self._fallback.instead)

    async def turn(self, request: web.Request) -> web.Response:
        """The caller's leg: the action of a Gather, Record or Dial."""
        return await self.speak(request, self._turn, self._fallback.instead)

    async def leg(self, request: web.Request) -> web.Response:
        """A callee's leg: the whisper."""
        return await self.speak(request, self._leg)

    async def recording(self, request: web.Request) -> web.Response:
        """A recording is there, or is absent."""
        return await self.take(request, self._recording, self._fallback.told)

    async def transcript(self, request: web.Request) -> web.Response:
        """The carrier's words for a recording."""
        return await self.take(request, self._transcript)

    async def transcription(self, request: web.Request) -> web.Response:
        """The carrier's words while it records."""
        return await self.take(request, self._transcription)

    async def status(self, request: web.Request) -> web.Response:
        """The end of a call."""
        return await self.take(request, self._status)

    async def speak(
        self, request: web.Request, answer: Speaks, otherwise: Speaks | None = None
    ) -> web.Response:
        """A document, whatever happens: nobody hears exception text, but what speaks `otherwise`,
        or an apology."""
        form = await self._entrance.form(request)
        try:
            with self._deadline.each():
                body = await answer(request, form)
        except REFUSED as refused:
            return _refusal(refused)
        except Exception:
            LOG.exception("voice.failed", route=template(request))
            self.apologies += 1
            body = self._fallback.apology
            if otherwise is not None:
                body = await otherwise(request, form)
        return web.Response(body=body, headers=XML)

    async def take(
        self,
        request: web.Request,
        take: Callable[[web.Request, Fields], Awaitable[None]],
        otherwise: Callable[[web.Request, Fields], Awaitable[bool]] | None = None,
    ) -> web.Response:
        """A callback: nothing is spoken, a failure is a 5xx so that the carrier tries again, unless
        what it says is kept `otherwise`."""
        form = await self._entrance.form(request)
        try:
            with self._deadline.each():
                await take(request, form)
        except REFUSED as refused:
            return _refusal(refused)
        except Exception:
            LOG.exception("voice.failed", route=template(request))
            if otherwise is None or not await otherwise(request, form):
                return web.Response(status=500)
        return web.Response(status=204)

    async def _answer(self, _: web.Request, form: Fields) -> bytes:
        arrival = read_answer(form)
        directory = self._directory()
        caller = None if arrival.caller is None else caller_form(arrival.caller, directory.area)
        origin = Origin(arrival.account, arrival.sid)
        return await self._conversation.answer(origin, caller, dialled_number(arrival, directory))

    async def _turn(self, request: web.Request, form: Fields) -> bytes:
        event = read_turn(form, carrier=self._carrier)
        ref = read_recording(form) if isinstance(event, Recorded) else None
        sender = read_sender(form)
        info = request.match_info
        return await self._conversation.turn(
            info["call"], int(info["turn"]), sender.belongs_to, event, ref
        )

    async def _leg(self, request: web.Request, form: Fields) -> bytes:
        info = request.match_info
        at = LegAt(info["call"], int(info["turn"]), int(info["leg"]), int(info["following"]))
        event = read_turn(form, Expecting.CHOICE) if at.following > 0 else None
        digits = event.digits if isinstance(event, Pressed) else None
        return await self._conversation.leg(at, read_sender(form).rung_by, digits)

    async def _recording(self, request: web.Request, form: Fields) -> None:
        ref = read_recording(form)
        if ref is None:
            return
        info = request.match_info
        await self._conversation.recording(
            info["call"], int(info["turn"]), read_sender(form).belongs_to, ref
        )

    async def _transcript(self, request: web.Request, form: Fields) -> None:
        words = read_transcript(form)
        if words is None:
            return
        await self._conversation.transcript(
            request.match_info["call"],
            read_sender(form).belongs_to,
            Transcript(words.text, "carrier", None),
            words.recording,
        )

    async def _transcription(self, request: web.Request, form: Fields) -> None:
        piece = read_piece(form)
        if piece is None:
            if form.get("TranscriptionEvent") == "transcription-error":
                LOG.warning("voice.unheard", code=form.get("TranscriptionErrorCode", "")[:16])
            return
        info = request.match_info
        sender = read_sender(form)
        await self._conversation.piece(info["call"], int(info["turn"]), sender.belongs_to, piece)

    async def _status(self, _: web.Request, form: Fields) -> None:
        ending = read_status(form)
        if ending is not None:
            origin = Origin(form["AccountSid"], ending.sid)
            await self._conversation.ended(origin, ending.end, ending.seconds)


def template(request: web.Request) -> str | None:
    """The route's template, never the path, which names a call."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else None


def _refusal(refused: Exception) -> web.Response:
    status = next((code for kind, code in STATUS_OF.items() if isinstance(refused, kind)), 400)
    LOG.info("voice.refused", status=status, why=str(refused))
    return web.Response(status=status, text=f"{refused}\n")
