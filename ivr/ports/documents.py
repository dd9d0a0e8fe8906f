"""What the carrier is told, and the digits that are told to a caller. Implemented by
`ivr.carrier.twiml` and `storage.sealing`."""

from typing import Protocol

from ivr.flow.fallback import Place
from ivr.flow.instruction import Instruction
from ivr.flow.world import Draws, Plan


class Documents(Protocol):
    """Renders instructions for the carrier (TwiML), with the URLs that the next turn needs."""

    def of(self, plan: Plan) -> "Documents":
        """Those of a call that follows this plan: it hears the recordings of its own version."""
        ...

    def turn(
        self, say: tuple[Instruction, ...], call_id: str, following: int, *, recorded: bool = False
    ) -> bytes:
        """The reply of a turn; its actions go to turn `following`. `recorded`: until now the line
        was recording, and who wrote down what was said stops."""
        ...

    def leg(
        self, say: tuple[Instruction, ...], call_id: str, turn: int, leg: int, following: int
    ) -> bytes:
        """The whisper to target `leg` of the Dial that answers `turn`, next at `following`."""
        ...

    def waiting(self, say: tuple[Instruction, ...], call_id: str, turn: int) -> bytes:
        """What a caller hears who waits while several phones ring, until `turn`."""
        ...

    def rung(self, say: tuple[Instruction, ...], leg_id: str, following: int) -> bytes:
        """What the callee of one of these phones hears, next at its step `following`."""
        ...

    def fallback(
        self, say: tuple[Instruction, ...], then: Place | None, heard: int | None = None
    ) -> bytes:
        """A document of the plan when all fails; its actions go to `then`. `heard` is the call's
        turn that was recording until now."""
        ...


class Draw(Protocol):
    """Case number and PIN of a matter: the same for the same call, turn and attempt, so that
    every order of callbacks reads the same digits; secret to all without the server's key."""

    def __call__(self, call_id: str, turn: int, attempt: int) -> Draws: ...
