"""`check carrier` against the real server, its embedded carrier, and proxies that spoil things."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

import server
from deployment.carrier_check import Wish, _check
from deployment.clock import SystemClock
from deployment.settings import Secrets, Settings, StartError
from ivr.flow.world import Plan
from routing.directory import Directory
from tests.databases import migrated
from tests.ports import free_port

PROJECT = "7d1c1a4e-5b1f-4a7e-9d7e-1f0c55a1c0de"
LISTED, UNLISTED = "+865580000001", "+85258001001"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Clock(SystemClock):
    """May be wrong."""

    def __init__(self, wrong: timedelta = timedelta(0)) -> None:
        self._wrong = wrong

    def now(self) -> datetime:
        return datetime.now(UTC) + self._wrong  # noqa: TID251 - compared with a real Date header


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` of a developer."""
    monkeypatch.chdir(tmp_path)


@contextlib.asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Settings]:
    """A server that runs with these."""
    migrated(settings.data_dir / "zhitong.db")
    app = await server.build_app(settings)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.port).start()
    try:
        yield settings
    finally:
        await runner.cleanup()


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Settings]:
    async with served(Settings(data_dir=tmp_path, port=free_port(), demo=True)) as running:
        yield running


@pytest.fixture
def directory(demo_plan: Plan) -> Directory:
    return demo_plan.directory


async def told(
    settings: Settings, directory: Directory, wish: Wish | None = None, clock: Clock | None = None
) -> tuple[int, list[str]]:
    lines: list[str] = []
    wanted, now = wish or Wish(), clock or Clock()
    code = await _check(settings, directory, wanted, now, lines.append)
    return code, lines


async def test_a_server_as_it_starts_has_nothing_to_mend(
    settings: Settings, directory: Directory
) -> None:
    code, lines = await told(settings, directory)
    assert code == 0, lines
    assert lines == [
        "ok: the carrier knows the account and takes the token",
        "ok: this machine's clock agrees with the carrier's",
        f"ok: {LISTED} and 80 more: set as it must be",
        "ok: a webhook signed as the carrier signs it is taken at PUBLIC_URL, no other is",
    ]


async def test_a_number_that_goes_elsewhere_is_found_and_set(
    settings: Settings, directory: Directory
) -> None:
    await _spoil(settings)
    code, lines = await told(settings, directory)
    assert code == 1
    elsewhere = "https://…@old.example/v"
    assert f"finding: {LISTED}: VoiceUrl is {elsewhere}, not " in "\n".join(lines)

    code, lines = await told(settings, directory, Wish(set=True))
    assert code == 0, lines
    wanted = f"{settings.base}/voice/answer#rc=2&rp=all&ct=1500&rt=3000&tt=14500"
    assert f"set {LISTED} VoiceUrl: {elsewhere} -> {wanted}" in lines
    assert f"ok: {LISTED} and 80 more: set as it must be" in lines
    code, lines = await told(settings, directory, Wish(set=True))
    assert not any(line.startswith("set ") for line in lines), "nothing is left to be set"


async def _spoil(settings: Settings) -> None:
    keys = Secrets.of(settings)
    login = {"Authorization": aiohttp.encode_basic_auth(keys.account, keys.token)}
    base = f"{settings.base}/line/2010-04-01/Accounts/{keys.account}/IncomingPhoneNumbers"
    async with aiohttp.ClientSession(headers=login) as session:
        async with session.get(f"{base}.json", params={"PhoneNumber": LISTED}) as answer:
            [row] = (await answer.json())["incoming_phone_numbers"]
        form = {"VoiceUrl": "https://user:secret@old.example/v"}
        async with session.post(f"{base}/{row['sid']}.json", data=form) as answer:
            assert answer.status == 200


async def test_a_number_that_the_account_lacks(settings: Settings, directory: Directory) -> None:
    code, lines = await told(settings, directory, Wish(numbers=(UNLISTED,)))
    assert code == 1
    assert f"finding: the account has no number {UNLISTED}, but 81 others: " in "\n".join(lines)


