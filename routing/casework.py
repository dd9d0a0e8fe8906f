"""What people do with a case: one transition at a time, checked by the table, with its audit row,
whichever door it came through (design §5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from routing.ports import Clock

MOST_BY: Final = 48
"""Characters of who did it, in the audit."""


class CaseMoves(Protocol):
    """Cases, as far as people move them."""

    async def accept(self, reference: str, by: str, at: datetime) -> bool:
        """Sign for it (签收), in one transaction with its audit row; what was to escalate it ends.
        False where that was done already. Raises UnknownCase, IllegalTransition."""
        ...


@dataclass(frozen=True, slots=True)
class Casework:
    """The doors' one way to the cases."""

    cases: CaseMoves
    clock: Clock

    async def accept(self, reference: str, by: str) -> bool:
        """Sign for a case: `by` says through which door, or whose it is, never a person's number.
        False where it was signed for already. Raises UnknownCase, and IllegalTransition for one
        that is not waiting for it."""
        return await self.cases.accept(reference, by[:MOST_BY], self.clock.now())
