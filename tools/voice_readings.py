"""How each fixed sentence is read: its phonemes in Kokoro's alphabet, for `tools.voices`.

Mandarin by pypinyin and misaki; English by espeak-ng, run as a program. The tables hold what
those get wrong, found by listening and by reading back.
"""

import re
import subprocess
from collections.abc import Mapping
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
    "嘀声", "末四位", "代接人", "经办人", "督办员", "在岗", "尾号",
)  # fmt: skip
"""Words that are said in one breath."""

RESPELLED: Final[Mapping[str, str]] = {
    "Dongcheng": "Doong-chung", "Guohe": "Gwaw-huh", "Beiling": "Bay-ling", "Xihe": "Shee-huh",
    "Zhitong": "Jer-toong", "PIN": "pin", " use the": " yooz the",
}  # fmt: skip
"""Names as an English voice says them best."""

_MARKS: Final = str.maketrans({
    "，": ",", "、": ",", "。": ".", "；": ",", "：": ",", "？": "?", "！": "!",
})  # fmt: skip
_HAN: Final = re.compile(r"[一-鿿]+|[^一-鿿]+")
# espeak-ng's American sounds in the alphabet that Kokoro was trained on; longer ones first.
_SOUNDS: Final = (
    ("e^ɪ", "A"), ("a^ɪ", "I"), ("o^ʊ", "O"), ("a^ʊ", "W"), ("ɔ^ɪ", "Y"), ("t^ʃ", "ʧ"),
    ("d^ʒ", "ʤ"), ("ə^l", "ᵊl"), ("n̩", "ᵊn"), ("oː^ɹ", "ɔɹ"), ("oːɹ", "ɔɹ"), ("ɚ", "əɹ"),
    ("ɜː", "ɜɹ"), ("ɾ", "T"), ("ʔ", "t"), ("r", "ɹ"), ("g", "ɡ"), ("^", ""), ("ː", ""),
    ("ɹɹ", "ɹ"),
)  # fmt: skip


def phonemes(sentence: str, language: Language) -> str:
    """One sentence as it is read."""
    return _mandarin(sentence) if language == "zh-CN" else _english(sentence)


def prepare() -> None:
    """Teach the dictionaries our words; once, before the first sentence."""
    load_phrases_dict({word: [[one] for one in said.split()] for word, said in READINGS.items()})
    for word in (*TOGETHER, *READINGS):
        jieba.add_word(word)


def in_words(sentence: str) -> str:
    """Figures as Mandarin says them: a key 一, a short number digit by digit, 110 幺幺零."""

    def said(found: re.Match[str]) -> str:
        words = "".join(DIGITS_ZH[int(digit)] for digit in found[0])
        return words.replace("一", "幺") if len(words) == 3 else words

    return re.sub(r"\d+", said, sentence)


def _mandarin(sentence: str) -> str:
    pieces = _HAN.findall(in_words(sentence).translate(_MARKS))
    said = (_clause(piece) if "一" <= piece[0] <= "鿿" else f"{piece} " for piece in pieces)
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


def _english(sentence: str) -> str:
    for name, spelled in RESPELLED.items():
        sentence = sentence.replace(name, spelled)
    sentence = re.sub(
        r"\d+", lambda found: " ".join(DIGITS_EN[int(digit)] for digit in found[0]), sentence
    )
    clauses = re.findall(r"[^,;:.?!]+|[,;:.?!]", sentence)
    said = "".join(c if c in ",;:.?!" else f" {_espeak(c)}" for c in clauses if c.strip())
    return said.strip()


def _espeak(clause: str) -> str:
    spoken = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", "en-us", "--stdin"],
        input=clause.strip(),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    sounds = " ".join(spoken.stdout.split())
    for heard, kokoro in _SOUNDS:
        sounds = sounds.replace(heard, kokoro)
    return sounds
