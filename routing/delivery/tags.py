"""The mark in a mail's Message-ID by which a bounce is believed: only who has the server's key, or
was sent the mail, knows it (ADR 28)."""

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from routing.delivery.letter import Letter

SIGNS: Final = 16
"""Hexadecimal signs: 64 bits, of which nobody can try more than a few a second."""
_ID: Final = re.compile(r"<?([a-z]+-[0-9]{8}(?:-[0-9a-f]{12})?)\.([0-9a-f]{16})@")
MOST: Final = 512
"""Characters of a Message-ID that are looked at."""


@dataclass(frozen=True, slots=True)
class Tags:
    """`digest` is keyed, in hexadecimal signs."""

    digest: Callable[[str], str]

    def marked(self, id: str) -> str:
        """A letter's id as it stands in its Message-ID."""
        return f"{id}.{self.digest(id)[:SIGNS]}"

    def read(self, message_id: str) -> str | None:
        """The letter that a Message-ID is of; None for one that we never wrote."""
        found = _ID.match(message_id.strip()[:MOST])
        if found is None or not hmac.compare_digest(self.digest(found[1])[:SIGNS], found[2]):
            return None
        return found[1]

    def on(self, post: Callable[[Letter], Awaitable[None]]) -> Callable[[Letter], Awaitable[None]]:
        """The post, which marks every letter."""

        async def posted(letter: Letter) -> None:
            marked = replace(letter, id=self.marked(letter.id), thread=self.marked(letter.thread))
            await post(marked)

        return posted
