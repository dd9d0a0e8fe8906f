"""A transcriber over HTTP that lies, hangs, redirects and never ends."""

import asyncio
import contextlib
import gzip
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.flow.instruction import Language
from ivr.ports.recordings import Transcript
from ivr.transcription.hot_words import HotWords
from ivr.transcription.openai import (
    AT_ONCE,
    MOST_ANSWER,
    MOST_SOUND,
    PATH,
    Far,
    OpenAi,
)
from ivr.transcription.spoken import MOST
from routing.handoff import LONGEST_WAIT, HandoffError, NotYet, Refused, TryAgain
from tests.ivr.transcription.test_spoken import ENDLESS

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
PIECE = 1_000
PACKED = gzip.compress(b'{"text": "no water"}')
SOUND = bytes(range(256)) * 10


class Shelf:
    """Sound in pieces; `size` may be told wrong."""

    def __init__(self, sound: bytes | None = SOUND) -> None:
        self.sound = sound
        self.told: int | None = None if sound is None else len(sound)

    async def size(self, sid: str) -> int | None:
        return self.told

    async def piece(self, sid: str, number: int) -> bytes:
        return (self.sound or b"")[number * PIECE : (number + 1) * PIECE]


class Server:
    """Keeps what it was told and answers as a test says."""

    def __init__(self) -> None:
        self.answer: Answer = says({"text": "路灯坏了。"})
        self.forms: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.base = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.heads.append({**request.headers, "path": request.path})
        form = await request.post()
        self.forms.append({name: read(value) for name, value in form.items()})
        return await self.answer(request)

    def asked_by(self, shelf: Shelf | None = None, *, key: str = "", seconds: float = 20) -> OpenAi:
        return OpenAi(Far(self.base, "base", key, seconds), shelf or Shelf())


def read(value: object) -> object:
    if not isinstance(value, web.FileField):
        return value
    with value.file as file:
        return file.read()


def says(told: object, status: int = 200, **headers: str) -> Answer:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return answer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with started() as one:
        yield one


@contextlib.asynccontextmanager
async def started() -> AsyncIterator[Server]:
    one = Server()
    app = web.Application(client_max_size=MOST_SOUND)
    app.router.add_route("*", "/{path:.*}", one.take)
    async with TestServer(app, host="127.0.0.1") as running:
        one.base = str(running.make_url("/asr"))
        yield one


async def test_the_sound_goes_out_whole_and_words_come_back(server: Server) -> None:
    words = await server.asked_by(key="hush").transcribe("RE1", "zh-CN")

    assert words == Transcript("路灯坏了。", "openai", "zh-CN")
    assert server.forms == [
        {
            "model": "base",
            "language": "zh",
            "response_format": "verbose_json",
            "temperature": "0",
            "prompt": "以下是普通话的句子。",
            "file": SOUND,
        }
    ]
    (head,) = server.heads
    assert head["path"] == "/asr" + PATH
    assert head["Authorization"] == "Bearer hush"
    assert "Transfer-Encoding" not in head
    assert "RE1" not in str(server.heads)


async def test_without_a_key_nobody_logs_in(server: Server) -> None:
    await server.asked_by().transcribe("RE1", "en")

    assert "Authorization" not in server.heads[0]
    assert "prompt" not in server.forms[0]


async def test_a_server_is_told_what_may_be_said_and_its_echo_is_none(server: Server) -> None:
    asked: list[tuple[str, Language]] = []

    async def expect(sid: str, language: Language) -> HotWords:
        asked.append((sid, language))
        return HotWords(("云岭市", "停水", "路灯"))

    engine = OpenAi(Far(server.base, "base"), Shelf(), expect)
    server.answer = says({"text": "云岭市、停水、路灯。"})
    assert await engine.transcribe("RE1", "zh-CN") is None
    server.answer = says({"text": "停水"})
    assert await engine.transcribe("RE1", "zh-CN") is not None

    assert asked == [("RE1", "zh-CN")] * 2
    assert server.forms[0]["prompt"] == "以下是普通话的句子。云岭市、停水、路灯。"


async def test_a_server_without_phrases_is_asked_for_text_and_remembered(server: Server) -> None:
    async def text_alone(request: web.Request) -> web.StreamResponse:
        known = (await request.post())["response_format"] == "json"
        return await says({"text": "停水"} if known else {}, 200 if known else 400)(request)

    server.answer = text_alone
    engine = server.asked_by()
    for _ in range(2):
        assert await engine.transcribe("RE1", "zh-CN") == Transcript("停水", "openai", "zh-CN")

    assert [form["response_format"] for form in server.forms] == ["verbose_json", "json", "json"]


