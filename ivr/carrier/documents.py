"""The carrier's documents as the conversation asks for them: TwiML under our public address.
Implements `ivr.ports.Documents`."""

from ivr.carrier.twiml import Twiml, Urls
from ivr.flow.instruction import Instruction


class TwimlDocuments:
    """Renders for one profile; `base` is the public URL without a trailing slash."""

    def __init__(self, twiml: Twiml, base: str) -> None:
        self._twiml = twiml
        self._base = base

    def turn(self, say: tuple[Instruction, ...], call_id: str, following: int) -> bytes:
        """The reply of a turn; its actions go to turn `following`."""
        return self._twiml.render(say, Urls.of_turn(self._base, call_id, following))

    def leg(
        self, say: tuple[Instruction, ...], call_id: str, turn: int, leg: int, following: int
    ) -> bytes:
        """A whisper's document."""
        return self._twiml.render(
            say, Urls.of_leg(self._base, call_id, turn, (leg, following))
        )