async def test_what_is_set_is_looked_at_again_and_nothing_is_said_twice(
    settings: Settings, directory: Directory
) -> None:
    await _spoil(settings)
    code, lines = await told(settings, directory, Wish(numbers=(UNLISTED,), set=True))
    assert code == 1
    assert any(line.startswith("set ") for line in lines)
    assert sum(UNLISTED in line for line in lines) == 1


async def test_a_clock_that_is_wrong(settings: Settings, directory: Directory) -> None:
    code, lines = await told(settings, directory, clock=Clock(timedelta(minutes=5)))
    assert code == 1
    assert "s ahead of the carrier's" in lines[1]


@pytest.mark.parametrize("running", [True, False])
async def test_a_token_that_is_wrong_opens_nothing_and_is_not_printed(
    settings: Settings, directory: Directory, running: bool
) -> None:
    """With the server running under another one; and with none running at all."""
    port = settings.port if running else free_port()
    wrong = settings.model_copy(update={"auth_token": "hush,hush2", "port": port})
    code, lines = await told(wrong, directory)
    assert code == 1
    heard = "\n".join(lines)
    assert ("the carrier refuses ACCOUNT_SID" in heard) is running
    assert ("no server takes a connection at http://127.0.0.1:" in heard) is not running
    assert "CARRIER_URL" not in heard, "nobody set it"
    assert ("refuses our signature" in heard) is running
    assert "with AUTH_TOKEN number 2: " in heard
    assert "hush" not in heard


async def test_before_the_first_start_there_is_nothing_to_ask(
    tmp_path: Path, directory: Directory
) -> None:
    with pytest.raises(StartError, match="start it once"):
        await told(Settings(data_dir=tmp_path / "none"), directory)


def outside(folder: Path, far: str) -> Settings:
    """A carrier at `far`, of a machine that keeps nothing."""
    return Settings(
        data_dir=folder / "none",
        carrier="signalwire",
        carrier_url=far,
        account_sid=PROJECT,
        auth_token="hush",
        public_url=f"http://127.0.0.1:{free_port()}",
    )


