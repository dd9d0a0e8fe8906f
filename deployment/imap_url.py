"""BOUNCES_URL read: which mailbox our mail comes back to. No sentence repeats any of it: a part of
the password may stand anywhere. The counterpart of `mail_url`."""

from typing import Final
from urllib.parse import unquote, urlsplit

from deployment.mail_url import ESCAPES, HERE, NO_PORT, split_of, strange_signs
from routing.delivery.mailbox import Box

PORTS: Final = {"imap": 143, "imaps": 993}
LOOKS: Final = "imaps://user:password@mail.example.gov.cn/INBOX"


def fault_of(url: str) -> str:
    """What is wrong with it and what to do, without its setting's name; "" where nothing is."""
    scheme, _, rest = url.partition("://")
    if scheme not in PORTS:
        return f"must look like {LOOKS}"
    if wrong := strange_signs(url):
        return wrong
    if rest.count("@") != 1 or rest.count("/") > 1 or "?" in rest or "#" in rest:
        return f"must look like {LOOKS}: in user and password {ESCAPES}"
    return _parts(url)


def _parts(url: str) -> str:
    parts = split_of(url)
    if parts is None:
        return NO_PORT
    if not parts.hostname:
        return f"names no mail server: write {LOOKS}"
    if not (parts.username and parts.password):
        return "needs user and password: write user:password@ before the host"
    if parts.scheme == "imap" and parts.hostname not in HERE:
        return "would tell the password to everybody on the way: write imaps://"
    told = (unquote(part) for part in (parts.username, parts.password, parts.path))
    if not all(part.isascii() and part.isprintable() for part in told):
        return "holds signs in user, password or folder that IMAP does not take as they are"
    return ""


def box_of(url: str) -> Box:
    """The mailbox of an address without a fault."""
    parts = urlsplit(url)
    return Box(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        safe=parts.scheme == "imaps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )
