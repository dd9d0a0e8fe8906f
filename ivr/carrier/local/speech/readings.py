"""How words are read: phonemes in Kokoro's alphabet. Only the engine's own process and
`tools.voices` import it: what it needs belongs to the extra `speech`.

Mandarin by pypinyin and misaki; English by espeak-ng, run as a program. The tables hold what
those get wrong, found by listening and by reading back.
"""

import functools
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import jieba
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin, load_phrases_dict

from ivr.flow.instruction import Language

DIGITS_ZH: Final = "零一二三四五六七八九"
DIGITS_EN: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

READINGS: Final[Mapping[str, str]] = {
    "重听": "chóng tīng", "重输": "chóng shū", "涡河县": "guō hé xiàn", "尾号": "wěi hào",
    "还差": "hái chà", "嘀声": "dī shēng", "接着": "jiē zhe", "忘了": "wàng le",
    "一次": "yí cì", "一小时": "yì xiǎo shí", "谢谢": "xiè xie", "清楚": "qīng chu",
    "事情": "shì qing",
}  # fmt: skip
"""Mandarin words that a dictionary reads otherwise."""

TOGETHER: Final = (
    "核验", "按键", "井号", "星号", "工单", "查询码", "核验码", "验证码", "名录", "回拨",
    "嘀声", "末四位", "代接人", "承办人", "督办员", "在岗", "尾号",
)  # fmt: skip
"""Words that are said in one breath."""

RESPELLED: Final[Mapping[str, str]] = {
    "Dongcheng": "Doong-chung", "Guohe": "Gwaw-huh", "Beiling": "Bay-ling", "Xihe": "Shee-huh",
    "Zhitong": "Jer-toong", "PIN": "pin", " use the": " yooz the",
}  # fmt: skip
"""Names as an English voice says them best."""

_MARKS: Final = str.maketrans({
    "，": ",", "、": ",", "。": ".", "；": ",", "：": ",", "？": "?", "！": "!", ";": ",",
    ":": ",", **dict.fromkeys("《》“”‘’「」『』【】〈〉（）()\"'·—…-", " "),
})  # fmt: skip
_NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})
_HAN: Final = re.compile(r"[一-鿿]+|[^一-鿿]+")
_SILENT: Final = re.compile(r"[\s,.?!]*")
# espeak-ng's American sounds in the alphabet that Kokoro was trained on; longer ones first.
_SOUNDS: Final = (
    ("e^ɪ", "A"), ("a^ɪ", "I"), ("o^ʊ", "O"), ("a^ʊ", "W"), ("ɔ^ɪ", "Y"), ("t^ʃ", "ʧ"),
    ("d^ʒ", "ʤ"), ("ə^l", "ᵊl"), ("n̩", "ᵊn"), ("oː^ɹ", "ɔɹ"), ("oːɹ", "ɔɹ"), ("ɚ", "əɹ"),
    ("ɜː", "ɜɹ"), ("ɾ", "T"), ("ʔ", "t"), ("r", "ɹ"), ("g", "ɡ"), ("^", ""), ("ː", ""),
    ("ɹɹ", "ɹ"),
)  # fmt: skip


class Unreadable(ValueError):
    """Words that this voice cannot say; another has to."""


def phonemes(text: str, language: Language, words: Mapping[str, str] = _NO_WORDS) -> str:
    """A text as it is read; `words` are names with their readings, as the register has them: pinyin
    with tone marks, or English respelled. Raises Unreadable for signs that nobody taught us, and
    where espeak-ng, which reads English, is not to be had."""
    if language == "zh-CN":
        for word, said in words.items():
            _teach(word, said)
        return _mandarin(text)
    return _english(text, words)


def prepare(folder: Path | None = None) -> None:
    """Teach the dictionaries our words; once, before the first sentence. What is worked out for
    that is kept in `folder`, else where anybody on this machine could put their own."""
    if folder is not None:
        jieba.dt.tmp_dir = str(folder)
    for word in TOGETHER:
        jieba.add_word(word)
    for word, said in READINGS.items():
        _teach(word, said)


@functools.cache
def _teach(word: str, said: str) -> None:
    load_phrases_dict({word: [[one] for one in said.split()]})
    jieba.add_word(word)


