"""What a carrier can do, as values: Twilio, two servers that speak like it, and the embedded one.
The counterpart of `twiml`, which leaves out what a profile cannot do (twilio-voice §12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal

from ivr.flow.instruction import Language

CarrierName = Literal["local", "twilio", "somleng", "signalwire"]
"""What the setting `CARRIER` may say."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A `<Say>` pair; a wrong pair fails the verb, so both are always set (twilio-voice §5)."""

    language: str
    voice: str


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Who writes down live what is said: engine, model, and its code of the language. The default
    model may lack Chinese, so one is always named (twilio-voice §6)."""

    engine: str
    model: str
    language: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One carrier's abilities.

    `whisper`: a callee can be asked before both are bridged. `together`: a caller can wait in a
    queue while several phones ring, each by a call of its own. `speech`: `<Gather>` hears words, in
    the `hears` code of each language, by `model` ("" leaves it to the carrier); `hints`: it can be
    told which words to expect. `pause`: `<Pause>` exists. `ssml`: `<Say>` takes prosody.
    `transcribes`: it can write down recordings in our languages; `live`: it does so in pieces
    while it records, by these recognisers. `time_limit`: `<Dial>` ends a long talk.
    `record_options`: `<Record>` takes trim and events. `gather_key`, `record_key`: the action is
    told which key ended the input. `signature` is the header of its webhooks. `api` is the
    default REST base, "" where it must be set. `overrides` is the URL fragment that sets time-outs
    and retries, "" where the carrier has none. Ids of accounts, calls and recordings are opaque
    with every profile."""

    name: CarrierName
    voices: Mapping[Language, Voice]
    hears: Mapping[Language, str]
    whisper: bool = True
    together: bool = True
    speech: bool = True
    model: str = ""
    pause: bool = True
    ssml: bool = True
    transcribes: bool = False
    live: Mapping[Language, Recogniser] = field(default_factory=dict)
    hints: bool = True
    time_limit: bool = True
    record_options: bool = True
    gather_key: bool = True
    record_key: bool = True
    signature: str = "X-Twilio-Signature"
    api: str = ""
    overrides: str = ""


# Three tries of at most 1.5 s to connect and 3 s to read are 13.5 s, under the hard limit of
# 15 s; by default only a failed connection would be tried again (twilio-voice §3). `all` also
# repeats the 4xx that a proxy answers while the server behind it restarts. A turn's URL is
# idempotent (design §3), so a repeat never acts twice.
_THREE_TRIES: Final = "#rc=2&rp=all&ct=1500&rt=3000&tt=14500"
# SignalWire repeats no action and knows three of these alone: one long try, instead of the 5 s
# after which it would turn to the fallback.
_ONE_TRY: Final = "#ot=2000&rt=12000&tt=14500"

_VOICES: Final[Mapping[Language, Voice]] = MappingProxyType(
    {
        "zh-CN": Voice("cmn-CN", "Polly.Zhiyu-Neural"),
        "en": Voice("en-US", "Polly.Joanna-Neural"),
    }
)
# `cmn-Hans-CN` is a recogniser's code and no `<Say>` language (twilio-voice §5).
_HEARS: Final[Mapping[Language, str]] = MappingProxyType({"zh-CN": "cmn-Hans-CN", "en": "en-US"})
_LIVE: Final[Mapping[Language, Recogniser]] = MappingProxyType(
    {language: Recogniser("google", "long", code) for language, code in _HEARS.items()}
)

TWILIO: Final = Profile(
    name="twilio",
    voices=_VOICES,
    hears=_HEARS,
    model="default",  # the one that takes Mandarin and fails over (twilio-voice §5, §6)
    live=_LIVE,
    api="https://api.twilio.com",
    overrides=_THREE_TRIES,
)
LOCAL: Final = Profile(
    name="local",
    voices=_VOICES,
    hears=_HEARS,
    hints=False,  # its words are typed: there is nothing to guess
    transcribes=True,  # words typed during a recording; Twilio writes down English only
    overrides=_THREE_TRIES,
)
SOMLENG: Final = Profile(  # self-hosted, so CARRIER_URL says where
    name="somleng",
    # Both engines of a voice are in its list; an older list holds the standard one alone.
    voices=MappingProxyType(
        {"zh-CN": Voice("cmn-CN", "Polly.Zhiyu"), "en": Voice("en-US", "Polly.Joanna")}
    ),
    hears=_HEARS,
    whisper=False,
    together=False,
    speech=False,
    pause=False,
    ssml=False,
    hints=False,
    time_limit=False,
    record_options=False,
    gather_key=False,
    record_key=False,
)
SIGNALWIRE: Final = Profile(  # https://SPACE.signalwire.com/api/laml, so CARRIER_URL says which
    name="signalwire",
    voices=_VOICES,
    # It documents no codes of its recogniser, but refers to those of its voices.
    hears=MappingProxyType({"zh-CN": "cmn-CN", "en": "en-US"}),
    gather_key=False,
    signature="X-SignalWire-Signature",  # made with the project's signing key, not its API token
    overrides=_ONE_TRY,
)
_PROFILES: Final[Mapping[CarrierName, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (TWILIO, SOMLENG, SIGNALWIRE, LOCAL)}
)


def profile_of(carrier: CarrierName) -> Profile:
    """The abilities of the carrier that the settings name."""
    return _PROFILES[carrier]


def without_words(profile: Profile) -> Profile:
    """The same carrier, which nobody asks to write down what is said."""
    return replace(profile, transcribes=False, live={})
