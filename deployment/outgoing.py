"""The calls that we place, put together: their handlers for the outbox and their webhooks. Used by
`server.py`."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from deployment.settings import Settings
from ivr.carrier.announcing import AnnouncingRoutes
from ivr.carrier.calls import CallRows
from ivr.carrier.outgoing import Addresses, Calling, Ending
from ivr.carrier.playing import Sounds
from ivr.carrier.profiles import profile_of
from ivr.carrier.routes import VoiceRoutes
from ivr.carrier.twiml import Twiml
from ivr.conversation.stores import Plans
from ivr.flow.world import Plan
from ivr.ports.outgoing import OutgoingCalls
from routing.handoff import Handler
from routing.ports import Clock, JobKind


@dataclass(frozen=True, slots=True)
class Outgoings:
    """Over what is kept of them."""

    settings: Settings
    plans: Plans
    kept: OutgoingCalls
    clock: Clock
    sounds: Sounds | None = None

    def routes(self, voice: VoiceRoutes) -> list[web.RouteDef]:
        """What is spoken and told of them, beside the webhooks of `voice`."""
        twiml, base = Twiml(profile_of(self.settings.carrier), self.sounds), self.settings.base
        routes = AnnouncingRoutes(voice, self.kept, self._plan, twiml, base=base, clock=self.clock)
        return routes.routes()

    def handlers(self, rows: CallRows, account: str) -> Mapping[str, Handler]:
        """Who rings, and who finds out how it ended."""
        overrides = profile_of(self.settings.carrier).overrides
        addresses = Addresses(self.settings.base, overrides)
        calling = Calling(rows, self.kept, self._plan, addresses, account=account, clock=self.clock)
        return {JobKind.CALL: calling, JobKind.CALL_END: Ending(rows, self.kept, self.clock)}

    def _plan(self) -> Plan:
        return self.plans.current
