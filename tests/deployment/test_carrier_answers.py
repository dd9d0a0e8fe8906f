"""What stands where the carrier should, and what an operator is told to set."""

from dataclasses import replace

import pytest

from deployment.carrier_answers import Asked, knows_us, of_account, of_refusal
from ivr.carrier.account import CarrierError, CarrierRefused, CarrierUnreachable
from ivr.carrier.numbers import AccountAnswer
from ivr.carrier.trouble import Trouble

AC = "AC" + "a" * 32
TWILIO = Asked("twilio", "https://api.twilio.com", AC)
LOCAL = Asked("local", "http://127.0.0.1:8080/line", AC)
SOMLENG = Asked("somleng", "https://somleng.example", "uuid")
SIGNALWIRE = Asked("signalwire", "https://city.signalwire.com", "7D1C")
OURS = AccountAnswer(200, AC, "active", "Full")
PAGE = AccountAnswer(200, media="text/html")


def said(answer: AccountAnswer, asked: Asked = TWILIO) -> str:
    return "\n".join(map(str, of_account(answer, asked)))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (OURS, "ok: the carrier knows the account"),
        (AccountAnswer(200, AC), "ok: the carrier knows the account"),
        (replace(OURS, state="suspended"), "finding: the account is suspended"),
        (replace(OURS, kind="Trial"), "finding: it is a trial account"),
        (replace(OURS, sid="AC" + "b" * 32), "answers for another account than ACCOUNT_SID: copy"),
        (PAGE, "finding: a web page stands at api.twilio.com, and no carrier's account: let this"),
        (AccountAnswer(200), "finding: something else stands at api.twilio.com"),
        (AccountAnswer(401), "finding: the carrier refuses ACCOUNT_SID"),
        (AccountAnswer(404), "api.twilio.com knows no such account: check ACCOUNT_SID"),
        (AccountAnswer(302), "finding: api.twilio.com redirects: let this machine out directly"),
        (AccountAnswer(407), "a proxy on the way to api.twilio.com wants a login"),
        (AccountAnswer(429), "asked too often just now (429): try again in a minute"),
        (AccountAnswer(500), "has a fault of its own (500): try again in some minutes"),
        (AccountAnswer(418), "answered 418 when asked for the account: let this machine out"),
    ],
)
def test_who_the_carrier_says_we_are(answer: AccountAnswer, says: str) -> None:
    assert says in said(answer)
    assert "CARRIER_URL" not in said(answer), "nobody set it"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (SOMLENG, "at CARRIER_URL, and no carrier's account: set CARRIER_URL to what stands bef"),
        (SIGNALWIRE, "such as https://YOURSPACE.signalwire.com/api/laml"),
        (LOCAL, "a web page stands at PUBLIC_URL, and no carrier's account: start this server"),
    ],
)
def test_what_to_set_depends_on_who_carries(asked: Asked, says: str) -> None:
    assert says in said(PAGE, asked)


def test_only_one_carrier_may_tell_nothing_of_accounts() -> None:
    assert "note: the carrier tells nothing" in said(AccountAnswer(404), SOMLENG)
    assert knows_us(AccountAnswer(404), SOMLENG)
    assert "set CARRIER_URL to what stands before" in said(AccountAnswer(404), SIGNALWIRE)
    assert not knows_us(AccountAnswer(404), SIGNALWIRE)
    assert knows_us(AccountAnswer(200, "7d1c"), SIGNALWIRE)
    assert not knows_us(PAGE, TWILIO)
    assert "CARRIER_URL redirects: name the address" in said(AccountAnswer(301), SIGNALWIRE)


@pytest.mark.parametrize(
    ("trouble", "asked", "says"),
    [
        (Trouble.NAME, TWILIO, "host of api.twilio.com: check this machine's DNS"),
        (Trouble.NAME, SOMLENG, "host of CARRIER_URL: check its spelling and this machine's DNS"),
        (Trouble.TLS, SOMLENG, "certificate of CARRIER_URL is not trusted here: have its auth"),
        (Trouble.SLOW, TWILIO, "did not answer within 10 seconds: see that the firewall"),
        (Trouble.ODD, SOMLENG, "speaks no HTTP or hung up: check http or https and port"),
        (Trouble.UNREACHED, SOMLENG, "CARRIER_URL takes no connection: see that the carrier's"),
        (Trouble.UNREACHED, LOCAL, "no server takes a connection at http://127.0.0.1:8080/line"),
    ],
)
def test_why_nobody_answers(trouble: Trouble, asked: Asked, says: str) -> None:
    assert says in said(AccountAnswer(trouble=trouble), asked)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (CarrierRefused("it refused", status=403), "it refused: the token may not do this"),
        (CarrierRefused("it refused", status=404), "the path is not the carrier's: set CARRIER"),
        (CarrierRefused("it refused", status=400, code=21402), "look the code up"),
        (CarrierRefused("check CARRIER_URL"), "finding: check CARRIER_URL"),
        (CarrierUnreachable("it is busy"), "it is busy: run this again in a minute"),
    ],
)
def test_what_fails_behind_the_account(wrong: CarrierError, says: str) -> None:
    assert says in str(of_refusal(wrong, SIGNALWIRE))
