"""Fetching sound from a server that lies, breaks off, redirects and never ends."""

import contextlib
import io
import wave
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from ivr.carrier.account import Account, CarrierError, CarrierUnreachable
from ivr.carrier.client import RecordingRows
from ivr.carrier.recordings import (
    Media,
    MediaBroken,
    MediaNotYet,
    MediaRefused,
    MediaRules,
    bring_home,
    declared_length,
)
from ivr.ports.recordings import RecordingRef

LOGIN = aiohttp.encode_basic_auth("AC1", "s3cret")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def wav(seconds: float) -> bytes:
    sink = io.BytesIO()
    with wave.open(sink, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8_000)
        writer.writeframes(b"\x01\x02" * int(seconds * 8_000))
    return sink.getvalue()


class Shelf:
    """Keeps recordings whole or not at all."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def save(self, sid: str, audio: AsyncIterator[bytes]) -> int:
        pieces = [piece async for piece in audio]
        self.kept[sid] = b"".join(pieces)
        return len(self.kept[sid])

    async def read(self, sid: str) -> bytes | None:
        return self.kept.get(sid)

    async def delete(self, sid: str) -> None:
        self.kept.pop(sid, None)


class Carrier:
    """One host with media and rows; `answer` is what its media say."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.asked: list[tuple[str, str, str | None]] = []
        self.answer: Answer = bytes_of(wav(1))
        self.deletion = 204
        self.base = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path, request.headers.get("Authorization")))
        if request.method == "DELETE":
            return web.Response(status=self.deletion)
        return await self.answer(request)

    @property
    def ref(self) -> RecordingRef:
        return RecordingRef("RE1", f"{self.base}/line/2010-04-01/Accounts/AC1/Recordings/RE1", 1)

    @property
    def account(self) -> Account:
        return Account("AC1", "s3cret", f"{self.base}/line")

    def media(self, *hosts: str, longest: int = 300) -> Media:
        rules = MediaRules(longest=longest, hosts=frozenset(hosts), seconds=10)
        return Media(self.account, self.session, rules)

    def rows(self) -> RecordingRows:
        return RecordingRows(self.account, self.session)


def bytes_of(body: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return answer


@contextlib.asynccontextmanager
async def host() -> AsyncIterator[Carrier]:
    """A host of its own; its session is ours."""
    async with aiohttp.ClientSession() as session:
        carrier = Carrier(session)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", carrier.handle)
        async with TestServer(app, host="127.0.0.1") as server:
            carrier.base = str(server.make_url("")).rstrip("/")
            yield carrier


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with host() as carrier:
        yield carrier


@pytest.fixture
async def stranger() -> AsyncIterator[Carrier]:
    async with host() as stranger:
        yield stranger


async def fetched(media: Media, ref: RecordingRef) -> bytes:
    return b"".join([piece async for piece in media.stream(ref)])


@pytest.mark.parametrize("seconds", [0, 0.1, 1, 300])
async def test_sound_comes_whole_and_with_our_login(carrier: Carrier, seconds: float) -> None:
    carrier.answer = bytes_of(wav(seconds))

    assert await fetched(carrier.media(), carrier.ref) == wav(seconds)
    assert carrier.asked == [("GET", "/line/2010-04-01/Accounts/AC1/Recordings/RE1", LOGIN)]


async def test_it_is_kept_once_and_then_deleted_at_the_carrier(carrier: Carrier) -> None:
    shelf = Shelf()
    await bring_home(carrier.ref, carrier.media(), shelf)
    await bring_home(carrier.ref, carrier.media(), shelf)
    await carrier.rows().delete("RE1")

    assert shelf.kept == {"RE1": wav(1)}
    assert [method for method, *_ in carrier.asked] == ["GET", "DELETE"]
    assert carrier.asked[1][1].endswith("/Recordings/RE1.json")


async def test_a_cut_off_recording_is_not_kept(carrier: Carrier) -> None:
    carrier.answer = bytes_of(wav(1)[:-2])
    shelf = Shelf()

    with pytest.raises(MediaBroken, match="16042"):
        await bring_home(carrier.ref, carrier.media(), shelf)
    assert shelf.kept == {}
    assert [method for method, *_ in carrier.asked] == ["GET"]


async def test_a_deletion_that_failed_is_repeated(carrier: Carrier) -> None:
    carrier.deletion = 503
    with pytest.raises(CarrierUnreachable):
        await carrier.rows().delete("RE1")
    carrier.deletion = 404  # the first one had been carried out after all
    await carrier.rows().delete("RE1")

    assert [method for method, *_ in carrier.asked] == ["DELETE", "DELETE"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, MediaNotYet),
        (429, CarrierUnreachable),
        (503, CarrierUnreachable),
        (401, MediaRefused),
        (403, MediaRefused),
        (206, MediaRefused),
    ],
)
async def test_what_a_status_means(carrier: Carrier, status: int, kind: type[CarrierError]) -> None:
    carrier.answer = bytes_of(b"", status)

    with pytest.raises(kind) as caught:
        await fetched(carrier.media(), carrier.ref)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"RIFF",
        b"<html>sign in</html>",
        b"ID3\x03mp3",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"RIFF\x24\x00\x00\x00WAVEdata\x00\x00\x00\x00",
        b"RIFF\x24\x00\x00\x00WAVE" + b"junk\xff\xff\x00\x00" + b"x" * 66_000,
        wav(1)[:44],
    ],
)
async def test_what_is_no_whole_wav_is_fetched_again(carrier: Carrier, body: bytes) -> None:
    carrier.answer = bytes_of(body)

    with pytest.raises(MediaBroken):
        await fetched(carrier.media(), carrier.ref)


