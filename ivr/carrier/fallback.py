"""The plan's webhooks under /voice/fallback, and what speaks where another route failed: nothing
here asks the database. The counterpart of `conversation.outage` (design §3, Fallback)."""

import re
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web

from ivr.carrier.entrance import Entrance
from ivr.carrier.form import Fields
from ivr.carrier.inbound import (
    MalformedWebhook,
    dialled_number,
    read_answer,
    read_recording,
    read_sender,
    read_turn,
)
from ivr.carrier.profiles import Profile
from ivr.carrier.tone import tone_route
from ivr.carrier.twiml import CONTENT_TYPE, LEAVE, TAGS
from ivr.conversation.outage import Caller, Outage
from ivr.flow.call import Call
from ivr.flow.event import LineEvent, Recorded, Silence
from ivr.flow.fallback import Line, Place, Step
from ivr.flow.instruction import Language, Record
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from routing.directory import Directory
from routing.numbers.reading import caller_form

LOG: Final = structlog.get_logger()
XML: Final = {"Content-Type": CONTENT_TYPE}
LANGUAGES: Final[dict[str, Language]] = {tag: language for language, tag in TAGS.items()}
CALL_PATH: Final = "/voice/{call:[A-Za-z0-9_-]{8,64}}"
TURN_PATH: Final = CALL_PATH + r"/turn/{turn:\d{1,4}}"
ANNOUNCE_PATH: Final = CALL_PATH + r"/announce/{step:\d{1,2}}"
STATUS_PATH: Final = CALL_PATH + "/status"
RING_PATH: Final = CALL_PATH + r"/ring/{step:\d{1,2}}"
WAIT_PATH: Final = TURN_PATH + "/wait"
TEXT_STATUS_PATH: Final = "/voice/text/status"
"""No call's: their ids are longer."""
LEG_PATH: Final = TURN_PATH + r"/leg/{leg:\d{1,2}}/{following:\d{1,2}}"
TURN: Final = re.compile(r"/voice/([A-Za-z0-9_-]{8,64})/turn/(\d{1,4})")
"""The end of the address of a turn whose document could not be had, as ErrorUrl names it."""
MAYBE_SILENCE: Final = (Record().silence, Record().silence + 1)
"""Seconds of a recording that may hold nothing but the silence which ended it."""
STEPS: Final = f"/voice/fallback/{{language:{'|'.join(LANGUAGES)}}}/{{after:{'|'.join(Step)}}}"


