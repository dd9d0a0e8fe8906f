"""How numbers are kept: encrypted to be called back, digested to be matched, both under the
server's key (hotline §1.6); and the secret draws of case numbers and PINs."""

import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ivr.flow.world import Draws
from routing.cases.reference import draw_pin, draw_reference, pin_digest
from storage.errors import StorageError

FORM: Final = b"1"
"""What a sealed number begins with: AES-256 in GCM, then its nonce, then text and tag."""
NONCE: Final = 12
"""Random bytes: as many as GCM wants (NIST SP 800-38D §8.2.2), enough for 2**32 numbers a key."""


class SealError(StorageError):
    """A sealed number cannot be opened: the server's key is not the one that sealed it."""


class Sealing:
    """All uses of one secret key, each under a key of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._derived: dict[str, bytes] = {}
        self._box = AESGCM(self._derive("seal"))

    def _derive(self, use: str) -> bytes:
        found = self._derived.get(use)
        if found is None:  # as many as there are uses in this package
            found = self._derived[use] = hmac.digest(self._key, f"zhitong {use}".encode(), "sha256")
        return found

    def seal(self, text: str) -> bytes:
        """The text, encrypted and authenticated."""
        nonce = secrets.token_bytes(NONCE)
        return FORM + nonce + self._box.encrypt(nonce, text.encode(), FORM)

    def open(self, sealed: bytes) -> str:
        """What was sealed. Raises SealError under another key."""
        try:
            nonce, secret = sealed[len(FORM) :][:NONCE], sealed[len(FORM) + NONCE :]
            return self._box.decrypt(nonce, secret, sealed[: len(FORM)]).decode()
        except (InvalidTag, ValueError) as wrong:
            raise SealError("a stored number needs the SECRET_KEY it was sealed with") from wrong

    def digest(self, kind: str, text: str) -> str:
        """A keyed digest for matching; one kind's digests say nothing of another's."""
        return hmac.digest(self._derive(kind), text.encode(), "sha256").hex()

    def pin(self, reference: str, pin: str) -> str:
        """What is kept of a PIN."""
        return pin_digest(self._derive("pin"), reference, pin)

    def draw(self, call_id: str, turn: int, attempt: int) -> Draws:
        """Case number and PIN of a matter: the same however often it is asked (ADR 8)."""
        drawn = self._integer("draw", f"{call_id}|{turn}|{attempt}")
        return Draws(draw_reference(drawn >> 64), draw_pin(drawn))

    def new_pin(self, call_id: str, turn: int) -> str:
        """A PIN to replace a forgotten one."""
        return draw_pin(self._integer("new pin", f"{call_id}|{turn}"))

    def _integer(self, use: str, text: str) -> int:
        return int.from_bytes(hmac.digest(self._derive(use), text.encode(), "sha256")[:16], "big")
