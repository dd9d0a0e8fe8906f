"""What of a recogniser's answer was spoken: its signs without those that only steer a display, its
phrases without those that such engines are known to hear in silence (dependencies §8)."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from ivr.flow.instruction import Language
from ivr.ports.recordings import Transcript
from ivr.transcription.hot_words import NOTHING_EXPECTED, HotWords, echoed
from ivr.transcription.loops import packs, without_loops
from routing.cases.words import Phrase

MOST: Final = 20_000
"""Characters kept of one recording: an hour of quick speech, as `ivr.carrier.inbound` keeps."""
MOST_READ: Final = 2 * MOST
MOST_PHRASES: Final = 2_000
"""Characters and phrases that are looked at, an hour's too: an answer that is made to be slow to
read must not keep calls waiting."""
LOOPS: Final = 2.4
"""Text that packs better than this repeats itself (Whisper's own bound)."""
_SENTENCE_END: Final = re.compile(r"(?<=[。！？!?])(?![。！？!?])|(?<=\.)(?= )")
_NO_LETTER: Final = re.compile(r"[\W_]+")
_SENTENCES: Final = (
    "(请不吝点赞|請不吝點贊|請不吝點讚).{0,40}",
    "(谢谢|感谢|謝謝|感謝)(您|你|大家)?的?(观看|收看|收听|觀看|收聽)",
    "(中文)?(字幕)+",
    "(中文)?字幕由.{1,16}(提供|制作|製作)",
    "(中文)?字幕(by|志愿者|志願者|制作人|製作人).{1,16}",
    "(优优独播剧场|優優獨播劇場)yoyotelevisionseriesexclusive",
    "(请|請)?(订阅|訂閱)(我的|我们的|我們的|本)?(频道|頻道)",
    "以下是普通话的句子(请用简体中文)?",
    "(我们)?下(期|次|集)(再见|节目再见|再會)",
    "未完待(续|續)",
    "(作词|作詞|作曲|词曲|詞曲|编曲|編曲|演唱)( [^ ]{1,12})+",
    "thank(s| you)( so much| very much)? for (watching|listening)",
    "(please )?(like and )?subscribe( to (my|our|the|this) channel)?",
    "(subtitles|captions|transcription|transcribed) by .{1,40}",
    "you",
    "(嘟|滴|嘀|哔|嗶|叮|铃|鈴){2,}",
    "(beep|boop|bip|ding|ring)( (beep|boop|bip|ding|ring))*",
)
"""Whole sentences that Whisper learned from subtitles and says where nobody spoke, or of music and
the tones of a fax, without their punctuation; a sentence that merely holds one is kept. What is
repeated in one begins with a sign that it does not hold: else a caller who names many words after
作词 would keep the server trying for years."""
_SILENCE: Final = re.compile("|".join(_SENTENCES))
_TOLD_OF: Final = re.compile(
    r"(?>\s*(?:\[[^\]]*\]|\([^)]*\)|（[^）]*）|【[^】]*】|\*[^*]*\*|[♪♫🎵🎶][^♪♫🎵🎶]*+[♪♫🎵🎶]?))++[\s.。]*"
)
"""A sentence all between brackets or notes tells of a sound ([音乐], (beeping)): it is none that a
caller says. Nothing of it is tried twice, however many brackets there are."""
_MARKS: Final = re.compile(r"<\|[^|<>]{1,32}\|>")
"""How some engines (SenseVoice) tell of language, mood and music."""


def tidy(text: str) -> str:
    """On one line, and nothing in it that cannot be seen: a sign that turns the direction of
    writing would show an official other words than were kept."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def spoken(text: str, hot: HotWords = NOTHING_EXPECTED, *, doubtful: bool = False) -> str:
    """The tidied text of a phrase or of a whole recording without the sentences of silence, without
    loops, and without `hot` come back as an echo; "" if nothing else is in it. `doubtful`: the
    engine thinks that nobody spoke; then nothing made of hot words alone is believed."""
    told = tidy(_MARKS.sub(" ", text[:MOST]))
    parts = [part for part in _SENTENCE_END.split(told) if not _silent(part)]
    kept = list(_without_echoes(without_loops(parts, str), hot, doubtful=doubtful))
    return "".join(kept).strip() if any(map(_letters, kept)) else ""


def _without_echoes(parts: Iterable[str], hot: HotWords, *, doubtful: bool) -> Iterator[str]:
    """Sentences side by side that hold hot words alone are judged as one: each may hold but one."""
    read = [(part, hot.alone(part)) for part in parts]
    for alone, group in groupby(read, key=lambda one: one[1] is not None):
        members = list(group)
        places = [place for _, found in members for place in found or ()]
        if not (alone and places and (doubtful or echoed(places))):
            yield from (part for part, _ in members)


@dataclass(frozen=True, slots=True)
class Heard:
    """A phrase as an engine of the Whisper kind tells it: how likely its words are (the mean
    natural logarithm, 0 at most), how likely nobody spoke (0 to 1), and how well its text packs:
    what repeats itself packs well."""

    text: str
    logprob: float | None = None
    no_speech: float | None = None
    compression: float | None = None

    @property
    def doubtful(self) -> bool:
        """Whether the engine thinks that nobody spoke, above Whisper's own bound."""
        return (self.no_speech or 0) > 0.6

    @property
    def nobody(self) -> bool:
        """Whisper's own rule for silence: it thinks so, and what it heard is unlikely. Its prompt
        come back is likely to it, which is why `spoken` wants to know the one without the other."""
        return self.doubtful and (self.logprob or 0) < -1

    @property
    def confidence(self) -> float | None:
        """From 0 to 1; what packs well is unsure, however sure of it the engine is."""
        if (self.compression or 0) > LOOPS:
            return 0.0
        return None if self.logprob is None else math.exp(min(self.logprob, 0.0))


def joined(
    heard: Iterable[Heard], source: str, language: Language, hot: HotWords = NOTHING_EXPECTED
) -> Transcript | None:
    """What was spoken in all phrases, up to MOST characters; None if nothing was. `hot` is what
    the engine was told to expect."""
    said = list(without_loops(_said(heard, hot), lambda one: one[0]))
    text = " ".join(words for words, _ in said)
    if not text or packs(text):
        return None
    phrases = tuple(phrase for _, phrase in said)
    told = any(phrase.confidence is not None for phrase in phrases)
    return Transcript(text, source, language, phrases if told else ())


def _said(heard: Iterable[Heard], hot: HotWords) -> Iterator[tuple[str, Phrase]]:
    """What was spoken in each phrase, as long as there is room for it."""
    left, unread = MOST, MOST_READ
    for one in islice(heard, MOST_PHRASES):
        if left <= 0 or unread <= 0:
            break
        unread -= len(one.text)
        said = "" if one.nobody else spoken(one.text, hot, doubtful=one.doubtful)
        if text := said[:left].strip():
            yield text, Phrase(len(text), one.confidence)
            left -= len(text) + 1


def _silent(sentence: str) -> bool:
    """Latin words keep a space between them; those of Chinese are written without."""
    if _TOLD_OF.fullmatch(sentence) is not None:
        return True
    words = _letters(sentence)
    return any(_SILENCE.fullmatch(form) for form in {words, words.replace(" ", "")})


def _letters(sentence: str) -> str:
    return _NO_LETTER.sub(" ", sentence).strip().lower()