async def test_phrases_are_joined_without_those_of_silence(server: Server) -> None:
    server.answer = says(
        {
            "text": "all of it",
            "segments": [
                {"text": " 路灯坏了。", "avg_logprob": math.log(0.75), "no_speech_prob": 0.01},
                {"text": "嗯嗯", "avg_logprob": -1.4, "no_speech_prob": 0.9},
                {"text": "请不吝点赞 订阅 转发"},
                {"text": "快来修。", "avg_logprob": "high", "no_speech_prob": None},
                {"text": 7},
                "nonsense",
                None,
            ],
        }
    )

    words = await server.asked_by().transcribe("RE1", "zh-CN")

    assert words is not None
    assert words.text == "路灯坏了。 快来修。"
    assert [phrase.length for phrase in words.phrases] == [5, 4]
    assert words.confidence == pytest.approx(0.75)
    assert words.phrases[1].confidence is None


@pytest.mark.parametrize("sound", [None, b"", b"RIFF" + bytes(40)])
async def test_nothing_is_asked_of_a_recording_without_sound(
    server: Server, sound: bytes | None
) -> None:
    assert await server.asked_by(Shelf(sound)).transcribe("RE1", "en") is None
    assert server.forms == []


async def test_three_hours_are_for_a_person_to_hear(server: Server) -> None:
    shelf = Shelf()
    shelf.told = 3 * 3600 * 16_000

    with pytest.raises(Refused, match="too long"):
        await server.asked_by(shelf).transcribe("RE1", "en")
    assert server.forms == []


@pytest.mark.parametrize("told", [len(SOUND) - 500, len(SOUND) + 500])
async def test_a_recording_that_changes_under_way_is_asked_for_again(
    server: Server, told: int
) -> None:
    shelf = Shelf()
    shelf.told = told

    with pytest.raises(TryAgain):
        await server.asked_by(shelf).transcribe("RE1", "en")


@pytest.mark.parametrize("text", ["", " ", "谢谢观看。", "Thank you for watching!"])
async def test_words_of_silence_are_none(server: Server, text: str) -> None:
    server.answer = says({"text": text})

    assert await server.asked_by().transcribe("RE1", "zh-CN") is None


def phrases(*texts: str, logprob: float = -0.4, no_speech: float = 0.3) -> dict[str, object]:
    told = {"avg_logprob": logprob, "no_speech_prob": no_speech, "compression_ratio": 1.1}
    return {"text": "".join(texts), "segments": [{"text": text, **told} for text in texts]}


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "", "segments": []},
        {"text": ".", "segments": [{"text": "."}]},
        phrases("字幕志愿者 某某某"),
        phrases("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目"),
        phrases(" Thank you for watching!", " Thanks for watching."),
        phrases("嗯", "啊", logprob=-1.4, no_speech=0.9),
        phrases("(音乐)", "[音乐]", "♪♪♪"),
        phrases(" [Music]", " (upbeat music)", " ♪ la la la ♪"),
        phrases("作词 李某某", "作曲 李某某", "我们下期再见"),
        {"text": "<|zh|><|EMO_UNKNOWN|><|BGM|><|woitn|>"},
        {"text": "<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|>🎼"},
        phrases("嘟嘟嘟嘟嘟", "哔——哔——"),
        phrases(" (fax machine beeping)", " *beeping*", " Beep. Beep. Beep."),
        {"text": "[BLANK_AUDIO]"},
        {"text": " you"},
    ],
    ids=str,
)
async def test_silence_music_and_a_fax_say_nothing(server: Server, answer: object) -> None:
    """As whisper servers and FunASR write them down."""
    server.answer = says(answer)

    assert await server.asked_by().transcribe("RE1", "zh-CN") is None


