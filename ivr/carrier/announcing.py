"""The webhooks of the calls that we place: what is spoken, and how it goes. Each belongs to one
call by its address and must be of that call at the carrier. The counterpart of `outgoing`."""

from collections.abc import Callable

from aiohttp import web

from ivr.carrier.fallback import ANNOUNCE_PATH, STATUS_PATH
from ivr.carrier.form import Fields
from ivr.carrier.inbound import Expecting, read_progress, read_sender, read_turn
from ivr.carrier.routes import VoiceRoutes
from ivr.carrier.twiml import Twiml, Urls
from ivr.conversation.errors import ForeignCall, UnknownCall
from ivr.flow.announcing import Heard, document
from ivr.flow.event import Pressed
from ivr.flow.instruction import Hangup
from ivr.flow.world import Plan
from ivr.ports.journal import Origin
from ivr.ports.outgoing import Outgoing, OutgoingCalls
from routing.ports import Clock


class AnnouncingRoutes:
    """Handlers beside `voice`, whose check of signature and account they share."""

    def __init__(
        self,
        voice: VoiceRoutes,
        kept: OutgoingCalls,
        plan: Callable[[], Plan],
        twiml: Twiml,
        *,
        base: str,
        clock: Clock,
    ) -> None:
        self._voice = voice
        self._kept = kept
        self._plan = plan
        self._twiml = twiml
        self._base = base
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """What to mount; the first address is told to the carrier when a call is asked for."""
        return [
            web.post(ANNOUNCE_PATH, self.announce),
            web.post(STATUS_PATH, self.status),
        ]

    async def announce(self, request: web.Request) -> web.Response:
        """What the callee hears next."""
        return await self._voice.speak(request, self._announce)

    async def status(self, request: web.Request) -> web.Response:
        """How far the call has come."""
        return await self._voice.take(request, self._status)

    async def _announce(self, request: web.Request, form: Fields) -> bytes:
        call = await self._of(request, form)
        step = int(request.match_info["step"])
        event = read_turn(form, Expecting.CHOICE) if step > 0 else None
        digits = event.digits if isinstance(event, Pressed) else None
        heard = Heard(step, digits, call.told)
        urls = Urls(f"{self._base}/voice/{call.id}/announce/{step + 1}")
        if call.said is None:  # it is over
            return self._twiml.render((Hangup(),), urls)
        if heard.wanted and step > 0:
            await self._kept.heard(call.id, self._clock.now())
        return self._twiml.render(document(self._plan(), call.said, heard), urls)

    async def _status(self, request: web.Request, form: Fields) -> None:
        progress, seconds = read_progress(form)
        call = await self._of(request, form)
        await self._kept.moved(call.id, progress, self._clock.now(), seconds)

    async def _of(self, request: web.Request, form: Fields) -> Outgoing:
        """The call of this address, if the webhook is of it."""
        call = await self._kept.find(request.match_info["call"])
        if call is None:
            raise UnknownCall("we placed no call of this id")
        sender = read_sender(form)
        origin = Origin(sender.account, sender.sid)
        known = call.sid == origin.sid
        if not known and not await self._kept.taken(call.id, origin, sure=True):
            raise ForeignCall("this webhook is of another call")
        return call