class FallbackRoutes:
    """Handlers for one account at `carrier`. `remembered` is what memory knows of a call;
    `apology` is what is left where even the plan fails."""

    def __init__(
        self,
        outage: Outage,
        entrance: Entrance,
        *,
        carrier: Profile,
        directory: Callable[[], Directory],
        remembered: Callable[[str], Call | None],
        apology: bytes,
    ) -> None:
        self._outage = outage
        self._entrance = entrance
        self._carrier = carrier
        self._directory = directory
        self._remembered = remembered
        self.apology = apology

    def routes(self) -> list[web.RouteDef]:
        """What to mount. An address says a language and a step, nothing of the call."""
        return [
            web.post("/voice/fallback", self.opening),
            web.post(STEPS, self.following),
            web.post(STEPS + "/recording", self.recording),
        ]

    def alone(self) -> list[web.RouteDef]:
        """What to mount where there is no database at all: the plan speaks to every caller, and
        what it cannot keep comes again."""
        return [
            *self.routes(),
            web.post("/voice/answer", self.speaking),
            web.post(TURN_PATH, self.speaking),
            web.post(LEG_PATH, self.declining),
            web.post(TURN_PATH + "/recording", self.recording),
            web.post(TURN_PATH + "/transcript", self.later),
            web.post(TURN_PATH + "/transcription", self.later),
            web.post("/voice/status", self.later),
            web.post(WAIT_PATH, self.leaving),
            web.post(ANNOUNCE_PATH, self.declining),
            web.post(RING_PATH, self.declining),
            tone_route(),
            web.post(STATUS_PATH, self.later),
            web.post(TEXT_STATUS_PATH, self.later),
        ]

    async def speaking(self, request: web.Request) -> web.Response:
        """In place of a call's first document, or of a turn's."""
        return _spoken(await self.instead(request, await self._entrance.form(request)))

    async def declining(self, request: web.Request) -> web.Response:
        """A callee, or whom we have rung, is told; nobody is bridged."""
        await self._entrance.form(request)
        return _spoken(self.apology)

    async def leaving(self, request: web.Request) -> web.Response:
        """Who waits while phones ring waits for nobody: none of those could accept."""
        await self._entrance.form(request)
        return _spoken(LEAVE)

    async def later(self, request: web.Request) -> web.Response:
        """A callback that only the database can take."""
        await self._entrance.form(request)
        return web.Response(status=503)

    async def opening(self, request: web.Request) -> web.Response:
        """Where the carrier turns when it cannot fetch or execute a document."""
        form = await self._entrance.form(request)
        LOG.warning("voice.fallback", code=str(form.get("ErrorCode", ""))[:16])
        if form.get("Direction") == "outbound-api":  # whom we have rung leaves us no message
            return _spoken(self.apology)
        failed = TURN.search(form.get("ErrorUrl", ""))
        at = None if failed is None else (failed[1], int(failed[2]))
        return _spoken(await self._answer(form, at))

    async def following(self, request: web.Request) -> web.Response:
        """What follows within the plan."""
        form = await self._entrance.form(request)
        info = request.match_info
        place = Place(LANGUAGES[info["language"]], Step(info["after"]))
        try:
            event, ref = self._event(form)
            body = await self._outage.following(self._caller(form, None), place, event, ref)
        except Exception:
            LOG.exception("fallback.failed", step=place.step)
            body = self.apology
        return _spoken(body)

    async def recording(self, request: web.Request) -> web.Response:
        """A recording is there: kept, in case its action never comes."""
        form = await self._entrance.form(request)
        try:
            kept = await self._told(form, _turn_of(request))
        except MalformedWebhook as refused:
            raise web.HTTPBadRequest(text=f"{refused}\n") from refused
        return web.Response(status=204 if kept else 503)

    async def instead(self, request: web.Request, form: Fields) -> bytes:
        """What is spoken to a caller where another route failed."""
        return await self._answer(form, _turn_of(request))

    async def told(self, request: web.Request, form: Fields) -> bool:
        """Whether the carrier's word of a recording, which the database could not take, is kept."""
        return await self._told(form, _turn_of(request))

    async def _answer(self, form: Fields, at: tuple[str, int] | None) -> bytes:
        try:
            if read_sender(form).parent is not None:
                return self.apology
            event, ref = self._event(form)
            return await self._outage.answer(self._caller(form, at), event, ref)
        except Exception:
            LOG.exception("fallback.failed")
            return self.apology

    async def _told(self, form: Fields, at: tuple[str, int] | None) -> bool:
        """Nothing is lost with one that may be silence: the Record action knows, and the carrier's
        list has it."""
        ref = read_recording(form)
        if ref is None:
            return True
        caller = self._caller(form, at)
        if ref.seconds in (0, *MAYBE_SILENCE):
            return at is None
        return await self._outage.told(caller, ref)

    def _event(self, form: Fields) -> tuple[LineEvent, RecordingRef | None]:
        """What happened; what cannot be read is no event, and the plan goes on."""
        try:
            event = read_turn(form, carrier=self._carrier)
            return event, read_recording(form) if isinstance(event, Recorded) else None
        except MalformedWebhook as wrong:
            LOG.info("fallback.unreadable", why=str(wrong))
            return Silence(), None

    def _caller(self, form: Fields, at: tuple[str, int] | None) -> Caller:
        """From the webhook itself, and what memory knows of a call that it names."""
        arrival, directory = read_answer(form), self._directory()
        call = None if at is None else self._remembered(at[0])
        shown = None if arrival.caller is None else caller_form(arrival.caller, directory.area)
        dialled = dialled_number(arrival, directory) if arrival.dialled else ""
        line = Line(dialled, shown)
        if call is not None and not arrival.dialled:
            line = Line(call.dialled, call.caller)
        language = None if call is None else call.language
        return Caller(Origin(arrival.account, arrival.sid), line, language, at)


def _turn_of(request: web.Request) -> tuple[str, int] | None:
    info = request.match_info
    return (info["call"], int(info["turn"])) if "turn" in info else None


def _spoken(body: bytes) -> web.Response:
    return web.Response(body=body, headers=XML)
