"""How numbers are kept: encrypted to be called back, digested to be matched, both under the
server's key (hotline §1.6); and the secret draws of case numbers and PINs."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken

from ivr.flow.world import Draws
from routing.cases.reference import draw_pin, draw_reference, pin_digest


class SealError(Exception):
    """A sealed number cannot be opened: the server's key is not the one that sealed it."""


class Sealing:
    """All uses of one secret key, each under a key of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._box = Fernet(urlsafe_b64encode(self._derive("seal")))

    def _derive(self, use: str) -> bytes:
        return hmac.new(self._key, f"zhitong {use}".encode(), hashlib.sha256).digest()

    def seal(self, text: str) -> bytes:
        """The text, encrypted and authenticated."""
        return self._box.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """What was sealed. Raises SealError under another key."""
        try:
            return self._box.decrypt(sealed).decode()
        except InvalidToken as wrong:
            raise SealError("a stored number needs the SECRET_KEY it was sealed with") from wrong

    def digest(self, kind: str, text: str) -> str:
        """A keyed digest for matching; one kind's digests say nothing of another's."""
        return hmac.new(self._derive(kind), text.encode(), hashlib.sha256).hexdigest()

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
        return int.from_bytes(
            hmac.new(self._derive(use), text.encode(), hashlib.sha256).digest()[:16], "big"
        )
