"""The file that ZHITONG_CHANNELS names: by which channels offices are told besides mail. Read whole
or refused, with a sentence for each fault; no sentence repeats what stands in it, for any of it may
be a secret. The counterpart of `deployment.delivery`, which puts the channels together."""

import ipaddress
import os
import re
import stat
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from deployment.settings import Settings, StartError
from deployment.transcriber_url import is_own
from routing.delivery import notify
from routing.delivery.addresses import may_go
from routing.delivery.webhook import Endpoint
from routing.register import Directory

MOST: Final = 256 * 1024
"""Bytes of the file: more is another file."""
LEAST_SECRET: Final = 32
"""Characters of a secret that signs: whoever has one notice may guess as fast as they like."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_WEBHOOK: Final = frozenset({"kind", "url", "secret", "allow_private"})
_NOTIFY: Final = frozenset({"kind", "url"})


@dataclass(frozen=True, slots=True)
class Chat:
    """A group at a chat service, as an address of apprise."""

    url: str = field(repr=False)


Channel = Endpoint | Chat


def channels_of(settings: Settings, directory: Directory) -> Mapping[str, Channel]:
    """The channels of the settings, none without a file. Raises StartError with every fault of the
    file, and every contact of the register whose channel it lacks."""
    table = _table(_text(settings.channels)) if settings.channels is not None else {}
    faults = [
        f"channel {_shown(name)}: {sentence}"
        for name, told in table.items()
        for sentence in _faults(name, told)
    ]
    faults += _shared(table)
    faults += _unnamed(directory, table.keys())
    if faults:
        raise StartError("the channels cannot be used:\n" + "\n".join(faults))
    return {name: _channel(told) for name, told in table.items()}


def _shared(table: Mapping[str, object]) -> Iterator[str]:
    """A channel's name is not signed: who holds the secret of two would accept for both."""
    whose: dict[str, str] = {}
    for name, told in table.items():
        for secret in _secrets(told) if isinstance(told, dict) else ():
            first = whose.setdefault(secret, name) if isinstance(secret, str) and secret else name
            if first != name:
                yield (
                    f"channel {_shown(name)}: its secret is that of {_shown(first)}, too: "
                    "give each its own"
                )


def _unnamed(directory: Directory, known: Collection[str]) -> Iterator[str]:
    for office, ladder in directory.contacts.items():
        for contact in ladder:
            if contact.channel and contact.channel not in known:
                yield (
                    f"contacts: {office}, order {contact.order}, names the channel "
                    f"{contact.channel}, which ZHITONG_CHANNELS does not have: add it there, or "
                    "correct the register"
                )


def _text(path: Path) -> str:
    """Looked at and read through one descriptor, so that it is the same file."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO) and not _lent(path):
                raise StartError(
                    f"CHANNELS: {path} holds secrets and others can read it: chmod 600 {path}"
                )
            body = file.read(MOST + 1)
    except OSError as wrong:
        raise StartError(f"CHANNELS: {path} cannot be read: {wrong.strerror}") from wrong
    if len(body) > MOST:
        raise StartError(f"CHANNELS: {path} is longer than {MOST} bytes: is it the right file?")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise StartError(f"CHANNELS: {path} must be UTF-8 text") from None


def _lent(path: Path) -> bool:
    """Whether systemd guards it (LoadCredential=), whose files show a group that nobody is in."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.is_relative_to(folder)


def _table(text: str) -> Mapping[str, Any]:
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        where = re.search(r"\(at [a-z0-9 ,]+\)", str(wrong))
        raise StartError(f"CHANNELS is no TOML {where[0] if where else ''}".rstrip()) from None
    channels = told.get("channels", {})
    if set(told) - {"channels"} or not isinstance(channels, dict):
        raise StartError("CHANNELS holds tables [channels.NAME] and nothing else")
    return channels


def _shown(name: str) -> str:
    """A name that is none may be a secret that slipped there."""
    return name if _NAME.fullmatch(name) else "(a name that is none)"


def _faults(name: str, told: object) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield "a name has small letters, digits and hyphens, 32 at most: wecom-police"
    if not isinstance(told, dict):
        yield f"write it as a table, [channels.{_shown(name)}]"
        return
    match told.get("kind"):
        case "webhook":
            yield from _unknown(told, _WEBHOOK)
            yield from _webhook_faults(told)
        case "notify":
            yield from _unknown(told, _NOTIFY)
            yield from _notify_faults(told.get("url"))
        case _:
            yield 'kind must be "webhook" or "notify"'


def _unknown(told: Mapping[str, object], known: frozenset[str]) -> Iterator[str]:
    if set(told) - known:
        yield f"only {', '.join(sorted(known))} can stand here; something else does"


def _webhook_faults(told: Mapping[str, object]) -> Iterator[str]:
    private = told.get("allow_private", False)
    if not isinstance(private, bool):
        yield "allow_private must be true or false"
    if sentence := _url_fault(told.get("url"), private=private is True):
        yield sentence
    secrets = _secrets(told)
    if not 1 <= len(secrets) <= 2 or not all(isinstance(one, str) for one in secrets):
        yield 'secret must be a text, or two while one replaces the other: ["new", "old"]'
    elif any(len(one) < LEAST_SECRET or not one.isprintable() for one in secrets):
        yield (
            f"secret is too short to be secret: {LEAST_SECRET} random characters, such as "
            "`openssl rand -hex 32` makes"
        )


def _url_fault(url: object, *, private: bool) -> str:
    """What is wrong with where a webhook goes, "" where nothing is seen."""
    looks = "url must look like https://desk.example.gov.cn/zhitong"
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return looks
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return looks
    if parts.scheme not in {"http", "https"} or not host or parts.fragment:
        return looks
    if parts.username is not None or parts.password is not None:
        return "url must hold no user and password: what is sent is signed"
    if parts.scheme == "http" and not (private and is_own(host)):
        return (
            "url must begin with https://: http:// only with allow_private, to this machine, a "
            "private address or a name without a dot"
        )
    return _literal_fault(host, private=private)


def _literal_fault(host: str, *, private: bool) -> str:
    """Of an address in digits; a name's is looked at whenever it is connected to."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ""
    if may_go(host, clear=False, private=private):
        return ""
    return "url leads to an address that is not public: correct it, or set allow_private = true"


def _secrets(told: Mapping[str, object]) -> tuple[Any, ...]:
    secret = told.get("secret", "")
    return tuple(secret) if isinstance(secret, list) else (secret,)


def _notify_faults(url: object) -> Iterator[str]:
    if not isinstance(url, str) or not url.isprintable():
        yield "url must be an address of apprise, such as wecombot://KEY"
    elif sentence := notify.fault_of(url):
        yield sentence if sentence == notify.missing() else f"url {sentence}"


def _channel(told: Mapping[str, Any]) -> Channel:
    """One without a fault."""
    if told["kind"] == "notify":
        return Chat(told["url"])
    return Endpoint(told["url"], _secrets(told), told.get("allow_private", False))
