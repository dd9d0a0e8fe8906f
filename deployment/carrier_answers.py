"""What an operator is told of the account, where the carrier was asked for it: what stands there,
and what to set. Pure; beside `carrier_findings`, which speaks of numbers and of our own door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never
from urllib.parse import urlsplit

from deployment.carrier_findings import Told, finding, note, ok
from ivr.carrier.account import CarrierError, CarrierRefused
from ivr.carrier.numbers import AccountAnswer
from ivr.carrier.profiles import CarrierName, profile_of
from ivr.carrier.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom we asked: which carrier, where (its REST `base`), and as which `account`."""

    carrier: CarrierName
    base: str
    account: str

    @property
    def where(self) -> str:
        """What an operator has set, or could: a setting, or the carrier's own address."""
        if self.carrier == "local":
            return "PUBLIC_URL"
        return "CARRIER_URL" if self.named else (urlsplit(self.base).hostname or self.base)

    @property
    def named(self) -> bool:
        """Whether a setting says where, so that it can be mended there."""
        return self.base.rstrip("/") != profile_of(self.carrier).api

    @property
    def remedy(self) -> str:
        """Where something else than the carrier stands there."""
        if self.carrier == "local":
            return "start this server there, or set PUBLIC_URL to where it is"
        if not self.named:
            return "let this machine out directly, past whatever proxy or login page answers for it"
        return f"set CARRIER_URL to what stands before /2010-04-01, such as {self._example}"

    @property
    def _example(self) -> str:
        return {
            "twilio": "https://api.twilio.com",
            "somleng": "https://api.somleng.example.gov.cn",
            "signalwire": "https://YOURSPACE.signalwire.com/api/laml",
        }.get(self.carrier, self.base)


def knows_us(answer: AccountAnswer, asked: Asked) -> bool:
    """Whether the carrier may be asked further: an older Somleng tells nothing of accounts."""
    if answer.status == 404:
        return asked.carrier == "somleng"
    return answer.status == 200 and answer.sid.lower() == asked.account.lower()


def of_account(answer: AccountAnswer, asked: Asked) -> Sequence[Told]:
    """Who the carrier says we are."""
    if answer.trouble is not None:
        return (finding(_of_trouble(answer.trouble, asked)),)
    if answer.status != 200:
        return (_of_status(answer.status, asked),)
    if knows_us(answer, asked):
        return _of_state(answer)
    return (finding(_of_stranger(answer, asked)),)


def _of_trouble(trouble: Trouble, asked: Asked) -> str:
    where = asked.where
    match trouble:
        case Trouble.NAME:
            check = "its spelling and this machine's DNS" if asked.named else "this machine's DNS"
            return f"no address is known for the host of {where}: check {check}"
        case Trouble.TLS:
            return (
                f"the certificate of {where} is not trusted here: have its authority added to this "
                "machine's, or whatever opens HTTPS on the way let it through"
            )
        case Trouble.SLOW:
            return (
                f"{where} did not answer within 10 seconds: see that the firewall lets this "
                "machine out to it, and try again"
            )
        case Trouble.ODD:
            return f"what stands at {where} speaks no HTTP or hung up: check http or https and port"
        case Trouble.UNREACHED if asked.carrier == "local":
            return f"no server takes a connection at {asked.base}: start it, `uv run server.py`"
        case Trouble.UNREACHED:
            return (
                f"{where} takes no connection: see that the carrier's server runs, and that the "
                "firewall lets this machine out to it"
            )
        case _:
            assert_never(trouble)


def _of_status(status: int, asked: Asked) -> Told:
    if status == 404 and asked.carrier == "somleng":
        return note("the carrier tells nothing of the account itself")
    return finding(_of_refusal(status, asked))


def _of_refusal(status: int, asked: Asked) -> str:
    where = asked.where
    match status:
        case 401 | 403:
            told, todo = "the carrier refuses ACCOUNT_SID with the first AUTH_TOKEN", _COPY
        case 404:
            told, todo = f"{where} knows no such account", f"check ACCOUNT_SID; {asked.remedy}"
        case 407:
            told, todo = f"a proxy on the way to {where} wants a login (407)", _PAST
        case 429:
            told, todo = f"{where} is asked too often just now (429)", "try again in a minute"
        case _ if 300 <= status < 400:
            told = f"{where} redirects"
            todo = "name the address that it leads to" if asked.named else asked.remedy
        case _ if status >= 500:
            told = f"{where} has a fault of its own ({status})"
            todo = "try again in some minutes; if it stays, see the carrier's log or status page"
        case _:
            told, todo = f"{where} answered {status} when asked for the account", asked.remedy
    return f"{told}: {todo}"


_COPY: Final = "copy both anew from the carrier's console"
_PAST: Final = "have it let this machine out without one"


def _of_stranger(answer: AccountAnswer, asked: Asked) -> str:
    if answer.sid:
        return (
            f"{asked.where} answers for another account than ACCOUNT_SID: copy ACCOUNT_SID and "
            "AUTH_TOKEN anew, both of the same account"
        )
    stands = "a web page" if answer.media == "text/html" else "something else"
    return f"{stands} stands at {asked.where}, and no carrier's account: {asked.remedy}"


def _of_state(answer: AccountAnswer) -> Sequence[Told]:
    if answer.state not in ("", "active"):
        return (
            finding(
                f"the account is {answer.state}: the carrier takes no calls for it; see its "
                "console, or ask its support"
            ),
        )
    told = [ok("the carrier knows the account and takes the token")]
    if answer.kind == "Trial":
        told.append(
            finding(
                "it is a trial account: it records nothing and rings verified numbers only; "
                "upgrade it in the carrier's console"
            )
        )
    return told


def of_refusal(wrong: CarrierError, asked: Asked) -> Told:
    """What failed behind the account: its numbers could not be listed or set."""
    match wrong:
        case CarrierRefused(status=401 | 403):
            todo = "the token may not do this: take the account's main one"
        case CarrierRefused(status=404):
            todo = f"the path is not the carrier's: {asked.remedy}"
        case CarrierRefused(status=0):
            return finding(str(wrong))
        case CarrierRefused():
            todo = "look the code up in the carrier's documentation, or set it in its console"
        case _:
            todo = "run this again in a minute; it changes only what still differs"
    return finding(f"{wrong}: {todo}")