async def test_a_dropped_connection_is_fetched_again(carrier: Carrier) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "16044"})
        await response.prepare(request)
        await response.write(wav(1)[:4_000])
        assert request.transport is not None
        request.transport.abort()
        return response

    carrier.answer = answer
    with pytest.raises(CarrierUnreachable):
        await fetched(carrier.media(), carrier.ref)


async def test_three_hours_are_refused_before_they_are_read(carrier: Carrier) -> None:
    head = wav(0)[:40] + (3 * 3_600 * 16_000).to_bytes(4, "little")
    carrier.answer = bytes_of(head)

    with pytest.raises(MediaRefused, match="more than was asked for"):
        await fetched(carrier.media(), carrier.ref)


async def test_a_declared_body_beyond_the_limit_is_refused(carrier: Carrier) -> None:
    carrier.answer = bytes_of(wav(60))

    with pytest.raises(MediaRefused, match="more than was asked for"):
        await fetched(carrier.media(longest=10), carrier.ref)


async def test_an_endless_stream_is_cut_off(carrier: Carrier) -> None:
    written = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(wav(1))
        while True:
            await response.write(bytes(64 * 1024))
            written += 64 * 1024

    carrier.answer = answer
    with pytest.raises(MediaRefused, match="more than was asked for"):
        await fetched(carrier.media(longest=10), carrier.ref)
    assert written < 20_000_000


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/RE1",
        "http://127.0.0.1:1/RE1",
        "file:///etc/passwd",
        "/line/RE1",
        "",
        "http://",
        "ht!tp://[",
        "http://169.254.169.254/latest",
    ],
)
async def test_another_host_is_never_asked(carrier: Carrier, url: str) -> None:
    with pytest.raises(MediaRefused):
        await fetched(carrier.media(), RecordingRef("RE1", url, 1))
    assert carrier.asked == []


async def test_a_host_hidden_behind_a_login_is_seen(carrier: Carrier) -> None:
    url = carrier.ref.url.replace("http://", "http://api.twilio.com@")
    await fetched(carrier.media(), RecordingRef("RE1", url, 1))

    assert carrier.asked[0][2] == LOGIN  # our own login, to the host that was really named


async def test_a_redirect_to_a_strange_host_is_refused(carrier: Carrier, stranger: Carrier) -> None:
    carrier.answer = bytes_of(b"", 307, Location=stranger.ref.url)

    with pytest.raises(MediaRefused, match="host"):
        await fetched(carrier.media(), carrier.ref)
    assert stranger.asked == []


