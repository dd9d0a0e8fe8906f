"""The line's numbers: where calls to each go, as REST lists and sets it (twilio-voice §7, Numbers).

A number that was never set goes where the whole line goes. Counterpart of
``rest_numbers.py``, which shows them, and of ``exchange.py``, which asks here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ivr.carrier.local.ledger import read_lines, replace_lines


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where calls to the application's numbers go (design §3, the URLs)."""

    voice: str
    fallback: str | None = None
    status: str | None = None
    voice_method: str = "POST"
    fallback_method: str = "POST"
    status_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Number:
    """One number with its id and settings."""

    sid: str
    number: str
    webhook: Webhook


class NumberBook:
    """The account's numbers; ``listed`` says which there are, ``usual`` where they go."""

    def __init__(self, path: Path, usual: Webhook, listed: Callable[[], Sequence[str]]) -> None:
        self._path = path
        self._usual = usual
        self._listed = listed
        self._set: dict[str, Webhook] = {}

    def restore(self) -> None:
        """Read what was set on an earlier server; another version's settings are left out."""
        for line in read_lines(self._path):
            with suppress(KeyError, TypeError):
                self._set[str(line["number"])] = Webhook(**line["webhook"])

    def webhook(self, number: str) -> Webhook:
        """Where calls to a number go."""
        return self._set.get(number, self._usual)

    def all(self) -> list[Number]:
        """Every number of the account."""
        return [Number(_sid(number), number, self.webhook(number)) for number in self._listed()]

    def find(self, sid: str) -> Number | None:
        """One by its id."""
        return next((number for number in self.all() if number.sid == sid), None)

    def change(self, number: str, settings: Mapping[str, str | None]) -> None:
        """Set what is named, by the fields of ``Webhook``, and keep it."""
        changed = replace(self.webhook(number), **settings)  # type: ignore[arg-type]  # its own names
        self._set[number] = changed
        kept = [{"number": name, "webhook": asdict(told)} for name, told in self._set.items()]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_lines(self._path, kept)


def _sid(number: str) -> str:
    return "PN" + hashlib.sha256(number.encode()).hexdigest()[:32]
