"""Every request that we make of the carrier keeps to Twilio's published contract."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import pytest

from ivr.carrier.account import Account, CarrierRefused
from ivr.carrier.calls import CallRows, Placing
from ivr.carrier.client import Messages, RecordingRows
from ivr.carrier.numbers import NumberRows, Setting, ask_account
from tests.ivr.carrier.prism import Tap, contract, mock_server, paths_of, prism

A32 = "a" * 32
NOW = datetime(2010, 8, 31, tzinfo=UTC)  # when the contract's examples happened
CALLEE, LINE = "+8613900000012", "+865580000001"
URL = "https://phone.example/voice/answer#rc=2&rp=all&ct=1500&rt=3000&tt=14500"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """Prism."""
    with mock_server(contract(), prism()) as address:
        yield address


@dataclass
class Asking:
    """All whom we ask, through one tap."""

    tap: Tap
    session: aiohttp.ClientSession

    @property
    def account(self) -> Account:
        return Account(f"AC{A32}", "token", self.tap.base, seconds=30)


@pytest.fixture
async def asking(upstream: str) -> AsyncIterator[Asking]:
    tap = Tap(upstream, paths_of(contract()))
    async with tap.open(), aiohttp.ClientSession() as session:
        yield Asking(tap, session)


async def test_every_request_keeps_to_the_contract(asking: Asking) -> None:
    account, session = asking.account, asking.session
    texts, calls = Messages(account, session, URL), CallRows(account, session)
    recordings, numbers = RecordingRows(account, session), NumberRows(account, session)

    assert (await ask_account(account, session)).status == 200
    assert (await texts.send(CALLEE, LINE, "工单编号4627 0395", "key")).startswith("SM")
    await texts.find(CALLEE, LINE, "x", NOW)
    assert await texts.receipt(f"SM{A32}")
    await texts.delete(f"SM{A32}")
    placed = await calls.place(Placing(CALLEE, LINE, URL, URL, URL, "key"))
    assert placed.startswith("CA")
    await calls.placed(CALLEE, LINE, NOW)
    call = await calls.fetch(f"CA{A32}")
    assert call is not None
    assert call.status.over
    await calls.end(f"CA{A32}")
    assert await recordings.of_call(f"CA{A32}")
    await recordings.since(NOW)
    await recordings.words(f"RE{A32}")
    await recordings.delete(f"RE{A32}")
    assert await numbers.list()
    await numbers.set(f"PN{A32}", dict.fromkeys(URLS, URL) | dict.fromkeys(METHODS, "POST"))

    assert asking.tap.refused == []
    assert asking.tap.asked == {
        ("GET", "/{Sid}.json"),
        ("POST", "/{AccountSid}/Messages.json"),
        ("GET", "/{AccountSid}/Messages.json"),
        ("GET", "/{AccountSid}/Messages/{Sid}.json"),
        ("DELETE", "/{AccountSid}/Messages/{Sid}.json"),
        ("POST", "/{AccountSid}/Calls.json"),
        ("GET", "/{AccountSid}/Calls.json"),
        ("GET", "/{AccountSid}/Calls/{Sid}.json"),
        ("POST", "/{AccountSid}/Calls/{Sid}.json"),
        ("GET", "/{AccountSid}/Recordings.json"),
        ("GET", "/{AccountSid}/Recordings/{RecordingSid}/Transcriptions.json"),
        ("DELETE", "/{AccountSid}/Recordings/{Sid}.json"),
        ("GET", "/{AccountSid}/IncomingPhoneNumbers.json"),
        ("POST", "/{AccountSid}/IncomingPhoneNumbers/{Sid}.json"),
    }


URLS = (Setting.VOICE_URL, Setting.FALLBACK_URL, Setting.STATUS_URL)
METHODS = (Setting.VOICE_METHOD, Setting.FALLBACK_METHOD, Setting.STATUS_METHOD)


async def test_what_the_contract_does_not_allow_is_refused(asking: Asking) -> None:
    """Or the test above would show nothing."""
    numbers = NumberRows(asking.account, asking.session)
    with pytest.raises(CarrierRefused):
        await numbers.set(f"PN{A32}", {Setting.VOICE_METHOD: "PUT"})
    with pytest.raises(CarrierRefused):
        await numbers.set(f"PN{A32}", {Setting.VOICE_URL: "no address"})
    async with asking.session.get(
        f"{asking.tap.base}/2010-04-01/Accounts/AC{A32}/Calls.json",
        params={"Colour": "blue"},
        headers={"Authorization": asking.account.login},
    ) as answer:
        assert answer.status == 200
    assert len(asking.tap.refused) == 3
    assert "['Colour'] are not in it" in asking.tap.refused[-1]
