"""What today's plan is made of, and the plans that live calls began with. The counterpart of
`ivr.library.plans`, which compiles one, and of `storage.plans`, which numbers them."""

from collections.abc import Mapping
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from deployment.settings import Settings, StartError
from ivr.carrier.profiles import profile_of
from ivr.flow.world import Plan, Policy
from ivr.library.errors import LibraryError
from ivr.library.plans import Inputs, compile_plan, shipped
from routing.city import AREA, calendar, demo_sheets
from routing.directory import DirectoryError
from routing.ports import Clock

LOG: Final = structlog.get_logger()


def plan_inputs(settings: Settings) -> Inputs:
    """What today's plan is compiled from: the demonstration city and the shipped words."""
    carrier = profile_of(settings.carrier)
    policy = Policy(
        audio_days=settings.retention_audio_days, hears=carrier.speech, whispers=carrier.whisper
    )
    return Inputs(demo_sheets(), shipped(), calendar(), AREA, settings.time_zone, policy)


def local_day(settings: Settings, clock: Clock) -> date:
    """Today where the offices are."""
    return clock.now().astimezone(ZoneInfo(settings.time_zone)).date()


def compiled(inputs: Inputs, number: int, today: date) -> Plan:
    """The plan. Raises StartError with every finding of script, words and register."""
    try:
        return compile_plan(inputs, number, today)
    except (LibraryError, DirectoryError) as wrong:
        raise StartError(f"the plan is refused:\n{wrong}") from wrong


def earlier_plans(bodies: Mapping[int, str], current: int, today: date) -> dict[int, Plan]:
    """The plans that live calls began with. The calls of one that this version cannot compile go
    on with today's."""
    plans: dict[int, Plan] = {}
    for number, body in bodies.items():
        try:
            if number != current:
                plans[number] = compiled(Inputs.from_text(body), number, today)
        except (StartError, LibraryError) as wrong:
            LOG.warning("plan.left_out", number=number, why=str(wrong))
    return plans
