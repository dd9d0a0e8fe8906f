"""What an operator is told of numbers and of our own door: what was heard there, as sentences that
say what to do. Pure; the counterpart of `carrier_check`, which asks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never
from urllib.parse import urlsplit

from ivr.carrier.knock import Heard, Way
from ivr.carrier.numbers import NumberRow, Setting
from ivr.carrier.trouble import Trouble

CLOCKS_APART: Final = timedelta(seconds=30)
FEW: Final = 3
"""Numbers that a sentence can bear."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PRIVATE: Final = re.compile(r"10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.")
_TWILIO_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")
URLS: Final = frozenset({Setting.VOICE_URL, Setting.FALLBACK_URL, Setting.STATUS_URL})


class Level(StrEnum):
    """How bad it is; findings make the command end with 1."""

    OK = "ok"
    NOTE = "note"
    FINDING = "finding"


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence."""

    level: Level
    sentence: str

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.level.value}: {self.sentence}"


def ok(sentence: str) -> Told:
    """Nothing to do."""
    return Told(Level.OK, sentence)


def note(sentence: str) -> Told:
    """Worth knowing."""
    return Told(Level.NOTE, sentence)


def finding(sentence: str) -> Told:
    """To be mended."""
    return Told(Level.FINDING, sentence)


def of_addresses(carrier: str, base: str, rest: str, account: str) -> Sequence[Told]:
    """What can be seen without asking anybody: ours in `base`, the carrier's in `rest`."""
    if carrier == "local":
        return ()
    public, host = urlsplit(base), urlsplit(base).hostname or ""
    told = []
    if host in LOOPBACK or _PRIVATE.match(host):
        told.append(finding(f"PUBLIC_URL is {host}, which no carrier outside this network reaches"))
    if "_" in host:
        told.append(finding("PUBLIC_URL's host has an underscore, which carriers do not call"))
    if public.scheme != "https":
        told.append(finding("PUBLIC_URL is not https: what callers say and press travels openly"))
    if urlsplit(rest).scheme != "https" and urlsplit(rest).hostname not in LOOPBACK:
        told.append(finding("CARRIER_URL is not https: AUTH_TOKEN travels openly"))
    if carrier == "twilio" and not _TWILIO_ACCOUNT.fullmatch(account):
        told.append(finding("ACCOUNT_SID is not AC and 32 hexadecimal digits: copy it anew"))
    return told


def of_clock(theirs: datetime | None, ours: datetime) -> Told:
    """How far both clocks are apart; aware times."""
    if theirs is None:
        return note("the carrier does not tell its time, so that ours was not compared")
    apart = ours - theirs
    seconds = round(abs(apart).total_seconds())
    if abs(apart) <= CLOCKS_APART:
        return ok("this machine's clock agrees with the carrier's")
    way = "ahead of" if apart > timedelta(0) else "behind"
    return finding(f"this machine's clock is {seconds} s {way} the carrier's: have NTP set it")


def changes_of(row: NumberRow, wanted: Mapping[Setting, str]) -> Mapping[Setting, str]:
    """What has to be written for a number to be set as it must; an application is taken off."""
    changes = {name: told for name, told in wanted.items() if row.settings.get(name, "") != told}
    if row.settings.get(Setting.APPLICATION):
        changes[Setting.APPLICATION] = ""
    return changes


def of_numbers(rows: Sequence[NumberRow], wanted: Mapping[Setting, str]) -> Sequence[Told]:
    """What is wrong with their settings; numbers with the same fault share a sentence."""
    faults: dict[str, list[str]] = {}
    for row in rows:
        for fault in _faults(row, wanted):
            faults.setdefault(fault, []).append(row.number)
    whole = [row.number for row in rows if not any(row.number in them for them in faults.values())]
    told = [finding(f"{_several(numbers)}: {fault}") for fault, numbers in faults.items()]
    return [*told, *([ok(f"{_several(whole)}: set as it must be")] if whole else [])]


