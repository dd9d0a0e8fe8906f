"""Case numbers and PINs: eight digits, the last a check digit, and four (design §3, References).
Drawn from an integer that the shell derives; a PIN is kept as an HMAC only."""

import hmac
from typing import Final

BODY: Final = 7
REFERENCES: Final = 10**BODY
PINS: Final = 10**4

# Damm's totally anti-symmetric quasigroup of order ten: it catches every single wrong digit and
# every swap of neighbours (H. M. Damm, doctoral thesis, Marburg 2004).
_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def draw_reference(number: int) -> str:
    """The case number for a drawn integer; any integer will do."""
    body = f"{number % REFERENCES:0{BODY}d}"
    return body + str(_check(body))


def draw_pin(number: int) -> str:
    """The PIN for a drawn integer."""
    return f"{number % PINS:04d}"


def spaced(reference: str) -> str:
    """As it is written for people, in a text, a mail or on a page: 4627 0395."""
    return f"{reference[:4]} {reference[4:]}"


def valid(reference: str) -> bool:
    """Whether this can be a case number at all: eight digits whose check digit fits."""
    well_formed = len(reference) == BODY + 1 and reference.isascii() and reference.isdigit()
    return well_formed and _check(reference) == 0


def _check(digits: str) -> int:
    state = 0
    for digit in digits:
        state = _DAMM[state][int(digit)]
    return state


def pin_digest(key: bytes, reference: str, pin: str) -> str:
    """What is kept of a PIN: an HMAC-SHA256 over case number and PIN, in hex."""
    return hmac.digest(key, f"pin|{reference}|{pin}".encode(), "sha256").hex()