async def test_a_tone_that_is_heard_as_words_without_end_says_nothing(server: Server) -> None:
    loop = {"text": "好的好的" * 60, "avg_logprob": -0.02, "compression_ratio": 30.0}
    for answer in ({"text": "", "segments": [loop]}, {"text": loop["text"]}):
        server.answer = says(answer)

        assert await server.asked_by().transcribe("RE1", "zh-CN") is None


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (says(b"<html>welcome</html>"), TryAgain, "TRANSCRIBER_URL"),
        (says(b""), TryAgain, "no text"),
        (says(b"[" * 10_000), TryAgain, "no text"),
        (says(["text"]), TryAgain, "no text"),
        (says(PACKED, 200, **{"Content-Encoding": "gzip"}), TryAgain, "no text"),
        (says({"text": None}), TryAgain, "no text"),
        (says(b'{"text": "\xff"}'), TryAgain, "no text"),
        (says({"text": "x" * MOST_ANSWER}), TryAgain, "more than"),
        (says({}, 500), TryAgain, "500"),
        (says({}, 503), TryAgain, "503"),
        (says({}, 408), TryAgain, "408"),
        (says({}, 401), Refused, "TRANSCRIBER_KEY"),
        (says({}, 403), Refused, "TRANSCRIBER_KEY"),
        (says({}, 404), Refused, "TRANSCRIBER_URL"),
        (says({}, 413), Refused, "cannot take it"),
        (says({}, 422), Refused, "cannot take it"),
        (says({}, 204), Refused, "cannot take it"),
    ],
)
async def test_nonsense_is_a_sentence(
    server: Server, answer: Answer, error: type[HandoffError], sentence: str
) -> None:
    server.answer = answer

    with pytest.raises(error, match=sentence):
        await server.asked_by(key="hush").transcribe("RE1", "zh-CN")


async def test_a_server_that_once_refused_is_asked_for_phrases_again(server: Server) -> None:
    engine = server.asked_by()
    server.answer = says({}, 400)
    with pytest.raises(Refused):
        await engine.transcribe("RE1", "en")
    server.answer = says({"text": "no water"})
    await engine.transcribe("RE2", "en")

    assert server.forms[-1]["response_format"] == "verbose_json"


async def test_hostile_text_is_bounded_text(server: Server) -> None:
    server.answer = says({"text": "<script>\u202e\u0000</script>" + ENDLESS})

    words = await server.asked_by().transcribe("RE1", "zh-CN")

    assert words is not None
    assert words.text.startswith("<script></script>一")
    assert len(words.text) <= MOST


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("90", 90),
        ("999999", LONGEST_WAIT.total_seconds()),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0),
        ("9" * 90, 0),
    ],
)
async def test_a_server_that_wants_to_be_left_alone_is(
    server: Server, told: str, seconds: float
) -> None:
    server.answer = says({}, 429, **{"Retry-After": told})

    with pytest.raises(TryAgain, match="429") as later:
        await server.asked_by().transcribe("RE1", "en")
    assert later.value.after == timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_sound_and_login_follow_no_redirect(server: Server, status: int) -> None:
    async with started() as stranger:
        server.answer = says({}, status, Location=stranger.base + PATH)

        with pytest.raises(Refused, match=str(status)):
            await server.asked_by(key="hush").transcribe("RE1", "en")
        assert stranger.heads == []


async def test_a_server_that_never_answers_is_tried_again(server: Server) -> None:
    gone = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        await gone.wait()
        return web.Response()

    server.answer = hang
    with pytest.raises(TryAgain, match="no answer"):
        await server.asked_by(seconds=0.2).transcribe("RE1", "en")
    gone.set()


async def test_an_answer_without_end_is_tried_again(server: Server) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await answer.write(b" ")
                await asyncio.sleep(0.01)
        return answer

    server.answer = drip
    with pytest.raises(TryAgain, match="without end"):
        await server.asked_by(seconds=0.3).transcribe("RE1", "en")


async def test_a_server_that_is_gone_is_tried_again(server: Server) -> None:
    async with started() as other:
        engine = other.asked_by()

    with pytest.raises(TryAgain, match="no answer"):
        await engine.transcribe("RE1", "en")


async def test_a_slow_server_holds_no_more_than_its_share_of_the_work(server: Server) -> None:
    let_go = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await let_go.wait()
        return await says({"text": "no water"})(request)

    server.answer = slow
    engine = server.asked_by()
    async with asyncio.TaskGroup() as group:
        for number in range(AT_ONCE):
            group.create_task(engine.transcribe(f"RE{number}", "en"))
        while len(server.forms) < AT_ONCE:
            await asyncio.sleep(0)
        with pytest.raises(NotYet, match="other recordings"):
            await engine.transcribe("RE9", "en")
        let_go.set()

    assert await engine.transcribe("RE9", "en") is not None


async def test_a_key_is_not_shown() -> None:
    assert "hush" not in repr(Far("https://words.example", "base", "hush"))
