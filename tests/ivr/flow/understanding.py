"""What a caller hears in the last turn of a call that wanders, and whether the line listens."""

from ivr.flow.instruction import Ask
from tests.ivr.flow.wandering import Wanderer, spoken


def heard(wanderer: Wanderer) -> list[str]:
    """All that was spoken in the last turn."""
    return [say.text for say in spoken(wanderer.last.say)]


def listens(wanderer: Wanderer) -> Ask:
    """The question that the last turn ends with."""
    ask = wanderer.last.say[-1]
    assert isinstance(ask, Ask)
    return ask