_COUNTED: Final = re.compile(r"(第?)(\d{1,4})(?=([月日号天版年个次位家条岁期项件分秒%％]|小时)?)")


def in_words(sentence: str) -> str:
    """Figures as Mandarin says them: a date and what is counted as numbers, a key 一, others digit
    by digit, in a number of three or of seven and more 幺: 110 幺幺零."""
    sentence = re.sub(r"\d{4}(?=年)", lambda found: _one_by_one(found[0]), sentence)
    counted = _COUNTED.sub(_counted, sentence)
    return re.sub(r"\d+", lambda found: _digits(found[0]), counted)


def _counted(found: re.Match[str]) -> str:
    figure, of = int(found[2]), found[3]
    if not found[1] and of is None:
        return found[0]
    two = figure == 2 and not found[1] and of in {"天", "个", "次", "位", "家", "条", "件", "小时"}
    return f"{found[1]}{'两' if two else _cardinal(figure)}"


def _digits(digits: str) -> str:
    said = _one_by_one(digits)
    return said.replace("一", "幺") if len(digits) == 3 or len(digits) >= 7 else said


def _one_by_one(digits: str) -> str:
    return "".join(DIGITS_ZH[int(digit)] for digit in digits)


def _cardinal(figure: int) -> str:
    """A number below 10,000 in words."""
    if figure < 10:
        return DIGITS_ZH[figure]
    said, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, figure = divmod(figure, unit)
        gap = gap or (bool(said) and not digit)
        if digit:
            said += f"{'零' if gap and said else ''}{DIGITS_ZH[digit]}{name}"
            gap = False
    return said.removeprefix("一") if said.startswith("一十") else said


def _mandarin(sentence: str) -> str:
    pieces = _HAN.findall(in_words(sentence).translate(_MARKS))
    said = []
    for piece in pieces:
        if "一" <= piece[0] <= "鿿":
            said.append(_clause(piece))
        elif _SILENT.fullmatch(piece):
            said.append(f"{' '.join(piece.split())} ")
        else:
            raise Unreadable(f"{piece!r} is no Mandarin")
    return "".join(said).strip()


def _clause(clause: str) -> str:
    words = [
        lazy_pinyin(word, Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
        for word in jieba.lcut(clause)
    ]
    said = ["".join(map(ZHG2P.py2ipa, word)) for word in _flowing(words)]
    return " ".join(said).replace("\u032f", "")


def _flowing(words: list[list[str]]) -> list[list[str]]:
    """Tones as they change in speech: 不 rises before a falling tone; of two low tones the
    first rises, within a word and after a word of one syllable."""
    following = [syllable for word in words for syllable in word][1:]
    changed = []
    for word in words:
        heard = []
        for place, syllable in enumerate(word, 1):
            after = following.pop(0) if following else ""
            near = place < len(word) or len(word) == 1
            low = syllable.endswith("3") and after.endswith("3") and near
            rises = low or (syllable == "bu4" and after.endswith("4"))
            heard.append(f"{syllable[:-1]}2" if rises else syllable)
        changed.append(heard)
    return changed


def _english(sentence: str, words: Mapping[str, str]) -> str:
    """Short figures are numbers, as in dates; longer ones are said digit by digit."""
    for name, spelled in {**words, **RESPELLED}.items():
        sentence = sentence.replace(name, spelled)
    if not sentence.isascii():
        raise Unreadable("not all of it is English")
    sentence = re.sub(
        r"(?<!\d)(?:\d|\d{3,})(?!\d)",
        lambda found: " ".join(DIGITS_EN[int(digit)] for digit in found[0]),
        sentence,
    )
    clauses = re.findall(r"[^,;:.?!]+|[,;:.?!]", sentence)
    said = "".join(c if c in ",;:.?!" else f" {_espeak(c)}" for c in clauses if c.strip())
    return said.strip()


def _espeak(clause: str) -> str:
    try:
        spoken = subprocess.run(
            ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", "en-us", "--stdin"],  # noqa: S607 - by PATH
            input=clause.strip(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as wrong:
        raise Unreadable("espeak-ng, which reads English, does not run") from wrong
    sounds = " ".join(spoken.stdout.split())
    for heard, kokoro in _SOUNDS:
        sounds = sounds.replace(heard, kokoro)
    return sounds
