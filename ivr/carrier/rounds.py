"""The webhooks of phones that ring together: what the caller hears who waits, and what those are
asked who take one up. The counterpart of `ringing`, which rings; how far a leg has come is told to
`announcing`, as of every call that we place."""

from typing import Final

from aiohttp import web

from ivr.carrier.fallback import RING_PATH, WAIT_PATH
from ivr.carrier.form import Fields
from ivr.carrier.inbound import Expecting, read_joined, read_sender, read_turn
from ivr.carrier.routes import VoiceRoutes
from ivr.carrier.text import whole_seconds
from ivr.carrier.tone import tone_route
from ivr.conversation.errors import ForeignCall, UnknownCall
from ivr.conversation.rounds import ANSWERED, JOINED, OFFERED
from ivr.conversation.turns import Conversation
from ivr.flow.event import Pressed
from ivr.flow.instruction import Leave, Tone
from ivr.ports.documents import Documents
from ivr.ports.journal import Origin
from ivr.ports.outgoing import OutgoingCalls
from ivr.ports.rounds import Rounds, RungLeg
from routing.ports import Clock

LONGEST_WAIT: Final = 120
"""Seconds after which a caller waits no longer whose round cannot be asked about: longer than any
round lasts while the database answers."""


class RoundRoutes:
    """Handlers beside `voice`, whose check of signature and account they share."""

    def __init__(
        self,
        voice: VoiceRoutes,
        conversation: Conversation,
        rounds: Rounds,
        kept: OutgoingCalls,
        *,
        documents: Documents,
        clock: Clock,
    ) -> None:
        self._voice = voice
        self._conversation = conversation
        self._rounds = rounds
        self._kept = kept
        self._documents = documents
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            web.post(WAIT_PATH, self.wait),
            web.post(RING_PATH, self.ring),
            tone_route(),
        ]

    async def wait(self, request: web.Request) -> web.Response:
        """What the caller hears next who waits."""
        return await self._voice.speak(request, self._wait, self._wait_blindly)

    async def ring(self, request: web.Request) -> web.Response:
        """What a callee hears next."""
        return await self._voice.speak(request, self._ring)

    async def _wait(self, request: web.Request, form: Fields) -> bytes:
        info, sender = request.match_info, read_sender(form)
        return await self._conversation.wait(info["call"], int(info["turn"]), sender.belongs_to)

    async def _wait_blindly(self, request: web.Request, form: Fields) -> bytes:
        """Without the database the phones ring on, and the caller waits on, for a while."""
        info = request.match_info
        waited = whole_seconds(form.get("QueueTime"))
        on = waited is not None and waited < LONGEST_WAIT
        say = (Tone() if on else Leave(),)
        return self._documents.waiting(say, info["call"], int(info["turn"]))

    async def _ring(self, request: web.Request, form: Fields) -> bytes:
        leg, step = await self._of(request, form), int(request.match_info["step"])
        if step == OFFERED:
            await self._kept.heard(leg.id, self._clock.now())
        event = read_turn(form, Expecting.CHOICE) if step == ANSWERED else None
        digits = event.digits if isinstance(event, Pressed) else None
        joined = step >= JOINED and read_joined(form)
        return await self._conversation.rung(leg, step, digits, joined=joined)

    async def _of(self, request: web.Request, form: Fields) -> RungLeg:
        """The leg of this address, if the webhook is of it."""
        leg = await self._rounds.leg(request.match_info["call"])
        if leg is None:
            raise UnknownCall("we rang nobody at this address")
        sender = read_sender(form)
        origin = Origin(sender.account, sender.sid)
        known = leg.sid == origin.sid
        if not known and not await self._kept.taken(leg.id, origin, sure=True):
            raise ForeignCall("this webhook is of another call")
        return leg
