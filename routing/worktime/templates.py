"""What closes offices most often, with the words that callers hear: an order in a hurry is chosen,
not written. An admin may change the words of each."""

from dataclasses import dataclass
from typing import Final

from routing.register import Names


@dataclass(frozen=True, slots=True)
class Template:
    """A reason and its words, without the mark at the end: when it opens again is said behind
    them."""

    id: str
    reason: Names
    words: Names


def _template(name: str, reason: tuple[str, str], words: tuple[str, str]) -> Template:
    (zh, en), (said_zh, said_en) = reason, words
    return Template(name, {"zh-CN": zh, "en": en}, {"zh-CN": said_zh, "en": said_en})


TEMPLATES: Final = (
    _template(
        "typhoon",
        ("台风", "Typhoon"),
        ("因台风影响，现暂停对外办公", "We are closed because of the typhoon"),
    ),
    _template(
        "flood",
        ("暴雨内涝", "Heavy rain and flooding"),
        ("因暴雨内涝，现暂停对外办公", "We are closed because of heavy rain and flooding"),
    ),
    _template(
        "ice",
        ("雨雪冰冻", "Snow and ice"),
        ("因雨雪冰冻天气，现暂停对外办公", "We are closed because of snow and ice"),
    ),
    _template(
        "power_cut",
        ("停电", "Power cut"),
        ("因办公场所停电，现暂停接听电话", "We cannot take calls because of a power cut"),
    ),
    _template(
        "moving",
        ("搬迁", "Moving"),
        ("因办公场所搬迁，现暂停对外办公", "We are closed because the office is moving"),
    ),
)
"""In the order in which they are offered."""
