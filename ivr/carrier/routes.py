"""The carrier's webhooks under /voice: parse, one call, render. Every route refuses what is not
signed; any failure still speaks (design §3). The counterpart of `conversation`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import web

from ivr.carrier.form import Fields, FormError, read_form, read_json
from ivr.carrier.inbound import (
    Arrival,
    Expecting,
    MalformedWebhook,
    read_answer,
    read_recording,
    read_sender,
    read_status,
    read_transcript,
    read_turn,
)
from ivr.carrier.profiles import Profile
from ivr.carrier.signature import SignatureCheck
from ivr.carrier.twiml import CONTENT_TYPE
from ivr.conversation.errors import (
    ConversationError,
    ForeignCall,
    ForgottenTurn,
    FutureTurn,
    UnknownCall,
)
from ivr.conversation.trace import WEBHOOK, Webhook
from ivr.conversation.turns import Conversation
from ivr.conversation.whispers import LegAt
from ivr.flow.event import Pressed, Recorded
from ivr.ports import Origin, Transcript
from routing.directory import Directory
from routing.numbers.reading import caller_form

LOG: Final = structlog.get_logger()
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
STATUS_OF: Final[Mapping[type[ConversationError], int]] = {
    UnknownCall: 404,
    ForeignCall: 403,
    FutureTurn: 409,
    ForgottenTurn: 410,
}
REFUSED: Final[tuple[type[Exception], ...]] = (*STATUS_OF, MalformedWebhook)
"""What the carrier is told; every other failure is ours, is spoken and may be tried again."""
XML: Final = {"Content-Type": CONTENT_TYPE}
USUAL: Final = frozenset({FORM, f"{FORM}; charset=UTF-8", f"{FORM}; charset=utf-8"})
"""What carriers send; any other Content-Type is looked at more closely."""


class VoiceRoutes:
    """Handlers for one account at `carrier`. `apology` is the fixed document of a failure,
    rendered once."""

    def __init__(
        self,
        conversation: Conversation,
        check: SignatureCheck,
        *,
        carrier: Profile,
        account: str,
        directory: Callable[[], Directory],
        apology: bytes,
    ) -> None:
        self._conversation = conversation
        self._check = check
        self._carrier = carrier
        self._account = account
        self._directory = directory
        self._apology = apology
        self.apologies = 0
        """How many callers heard it since the process began, the fallback's apart."""

    def routes(self) -> list[web.RouteDef]:
        """What to mount; later URLs come from our own documents."""
        turn = r"/voice/{call:[A-Za-z0-9_-]{8,64}}/turn/{turn:\d{1,4}}"
        return [
            web.post("/voice/answer", self.answer),
            web.post("/voice/status", self.status),
            web.post("/voice/fallback", self.fallback),
            web.post(turn, self.turn),
            web.post(turn + r"/leg/{leg:\d{1,2}}/{following:\d{1,2}}", self.leg),
            web.post(turn + "/recording", self.recording),
            web.post(turn + "/transcript", self.transcript),
        ]

    async def answer(self, request: web.Request) -> web.Response:
        """A new call; idempotent by account and CallSid."""
        return await self.speak(request, self._answer)

    async def turn(self, request: web.Request) -> web.Response:
        """The caller's leg: the action of a Gather, Record or Dial."""
        return await self.speak(request, self._turn)

    async def leg(self, request: web.Request) -> web.Response:
        """A callee's leg: the whisper."""
        return await self.speak(request, self._leg)

    async def fallback(self, request: web.Request) -> web.Response:
        """Where the carrier turns when it cannot fetch or execute a document."""
        return await self.speak(request, self._fallback)

    async def recording(self, request: web.Request) -> web.Response:
        """A recording is there, or is absent."""
        return await self.take(request, self._recording)

    async def transcript(self, request: web.Request) -> web.Response:
        """The carrier's words for a recording."""
        return await self.take(request, self._transcript)

    async def status(self, request: web.Request) -> web.Response:
        """The end of a call."""
        return await self.take(request, self._status)

    async def _signed(self, request: web.Request) -> Fields:
        """The fields of a genuine webhook of our account."""
        kind = _kind(request)
        body = await request.read()
        try:
            form = read_json(body) if kind == JSON else read_form(body)
        except FormError as wrong:
            raise web.HTTPBadRequest(text=f"{wrong}\n") from wrong
        if kind == JSON:  # of which the hash stands in the address, and that is signed
            genuine = self._check.body(request.raw_path, body, request.headers)
        else:
            genuine = self._check.form(request.raw_path, form, request.headers)
        if not genuine:
            raise web.HTTPForbidden(
                text="the signature does not match; check AUTH_TOKEN and PUBLIC_URL\n"
            )
        if form.get("AccountSid") != self._account:
            raise web.HTTPForbidden(text="this server answers for another account\n")
        told = request.match_info
        WEBHOOK.set(Webhook(told.get("call"), told.get("turn"), form.get("CallSid")))
        return form

    async def speak(
        self, request: web.Request, answer: Callable[[web.Request, Fields], Awaitable[bytes]]
    ) -> web.Response:
        """A document, whatever happens: a caller never hears exception text."""
        form = await self._signed(request)
        try:
            body = await answer(request, form)
        except REFUSED as refused:
            return _refusal(refused)
        except Exception:
            LOG.exception("voice.failed", route=template(request))
            self.apologies += 1
            body = self._apology
        return web.Response(body=body, headers=XML)

    async def take(
        self, request: web.Request, take: Callable[[web.Request, Fields], Awaitable[None]]
    ) -> web.Response:
        """A callback: nothing is spoken, a failure is a 5xx so that the carrier tries again."""
        form = await self._signed(request)
        try:
            await take(request, form)
        except REFUSED as refused:
            return _refusal(refused)
        return web.Response(status=204)

    async def _answer(self, _: web.Request, form: Fields) -> bytes:
        arrival = read_answer(form)
        directory = self._directory()
        caller = None if arrival.caller is None else caller_form(arrival.caller, directory.area)
        origin = Origin(arrival.account, arrival.sid)
        return await self._conversation.answer(origin, caller, _dialled(arrival, directory))

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

    async def _fallback(self, request: web.Request, form: Fields) -> bytes:
        LOG.warning("voice.fallback", code=str(form.get("ErrorCode", ""))[:16])
        return self._apology

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

    async def _status(self, _: web.Request, form: Fields) -> None:
        ending = read_status(form)
        if ending is not None:
            origin = Origin(self._account, ending.sid)
            await self._conversation.ended(origin, ending.end, ending.seconds)


