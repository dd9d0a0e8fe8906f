"""What speaks when all else fails, put together: the plan's words, its spool in DATA_DIR, its
webhooks; and what makes cases of the spool afterwards. Used by `server.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from deployment.carrier import Rest, carrier_of, tokens
from deployment.settings import Secrets, Settings
from deployment.voices import bank_of, played
from ivr.carrier.entrance import Entrance
from ivr.carrier.fallback import FallbackRoutes
from ivr.carrier.local.bank import Bank
from ivr.carrier.profiles import profile_of
from ivr.carrier.signature import SignatureCheck
from ivr.carrier.twiml import Twiml, TwimlDocuments, Urls
from ivr.conversation.matters import Matters
from ivr.conversation.messages import Messages
from ivr.conversation.outage import Outage
from ivr.conversation.recovery import Carrier, Recovery
from ivr.conversation.stores import Plans, Stores
from ivr.flow.call import Call
from ivr.flow.fallback import BOTH
from ivr.flow.instruction import Hangup, Say
from ivr.flow.phrasebook import Phrasebook
from routing.ports import Clock
from storage.sealing import Sealing
from storage.spool import FileSpool

RECOVER_EVERY: Final = 5.0
"""Seconds between two rounds of recovery: an idle one lists a folder."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """The parts that need no database."""

    settings: Settings
    plans: Plans
    clock: Clock
    sealing: Sealing
    documents: TwimlDocuments
    bank: Bank
    entrance: Entrance
    spool: FileSpool
    outage: Outage

    def routes(self, remembered: Callable[[str], Call | None]) -> FallbackRoutes:
        """The plan's webhooks, which also stand in for the others'."""
        plans = self.plans
        return FallbackRoutes(
            self.outage,
            self.entrance,
            carrier=profile_of(self.settings.carrier),
            directory=lambda: plans.current.directory,
            remembered=remembered,
            apology=apology(self.settings, plans.current.phrases),
        )

    def recovery(self, stores: Stores, rest: Rest, new_id: Callable[[], str]) -> Recovery:
        """What drains the spool once the database is there."""
        plans, clock, draw = self.plans, self.clock, self.sealing.draw
        return Recovery(
            plans=plans,
            stores=stores,
            spool=self.spool,
            outage=self.outage,
            matters=Matters(plans, stores, clock, draw),
            messages=Messages(plans, stores, self.documents, clock, draw=draw, new_id=new_id),
            carrier=Carrier(rest.account.sid, rest.calls, rest.recordings, rest.recordings.delete),
            clock=clock,
        )


def fallback_of(settings: Settings, keys: Secrets, clock: Clock, plans: Plans) -> Fallback:
    """The plan that is published, ready to speak."""
    carrier, sealing = carrier_of(settings), Sealing(keys.key)
    bank = bank_of(settings, plans.current.phrases)
    documents = TwimlDocuments(carrier, settings.base, played(settings, bank), bank)
    spool = FileSpool(settings.data_dir / "spool", sealing, clock.now)
    check = SignatureCheck(settings.base, tokens(keys), carrier.signature)
    return Fallback(
        settings=settings,
        plans=plans,
        clock=clock,
        sealing=sealing,
        documents=documents,
        bank=bank,
        entrance=Entrance(check, keys.account),
        spool=spool,
        outage=Outage(plans, spool, documents, clock),
    )


def apology(settings: Settings, phrases: Phrasebook) -> bytes:
    """What a caller hears where even the plan fails: fixed, in both languages."""
    words = tuple(Say(phrases.say("trouble.plain", each, str), each) for each in BOTH)
    twiml = Twiml(profile_of(settings.carrier))
    return twiml.render((*words, Hangup()), Urls(f"{settings.base}/voice"))
