"""The calls that we place, put together: their handlers for the outbox and their webhooks. Used by
`server.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from deployment.settings import Settings
from ivr.carrier.announcing import AnnouncingRoutes
from ivr.carrier.calls import CallRows
from ivr.carrier.outgoing import Addresses, Calling, Ending
from ivr.carrier.playing import Sounds
from ivr.carrier.profiles import profile_of
from ivr.carrier.ringing import LegAddresses, Legs, Ringing, Stopping
from ivr.carrier.rounds import RoundRoutes
from ivr.carrier.routes import VoiceRoutes
from ivr.carrier.twiml import Twiml
from ivr.conversation.stores import Plans
from ivr.conversation.turns import Conversation
from ivr.flow.world import Plan
from ivr.ports.documents import Documents
from ivr.ports.outgoing import OutgoingCalls
from ivr.ports.rounds import Rounds
from routing.handoff import Handler
from routing.ports import Clock, JobKind

RUNG: Final = frozenset({JobKind.RING, JobKind.RING_END})
"""Work that a caller waits for on the line."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored of the calls that we place, and of those among them that ring together."""

    calls: OutgoingCalls
    rounds: Rounds


@dataclass(frozen=True, slots=True)
class Outgoings:
    """Over what is kept of them."""

    settings: Settings
    plans: Plans
    kept: Kept
    clock: Clock
    sounds: Sounds | None = None

    def routes(
        self, voice: VoiceRoutes, conversation: Conversation, documents: Documents
    ) -> list[web.RouteDef]:
        """What is spoken and told of them, beside the webhooks of `voice`."""
        twiml, base = Twiml(profile_of(self.settings.carrier), self.sounds), self.settings.base
        kept, clock = self.kept, self.clock
        told = AnnouncingRoutes(voice, kept.calls, self._plan, twiml, base=base, clock=clock)
        together = RoundRoutes(
            voice, conversation, kept.rounds, kept.calls, documents=documents, clock=clock
        )
        return [*told.routes(), *together.routes()]

    def handlers(self, rows: CallRows, account: str) -> Mapping[str, Handler]:
        """Who rings, and who finds out how it ended."""
        base, overrides = self.settings.base, profile_of(self.settings.carrier).overrides
        calls, clock = self.kept.calls, self.clock
        addresses = Addresses(base, overrides)
        calling = Calling(rows, calls, self._plan, addresses, account=account, clock=clock)
        legs = Legs(
            rows,
            self.kept.rounds,
            calls,
            LegAddresses(base, overrides),
            account,
            clock,
            self.plans.current.policy.longest_talk,
        )
        return {
            JobKind.CALL: calling,
            JobKind.CALL_END: Ending(rows, calls, clock),
            JobKind.RING: Ringing(legs),
            JobKind.RING_END: Stopping(legs),
        }

    def _plan(self) -> Plan:
        return self.plans.current
