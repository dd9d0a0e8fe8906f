"""What is asked after a password: six digits of a phone's clock (TOTP, RFC 6238), or one of ten
codes on paper for the day the phone is gone. Time and randomness are arguments."""

import hmac
from base64 import b32encode
from datetime import datetime
from typing import Final

import pyotp

STEP: Final = 30
"""Seconds that six digits hold."""
NEARBY: Final = (0, -1, 1)
"""Steps that are looked at: clocks of phones differ, and people type slowly."""
KEY_BYTES: Final = 20
"""Of a TOTP key: as long as HMAC-SHA-1's output (RFC 4226 §4)."""
CODES: Final = 10
CODE_BYTES: Final = 10
"""Of a recovery code before it is spelled: 16 signs, eighty bits."""
_SPELLED: Final = str.maketrans({"0": "O", "1": "I", "8": "B"})
"""What people read for letters that are in no base 32 figure."""


def totp_key(random: bytes) -> str:
    """A key as phones take it, also by hand."""
    return b32encode(random).decode().rstrip("=")


def totp_address(key: str, name: str, issuer: str) -> str:
    """What a QR code tells the phone."""
    return pyotp.TOTP(key).provisioning_uri(name=name, issuer_name=issuer)


def used_step(key: str, code: str, now: datetime, last: int | None) -> int | None:
    """The step that these six digits are of, None where they are wrong; a step that was used, or
    one before it, is never right again."""
    told = "".join(code.split())
    if len(told) != 6 or not (told.isascii() and told.isdigit()):
        return None
    current = int(now.timestamp()) // STEP
    generator = pyotp.HOTP(key)
    for step in (current + away for away in NEARBY):
        if hmac.compare_digest(generator.at(step), told) and (last is None or step > last):
            return step
    return None


def recovery_code(random: bytes) -> str:
    """One of ten, in fours, to be read from paper."""
    signs = b32encode(random).decode()
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def as_kept(code: str) -> str:
    """A recovery code as it is compared: however it was typed."""
    return "".join(sign for sign in code.upper() if sign.isalnum()).translate(_SPELLED)[:64]