def _faults(row: NumberRow, wanted: Mapping[Setting, str]) -> Sequence[str]:
    if row.settings.get(Setting.TRUNK):
        return ("belongs to a trunk, so that its addresses are ignored: take it off there",)
    if row.settings.get(Setting.APPLICATION):
        return ("belongs to an application, whose addresses rule: take it off, or use --set",)
    return [
        _fault(name, row.settings.get(name, ""), told)
        for name, told in wanted.items()
        if row.settings.get(name, "") != told
    ]


def _fault(name: Setting, found: str, wanted: str) -> str:
    if name in URLS and found.partition("#")[0] == wanted.partition("#")[0]:
        tries = wanted.partition("#")[2]
        if tries:
            return f"{name} must end in #{tries}, which asks for patience and retries"
        return f"{name} ends in a # part, which this carrier does not know: take it off"
    return f"{name} is {shown(found)}, not {wanted}"


def shown(found: str) -> str:
    """A stranger's setting without what may be secret in it: no login, no query."""
    bare = re.sub(r"//[^/@]*@", "//…@", found)
    return re.sub(r"\?[^#]*", "?…", bare) or "empty"


def none_of_ours(numbers: Sequence[str]) -> Told:
    """The account has `numbers`, none of which is published or was named."""
    if not numbers:
        return finding("the account has no number yet: get one in the carrier's console")
    some = ", ".join(numbers[:FEW]) + (", …" if len(numbers) > FEW else "")
    return finding(
        f"none of the account's numbers ({some}) is published here: name the one that shall ring "
        f"here, `check carrier --number {numbers[0]}`, with --set to set it"
    )


def not_the_accounts(number: str, many: int) -> Told:
    """A `number` that was named is none of the account's, which has so many."""
    return finding(
        f"the account has no number {number}, but {many} others: write it as its console does, "
        "with + and country code, or get it there for this account"
    )


def _several(numbers: Sequence[str]) -> str:
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]} and {len(numbers) - 1} more"


def of_knocks(heard: Mapping[Way, Heard]) -> Told:
    """Whether our own door, asked as the carrier asks, opens to a signature and to nothing else."""
    hard, plain, unsigned = heard[Way.HARD], heard[Way.PLAIN], heard[Way.UNSIGNED]
    if hard.trouble is not None:
        return _of_trouble(hard.trouble)
    if 300 <= hard.status < 400:
        return finding("PUBLIC_URL redirects: name the address that it leads to")
    if unsigned.status < 300:
        return finding("PUBLIC_URL takes a webhook that nobody signed: another server answers it")
    if hard.status == 204:
        return ok("a webhook signed as the carrier signs it is taken at PUBLIC_URL, no other is")
    if plain.status == 204:
        return finding(
            "a proxy before this server rewrites addresses or fields, which breaks signatures: "
            "have it hand on the request as it came (docs/operating.md)"
        )
    return _of_refusal(hard)


def _of_trouble(trouble: Trouble) -> Told:
    match trouble:
        case Trouble.TLS:
            return finding("PUBLIC_URL's certificate is not trusted: no carrier calls it")
        case Trouble.NAME:
            return finding(
                "PUBLIC_URL's host has no address in DNS: check its spelling, or have it entered"
            )
        case Trouble.ODD:
            return finding("PUBLIC_URL speaks no HTTP or hung up: check http or https, and port")
        case Trouble.SLOW | Trouble.UNREACHED:
            return finding(
                "PUBLIC_URL cannot be reached from this machine: start the server; if it runs, "
                "check the name, the proxy and the firewall, and run this command from outside"
            )
        case _:
            assert_never(trouble)


def _of_refusal(heard: Heard) -> Told:
    if heard.status == 403 and "another account" in heard.text:
        return finding("the server at PUBLIC_URL runs with another ACCOUNT_SID")
    if heard.status == 403:
        return finding(
            "the server at PUBLIC_URL refuses our signature: it runs with another AUTH_TOKEN or "
            "PUBLIC_URL than this command, or a proxy changes the path"
        )
    if heard.status == 404:
        return finding("PUBLIC_URL leads past this server: nothing answers /voice/status there")
    return finding(f"PUBLIC_URL answered {heard.status} to a signed webhook: see the server's log")
