"""The door of this server, with the settings' caps. Used by `server.py`."""

from dataclasses import dataclass

from deployment.settings import Settings
from ivr.conversation.door import Caps, Door
from ivr.conversation.keeper import Keeper
from ivr.conversation.ongoing import Blocks, LiveCalls
from ivr.conversation.stores import Plans
from routing.ports import Clock
from storage.effects import Effects
from storage.engine import Database, Topic


@dataclass(frozen=True, slots=True)
class Kept:
    """What the door and its keeper ask of what is kept."""

    effects: Effects
    blocks: Blocks
    calls: LiveCalls


def keeper_of(
    settings: Settings, database: Database, kept: Kept, plans: Plans, clock: Clock
) -> Keeper:
    """Where the database is another's too, calls that go on there count here."""
    caps = Caps(settings.max_calls, settings.max_calls_per_caller, settings.max_calls_per_number)
    door = Door(clock, kept.effects.caller_digest, caps)
    alone = not settings.database_url
    keeper = Keeper(door, kept.blocks, kept.calls, plans, clock, alone=alone)
    database.signals.hear(Topic.BLOCKS, keeper.tell)
    return keeper