async def test_a_redirect_to_an_allowed_host_goes_without_login(
    carrier: Carrier, stranger: Carrier
) -> None:
    carrier.answer = bytes_of(b"", 302, Location=stranger.ref.url)

    assert await fetched(carrier.media(stranger.base), carrier.ref) == wav(1)
    assert [login for *_, login in stranger.asked] == [None]


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/RE1",
        "http://192.168.1.1/RE1",
        "http://127.0.0.1:1/RE1",
        "http://[::1]/RE1",
        "http://localhost/RE1",
        "https://evil.example/RE1",
        "file:///etc/passwd",
        "//evil.example/RE1",
    ],
)
async def test_a_redirect_leads_to_no_other_address(carrier: Carrier, target: str) -> None:
    """Neither to one of this machine or network, nor to a stranger's."""
    carrier.answer = bytes_of(b"", 302, Location=target)

    with pytest.raises(MediaRefused):
        await fetched(carrier.media(), carrier.ref)
    assert len(carrier.asked) == 1


async def test_an_allowed_host_does_not_get_our_login_sent_where_it_likes(
    carrier: Carrier, stranger: Carrier
) -> None:
    """There and back: what comes home from another host comes without it."""
    stranger.answer = bytes_of(b"", 302, Location=f"{carrier.base}/line/other")

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/line/other":
            return web.Response(body=wav(1))
        return web.Response(status=302, headers={"Location": stranger.ref.url})

    carrier.answer = answer
    assert await fetched(carrier.media(stranger.base), carrier.ref) == wav(1)
    assert [login for *_, login in carrier.asked] == [LOGIN, None]
    assert [login for *_, login in stranger.asked] == [None]


async def test_a_recording_of_three_hours_is_refused_at_its_header(carrier: Carrier) -> None:
    """Told by a header alone, without a length: nobody waits for 170 MB."""
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        sound = 3 * 3_600 * 16_000
        header = wav(0)[:4] + (sound + 36).to_bytes(4, "little") + wav(0)[8:40]
        await response.write(header + sound.to_bytes(4, "little"))
        while sent < sound:
            await response.write(bytes(64 * 1024))
            sent += 64 * 1024
        return response

    carrier.answer = answer
    with pytest.raises(MediaRefused, match="more than was asked for"):
        await fetched(carrier.media(longest=300), carrier.ref)
    assert sent < 20_000_000


async def test_a_redirect_on_the_same_host_keeps_the_login(carrier: Carrier) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/sound":
            return web.Response(body=wav(1))
        return web.Response(status=302, headers={"Location": "/sound"})

    carrier.answer = answer
    assert await fetched(carrier.media(), carrier.ref) == wav(1)
    assert [login for *_, login in carrier.asked] == [LOGIN, LOGIN]


@pytest.mark.parametrize("location", ["", "/again"])
async def test_redirects_end(carrier: Carrier, location: str) -> None:
    carrier.answer = bytes_of(b"", 302, Location=location)

    with pytest.raises(MediaRefused):
        await fetched(carrier.media(), carrier.ref)
    assert len(carrier.asked) <= 4


@given(st.binary(max_size=80), st.integers(0, 60))
def test_any_header_is_read_or_refused(tail: bytes, kept: int) -> None:
    try:
        length = declared_length(wav(0)[:kept] + tail)
    except MediaBroken:
        return
    assert length is None or length >= 28


@given(st.lists(st.tuples(st.sampled_from([b"LIST", b"fact"]), st.binary(max_size=9)), max_size=4))
def test_chunks_before_the_sound_are_passed_over(chunks: list[tuple[bytes, bytes]]) -> None:
    plain = wav(1)
    extra = b"".join(
        name + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2)
        for name, body in chunks
    )
    file = plain[:36] + extra + plain[36:]

    assert declared_length(file[: len(extra) + 44]) == len(file)
    assert declared_length(file[: len(extra) + 43]) is None