def template(request: web.Request) -> str | None:
    """The route's template, never the path, which names a call."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else None


def _kind(request: web.Request) -> str:
    """Form or JSON. Refuses, unread, what is neither, or not UTF-8 text: 64 kB of punycode take a
    second to decode."""
    sent = request.headers.get("Content-Type", "")
    if sent in USUAL:
        return FORM
    if (request.charset or "utf-8").lower() != "utf-8":
        raise web.HTTPBadRequest(text="the fields must be UTF-8 text\n")
    for kind in (FORM, JSON):
        if sent.startswith(kind):
            return kind
    raise web.HTTPUnsupportedMediaType(text=f"send the fields as {FORM} or {JSON}\n")


def _dialled(arrival: Arrival, directory: Directory) -> str:
    """The number that was printed: where it is diverted to another of ours, the carrier may say
    from which (hotline §2.3); else the one that it rang."""
    if arrival.forwarded_from is not None:
        diverting = caller_form(arrival.forwarded_from, directory.area)
        if diverting in directory.numbers:
            return diverting
    return caller_form(arrival.dialled, directory.area)


def _refusal(refused: Exception) -> web.Response:
    status = next((code for kind, code in STATUS_OF.items() if isinstance(refused, kind)), 400)
    LOG.info("voice.refused", status=status, why=str(refused))
    return web.Response(status=status, text=f"{refused}\n")
