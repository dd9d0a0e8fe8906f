"""Which carrier carries the calls: the embedded one, which is part of this server, or one outside,
of which only an account is known. Chosen by the settings; used by `server.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from deployment.plans import local_day
from deployment.settings import Secrets, Settings
from ivr.carrier.account import Account
from ivr.carrier.calls import CallRows
from ivr.carrier.client import Messages, RecordingRows
from ivr.carrier.fallback import TEXT_STATUS_PATH
from ivr.carrier.local.bank import Bank
from ivr.carrier.local.line import LocalLine
from ivr.carrier.local.rest import REST_PATH
from ivr.carrier.local.speech.synthesiser import Speech, engine_command
from ivr.carrier.numbers import Setting
from ivr.carrier.profiles import Profile, profile_of, without_words
from ivr.carrier.recordings import Media, MediaRules
from ivr.conversation.pieces import Pieces
from ivr.engine.process import EngineProcess
from ivr.flow.world import Plan
from ivr.library.greetings import greetings
from ivr.ports.recordings import Sound, Transcriber
from ivr.transcription.engines import Carrier, NoTranscriber
from ivr.transcription.hot_words import Expect, nothing_expected
from ivr.transcription.local import Local
from ivr.transcription.openai import MODEL, Far, OpenAi
from routing.ports import Clock


def tokens(keys: Secrets) -> Sequence[str]:
    """All that may sign webhooks; the first is also the one that we ask with."""
    return [token.strip() for token in keys.token.split(",")]


def account_of(settings: Settings, keys: Secrets) -> Account:
    """Where and as whom the carrier is asked."""
    base = f"{settings.base}{REST_PATH}" if settings.carrier == "local" else settings.carrier_url
    return Account(keys.account, tokens(keys)[0], base)


def wanted_of(settings: Settings) -> Mapping[Setting, str]:
    """Where the calls to a number must go: what it has to be set to at the carrier."""
    base, tries = settings.base, profile_of(settings.carrier).overrides
    return {
        Setting.VOICE_URL: f"{base}/voice/answer{tries}",
        Setting.VOICE_METHOD: "POST",
        Setting.FALLBACK_URL: settings.fallback_url or f"{base}/voice/fallback{tries}",
        Setting.FALLBACK_METHOD: "GET" if settings.fallback_url else "POST",
        Setting.STATUS_URL: f"{base}/voice/status{tries}",
        Setting.STATUS_METHOD: "POST",
    }


def speech_of(settings: Settings, plan: Callable[[], Plan], clock: Clock) -> Speech | None:
    """The voice for what is not recorded; None without the extra `speech`, on a Python that it is
    not made for, where it is not wanted, and where another carries the calls."""
    if settings.carrier != "local" or settings.speech == "none":
        return None
    command = engine_command(settings.data_dir / "line" / "speech")
    if command is None:
        return None
    return Speech(
        command,
        lambda: [(name.text, name.language, name.reading) for name in plan().directory.lexicon],
        lambda: greetings(plan(), local_day(settings, clock)),
    )


def receipts_at(settings: Settings) -> str:
    """Where the carrier tells how each text went. What it never tells it is asked for later, so a
    carrier without such callbacks is none the worse."""
    return f"{settings.base}{TEXT_STATUS_PATH}{profile_of(settings.carrier).overrides}"


@dataclass(frozen=True, slots=True)
class Voices:
    """What the embedded carrier speaks with, beside espeak-ng."""

    bank: Bank
    speech: Speech | None = None


def local_line(
    settings: Settings,
    keys: Secrets,
    clock: Clock,
    numbers: Callable[[], Sequence[str]],
    voices: Voices,
) -> LocalLine | None:
    """The embedded carrier, with the published `numbers`; none where another carries the calls."""
    if settings.carrier != "local":
        return None
    wanted = wanted_of(settings)
    return LocalLine(
        base_url=settings.base,
        voice_url=wanted[Setting.VOICE_URL],
        fallback_url=wanted[Setting.FALLBACK_URL],
        status_url=wanted[Setting.STATUS_URL],
        account_sid=keys.account,
        auth_token=tokens(keys)[0],
        data_dir=settings.data_dir,
        clock=clock,
        numbers=numbers,
        bank=voices.bank,
        speech=voices.speech,
    )


def carrier_of(settings: Settings) -> Profile:
    """The carrier as it is used: nobody asks it for words where the recording alone counts."""
    profile = profile_of(settings.carrier)
    return profile if settings.transcriber == "carrier" else without_words(profile)


def transcriber(
    settings: Settings,
    rows: RecordingRows,
    pieces: Pieces,
    sound: Sound,
    expect: Expect = nothing_expected,
    *,
    engine: EngineProcess | None = None,
) -> Transcriber:
    """Who turns a kept recording into words: an `engine` on this machine or a server of one's own,
    which are told what to `expect`, or the carrier, where it hears our languages, in pieces while
    it records or in one afterwards."""
    if engine is not None:
        return Local(engine, sound, expect)
    if settings.transcriber == "openai":
        model = settings.transcriber_model or MODEL
        return OpenAi(Far(settings.transcriber_url, model, settings.transcriber_key), sound, expect)
    profile = carrier_of(settings)
    if profile.live:
        return Carrier(pieces.words)
    return Carrier(rows.words) if profile.transcribes else NoTranscriber()


@dataclass(frozen=True, slots=True)
class Rest:
    """The carrier's REST side, by what is asked there."""

    account: Account
    messages: Messages
    calls: CallRows
    recordings: RecordingRows
    media: Media


def rest_of(
    settings: Settings, keys: Secrets, session: aiohttp.ClientSession, longest: int
) -> Rest:
    """The REST side over one session, which its maker closes; `longest` is seconds of sound."""
    account = account_of(settings, keys)
    rules = MediaRules(longest=longest, hosts=frozenset(settings.further_media_hosts))
    return Rest(
        account,
        Messages(account, session, receipts_at(settings)),
        CallRows(account, session),
        RecordingRows(account, session),
        Media(account, session, rules),
    )