async def test_a_page_that_stands_where_the_carrier_should_is_no_carrier(
    tmp_path: Path, directory: Directory
) -> None:
    """A login page, or a carrier's own website, answers 200 to whatever it is asked."""

    async def website(_: web.Request) -> web.Response:
        return web.Response(text="<html>welcome</html>", content_type="text/html")

    async with proxy(website) as far:
        code, lines = await told(outside(tmp_path, far), directory)
    assert code == 1
    assert not [line for line in lines if line.startswith("ok")], lines
    assert any("a web page stands at CARRIER_URL" in line for line in lines), lines


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "speaks no HTTP or hung up"),
        (b"220 mail.example ESMTP\r\n", "speaks no HTTP or hung up"),
    ],
)
async def test_a_server_of_another_kind(
    tmp_path: Path, directory: Directory, answer: bytes, says: str
) -> None:
    async def odd(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(odd, "127.0.0.1", 0) as there:
        port = there.sockets[0].getsockname()[1]
        code, lines = await told(outside(tmp_path, f"http://127.0.0.1:{port}"), directory)
    assert code == 1
    assert any(says in line for line in lines), lines


async def test_a_name_that_is_nobodys(tmp_path: Path, directory: Directory) -> None:
    code, lines = await told(outside(tmp_path, "https://nobody.invalid"), directory)
    assert code == 1
    assert any("no address is known for the host of CARRIER_URL" in line for line in lines), lines


async def test_a_carrier_outside_is_asked_without_a_folder_of_ours(
    tmp_path: Path, directory: Directory
) -> None:
    """From any machine that has the settings: nothing is made there."""

    async def numbers(request: web.Request) -> web.Response:
        if request.path.endswith("IncomingPhoneNumbers.json"):
            rows = [{"sid": "PN1", "phone_number": "+15005550006"}]
            return web.json_response({"incoming_phone_numbers": rows, "next_page_uri": None})
        return web.json_response({"sid": PROJECT, "status": "active", "type": "Trial"})

    async with proxy(numbers) as far:
        settings = outside(tmp_path, far)
        code, lines = await told(settings, directory)
    assert code == 1
    assert lines == [
        "finding: PUBLIC_URL is 127.0.0.1, which no carrier outside this network reaches",
        "finding: PUBLIC_URL is not https: what callers say and press travels openly",
        "ok: the carrier knows the account and takes the token",
        (
            "finding: it is a trial account: it records nothing and rings verified numbers only; "
            "upgrade it in the carrier's console"
        ),
        "ok: this machine's clock agrees with the carrier's",
        (
            "finding: none of the account's numbers (+15005550006) is published here: name the one "
            "that shall ring here, `check carrier --number +15005550006`, with --set to set it"
        ),
        (
            "finding: PUBLIC_URL cannot be reached from this machine: start the server; if it "
            "runs, check the name, the proxy and the firewall, and run this command from outside"
        ),
    ]
    assert list(tmp_path.iterdir()) == []


@contextlib.asynccontextmanager
async def proxy(handler: Handler) -> AsyncIterator[str]:
    """An address before the server."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as before:
        yield str(before.make_url("")).rstrip("/")


@dataclass(frozen=True, slots=True)
class HandingOn:
    """A proxy that may change a request's target or body on its way to `port`."""

    port: int
    path: Callable[[str], str] = str
    body: Callable[[bytes], bytes] = bytes

    async def handle(self, request: web.Request) -> web.Response:
        url = URL(f"http://127.0.0.1:{self.port}{self.path(request.raw_path)}", encoded=True)
        kept = {n: v for n, v in request.headers.items() if n not in ("Host", "Content-Length")}
        sent = self.body(await request.read())
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, url, data=sent, headers=kept) as answer,
        ):
            kind = answer.headers.get("Content-Type", "text/plain")
            return web.Response(
                status=answer.status, body=await answer.read(), headers={"Content-Type": kind}
            )


async def redirecting(request: web.Request) -> web.Response:
    return web.Response(status=301, headers={"Location": "/elsewhere"})


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        (str, bytes, "ok: a webhook signed"),
        (lambda path: path.replace("%7E", "~"), bytes, "a proxy before this server rewrites"),
        (lambda path: path.partition("?")[0], bytes, "a proxy before this server rewrites"),
        (str, lambda body: body.replace(b"Note=+", b"Note="), "a proxy before this server"),
        (lambda path: f"/prefix{path}", bytes, "leads past this server"),
    ],
    ids=["as it came", "decoded", "no query", "trimmed", "prefix"],
)
async def test_what_a_proxy_does_to_signatures(
    tmp_path: Path,
    directory: Directory,
    path: Callable[[str], str],
    body: Callable[[bytes], bytes],
    says: str,
) -> None:
    """The server knows itself by the proxy's address, as it would be told."""
    port = free_port()
    async with (
        proxy(HandingOn(port, path, body).handle) as public,
        served(Settings(data_dir=tmp_path, port=port, public_url=public)) as settings,
    ):
        code, lines = await told(settings, directory)
    assert says in lines[-1], lines
    assert code == any(line.startswith("finding") for line in lines)


async def test_an_address_that_redirects(tmp_path: Path, directory: Directory) -> None:
    async with (
        proxy(redirecting) as public,
        served(Settings(data_dir=tmp_path, port=free_port(), public_url=public)) as settings,
    ):
        code, lines = await told(settings, directory)
    assert (code, lines[0]) == (
        1,
        "finding: PUBLIC_URL redirects: name the address that it leads to",
    )
    assert lines[-1] == "finding: PUBLIC_URL redirects: name the address that it leads to"
