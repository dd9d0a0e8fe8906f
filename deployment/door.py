"""The door of this server, with the settings' caps. Used by `server.py`."""

from deployment.settings import Settings
from ivr.conversation.door import Caps, Door
from ivr.conversation.keeper import Keeper
from ivr.conversation.ongoing import Blocks, LiveCalls
from ivr.conversation.stores import Plans
from routing.ports import Clock
from storage.effects import Effects


def keeper_of(
    settings: Settings,
    effects: Effects,
    blocks: Blocks,
    calls: LiveCalls,
    *,
    plans: Plans,
    clock: Clock,
) -> Keeper:
    """Where the database is another's too, calls that go on there count here."""
    caps = Caps(settings.max_calls, settings.max_calls_per_caller, settings.max_calls_per_number)
    door = Door(clock, effects.caller_digest, caps)
    return Keeper(door, blocks, calls, plans, clock, alone=not settings.database_url)
