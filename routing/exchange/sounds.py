"""The recordings of a plan that goes out or comes in, as a narrow Protocol: `deployment.prompts`
puts the stored ones and what a telephone line plays together."""

from collections.abc import Collection, Mapping
from typing import Protocol


class Sounds(Protocol):
    """Recorded sentences by the hash of their sound."""

    def unusable(self, wav: bytes) -> bool:
        """Whether it is none as an upload becomes one: within its bounds, and made anew."""
        ...

    async def wavs(self, hashes: Collection[str]) -> Mapping[str, bytes]:
        """Those of these that are kept here."""
        ...

    async def preview(self, wavs: Mapping[str, bytes], account: str) -> None:
        """In place of what this person's preview before brought, for less than a day."""
        ...

    async def hold(self, hashes: Collection[str]) -> frozenset[str]:
        """Which of these are kept still; those are for a week, or for as long as a plan or a draft
        names them."""
        ...
