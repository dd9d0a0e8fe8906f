"""The ledger's sweep, put together for this server. The counterpart of `ivr.carrier.sweep`."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta

from deployment.carrier import Rest
from ivr.carrier.sweep import Bounds, Doors, Sweep
from ivr.conversation.turns import Conversation
from ivr.flow.world import Plan
from ivr.ports.calls import Calls
from routing.numbers.reading import caller_form
from routing.ports import Clock
from storage.engine import Database
from storage.leases import StoredLeases
from storage.ledger import StoredLedger


def sweep_of(
    rest: Rest,
    database: Database,
    conversation: Conversation,
    plan: Callable[[], Plan],
    *,
    calls: Calls,
    clock: Clock,
) -> Sweep:
    """One for this process, made in the running loop, whose time never jumps."""
    policy = plan().policy

    def ours(number: str) -> bool:
        directory = plan().directory
        return caller_form(number, directory.area) in directory.numbers

    doors = Doors(
        rest.calls,
        rest.recordings,
        calls,
        StoredLedger(database),
        StoredLeases(database),
        conversation,
    )
    longest = timedelta(seconds=policy.longest_call + policy.longest_talk)
    ticks = asyncio.get_running_loop().time
    return Sweep(
        doors, Bounds(rest.account.sid, longest, ours), clock, ticks, secrets.token_hex(16)
    )
