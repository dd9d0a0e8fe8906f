"""SMTP_URL read: which mail server, how safe, as whom. No sentence repeats any of it: a part of the
password may stand anywhere. The counterpart of `database_url`."""

from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from routing.delivery.relay import Relay, Security

PORTS: Final = {"smtp": 587, "smtps": 465}
"""Submission (RFC 6409) and submission over TLS (RFC 8314)."""
HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
ESCAPES: Final = "write @ as %40, / as %2F, : as %3A, # as %23, ? as %3F and % as %25"
LOOKS: Final = (
    "must look like smtps://user:password@mail.example.gov.cn, or smtp:// where the server offers "
    "STARTTLS or is this machine"
)
NO_PORT: Final = f"has a port that is no number from 1 to 65535: correct it, and {ESCAPES}"


def fault_of(url: str) -> str:
    """What is wrong with it and what to do, without its setting's name; "" where nothing is."""
    scheme, _, rest = url.partition("://")
    if scheme not in PORTS:
        return LOOKS
    if wrong := strange_signs(url):
        return wrong
    if rest.count("@") > 1 or "/" in rest.rstrip("/") or "?" in rest or "#" in rest:
        return f"has signs that must be escaped: in user and password {ESCAPES}"
    return _parts(url)


def strange_signs(url: str) -> str:
    """What is wrong with its signs; "" where nothing is."""
    if url.isascii() and url.isprintable() and " " not in url:
        return ""
    return f"holds signs that no address has: in user and password {ESCAPES}"


def split_of(url: str) -> SplitResult | None:
    """Its parts; None where the port is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def _parts(url: str) -> str:
    parts = split_of(url)
    if parts is None:
        return NO_PORT
    if not parts.hostname:
        return "names no mail server: write smtps://user:password@mail.example.gov.cn"
    if bool(parts.username) != bool(parts.password):
        return "needs user and password, or neither: write user:password@ before the host"
    return ""


def relay_of(url: str) -> Relay:
    """The server of an address without a fault. Without TLS it is talked to on this machine
    alone."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    security = Security.NONE if host in HERE else Security.STARTTLS
    return Relay(
        host,
        parts.port or PORTS[parts.scheme],
        Security.TLS if parts.scheme == "smtps" else security,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
