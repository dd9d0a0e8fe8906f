"""Phrase id and language to text; dates and times as they are spoken (prompts §1).
The counterpart of `ivr/phrases`, where the words are; `slots` fills what changes."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from ivr.flow.instruction import Language
from routing.numbers.forms import spoken_digits

_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
Fill = Callable[[str], str]


class PhraseError(LookupError):
    """A phrase that is not in the book; `review` finds it before a script is published."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text split at its slots: literal, slot, literal, slot ... literal."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Phrase":
        """Split a text."""
        return cls(tuple(_SLOT.split(text)))

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the slots, in order."""
        return self.parts[1::2]

    def fill(self, fill: Fill) -> str:
        """The text with its slots filled; a name that begins it begins with a capital."""
        if len(self.parts) == 1:
            return self.parts[0]
        text = "".join([fill(part) if place % 2 else part for place, part in enumerate(self.parts)])
        return text if self.parts[0] else text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Every phrase of every language, at parity."""

    texts: Mapping[Language, Mapping[str, Phrase]]

    def plain(self, phrase: str, language: Language) -> str | None:
        """A phrase without slots, as most are; None for any other."""
        found = self.texts[language].get(phrase)
        return found.parts[0] if found is not None and len(found.parts) == 1 else None

    def say(self, phrase: str, language: Language, fill: Fill) -> str:
        """One phrase as spoken. Raises PhraseError for an id that the book lacks."""
        found = self.texts[language].get(phrase)
        if found is None:
            raise PhraseError(f"no phrase {phrase!r} in {language}; add it to ivr/phrases")
        return found.fill(fill)

    def keys(self, keys: Iterable[str], language: Language) -> str:
        """Menu keys as every prompt writes them, in figures, which a voice reads 一 and "one";
        幺 stands for 1 only inside numbers, which are spelled out (prompts §1)."""
        return ("、" if language == "zh-CN" else ", ").join(keys)


_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS: Final[Mapping[Language, tuple[str, ...]]] = {
    "zh-CN": tuple(f"星期{day}" for day in "一二三四五六日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def spoken_date(day: date, today: date, language: Language, *, weekday: bool = False) -> str:
    """Month and day; the weekday for promises; the year only when older than twelve months or
    not this year."""
    year = _needs_year(day, today)
    if language == "zh-CN":
        text = f"{day.year}年" if year else ""
        text += f"{day.month}月{day.day}日"
        return text + (_DAYS[language][day.weekday()] if weekday else "")
    text = f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")
    return f"{_DAYS[language][day.weekday()]}, {text}" if weekday else text


def _needs_year(day: date, today: date) -> bool:
    return day.year != today.year


def spoken_time(hour: int, minute: int, language: Language) -> str:
    """A time in words: 上午九点半; half past nine in the morning."""
    if language == "zh-CN":
        return _part_of_day_zh(hour) + _clock_zh(hour, minute)
    if minute == 0 and hour % 12 == 0:
        return "noon" if hour else "midnight"
    return f"{_clock_en(hour, minute)} {_part_of_day_en(hour)}"


def _part_of_day_zh(hour: int) -> str:
    for end, name in ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < end:
            return name
    return "晚上"


_HOURS_ZH: Final = ("十二", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十", "十一")


def _clock_zh(hour: int, minute: int) -> str:
    hours = _HOURS_ZH[hour % 12] if hour else "零"
    if minute == 0:
        return f"{hours}点"
    return f"{hours}点半" if minute == 30 else f"{hours}点{_minutes_zh(minute)}分"


def _minutes_zh(minute: int) -> str:
    ones = "零一二三四五六七八九"
    tens, rest = divmod(minute, 10)
    if tens == 0:
        return f"零{ones[rest]}"
    head = "十" if tens == 1 else f"{ones[tens]}十"
    return head + (ones[rest] if rest else "")


def _part_of_day_en(hour: int) -> str:
    if hour < 12:
        return "in the morning" if hour > 5 else "at night"
    if hour < 18:
        return "in the afternoon"
    return "in the evening" if hour < 21 else "at night"


_HOURS_EN: Final = (
    "twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven",
)  # fmt: skip


_MINUTES_EN: Final[Mapping[int, str]] = {
    5: "five", 10: "ten", 15: "a quarter", 20: "twenty", 25: "twenty-five", 30: "half",
}  # fmt: skip


def _clock_en(hour: int, minute: int) -> str:
    hours = _HOURS_EN[hour % 12]
    if minute == 0:
        return hours
    if minute <= 30 and minute in _MINUTES_EN:
        return f"{_MINUTES_EN[minute]} past {hours}"
    if 60 - minute in _MINUTES_EN:
        return f"{_MINUTES_EN[60 - minute]} to {_HOURS_EN[(hour + 1) % 12]}"
    return f"{hours} oh {_digit_en(minute)}" if minute < 10 else f"{hours} {minute}"


def _digit_en(digit: int) -> str:
    return spoken_digits(str(digit), "en")


def spoken_due(at: datetime, now: datetime, zone: tzinfo, language: Language) -> str:
    """A promise: weekday, date and time, where the offices are."""
    local = at.astimezone(zone)
    day = spoken_date(local.date(), now.astimezone(zone).date(), language, weekday=True)
    time = spoken_time(local.hour, local.minute, language)
    return f"{day}{time}" if language == "zh-CN" else f"{time} on {day}"


_SOON: Final[Mapping[Language, tuple[str, str]]] = {
    "zh-CN": ("今天", "明天"),
    "en": ("today", "tomorrow"),
}


def spoken_soon(at: datetime, now: datetime, zone: tzinfo, language: Language) -> str:
    """When a door opens: 今天下午两点半, half past eight tomorrow morning; beyond tomorrow with
    weekday and date as a promise has them."""
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days not in {0, 1}:
        return spoken_due(at, now, zone, language)
    day = _SOON[language][days]
    time = spoken_time(local.hour, local.minute, language)
    if language == "zh-CN":
        return day + time
    clock, within, part = time.partition(" in the ")
    if not within:
        return f"{time} {day}"
    return f"{clock} {'tomorrow' if days else 'this'} {part}"


def written_due(at: datetime, now: datetime, zone: tzinfo, language: Language) -> str:
    """The same promise to be read: in figures, on the clock of 24 hours."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if language == "en":
        return f"{local:%H:%M} on {spoken_date(local.date(), today, language, weekday=True)}"
    weekday = _DAYS[language][local.weekday()]
    return f"{spoken_date(local.date(), today, language)}（{weekday}）{local:%H:%M}"
