"""A week of opening hours, between values and what people write: read in Chinese or English, kept
in one form, shown in the reader's language. `hours` is its counterpart, which has the calendar."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from routing.widths import MOST, usual

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLES: Final = {
    "zh-CN": "周一至周五08:30-12:00、14:30-17:30；周六09:00-12:00",
    "en": "Mon-Fri 08:30-12:00, 14:30-17:30; Sat 09:00-12:00",
}
CLOSED_NAMES: Final = {"zh-CN": "不办公", "en": "closed"}
NOON: Final = 12 * 60
MIDNIGHT: Final = 24 * 60
PAIR: Final = 2
_CLOSED: Final = frozenset({"closed", "不办公", "不上班", "不开放", "休息", "关闭"})
_DAYS_ZH: Final = "一二三四五六日"
_GROUPS: Final = {
    "每天": range(7), "每日": range(7), "daily": range(7),
    "工作日": range(5), "weekdays": range(5),
    "周末": range(5, 7), "weekend": range(5, 7), "weekends": range(5, 7),
}  # fmt: skip
_ALL_DAY: Final = frozenset({"全天", "全天候", "24小时"})
_TO: Final = r"(?:[-–—―~〜]|至|到|to\b)"
_CLOCK: Final = r"(?:上午|早上|中午|下午|晚上)?[0-9]{1,2}[:点时](?:[0-9]{1,2}分?|半)?"
_DAY: Final = r"(?:(?:星期|礼拜|周)?[一二三四五六日天]|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)"
_WORDS: Final = "|".join(sorted((*_GROUPS, *_ALL_DAY), key=len, reverse=True))
_TOKEN: Final = re.compile(
    rf"(?P<times>{_CLOCK}\s*{_TO}\s*{_CLOCK})|(?P<word>{_WORDS})"
    rf"|(?P<days>{_DAY}(?:\s*{_TO}\s*{_DAY})?)|(?P<between>[\s,;、.]+|和|及|and\b)",
    re.IGNORECASE,
)
_UNREAD: Final = re.compile(r"[^\s,;、]+")
_TIME: Final = re.compile(r"(\D*)([0-9]{1,2})[:点时](?:([0-9]{1,2})分?|(半))?")


class HoursError(ValueError):
    """Opening hours or a calendar that cannot be read; the message says how to write it, `says` in
    every language."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)  # both, so that it can pass from one process to another
        self.says: Mapping[str, str] = {"zh-CN": zh, "en": en}

    def __str__(self) -> str:
        """As a log has it."""
        return self.says["en"]


@dataclass(frozen=True, slots=True)
class Period:
    """Minutes of a day, from `start` up to `end`; 1440 is midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Periods by weekday, Monday first. All empty: always closed."""

    days: tuple[tuple[Period, ...], ...]

    @property
    def always(self) -> bool:
        """Open around the clock: holidays change nothing."""
        return all(day == (Period(0, MIDNIGHT),) for day in self.days)

    @property
    def never(self) -> bool:
        """Always closed."""
        return not any(self.days)


CLOSED: Final = Hours(((),) * 7)
"""Those of an office that is no longer in the register: its working days end as a civil one."""


def parse_hours(text: str) -> Hours:
    """Read `Mon-Fri 08:30-12:00 14:30-17:30; Sat 09:00-12:00`, 周一至周五8:30-12:00, 周一、三、五,
    or `closed`; signs of any width. Raises HoursError."""
    plain = _plain(text)
    if plain.casefold() in _CLOSED:
        return CLOSED
    days: list[tuple[Period, ...]] = [()] * 7
    for named, periods, part in _parts(plain):
        for day in named:
            if days[day]:
                zh, en = _DAYS_ZH[day], WEEKDAYS[day]
                raise HoursError(
                    f"“{shown(text)}”里周{zh}写了两次，请把这一天的时间写在一处。",
                    f"{en} is named twice in {shown(text)!r}; give its periods once",
                )
            days[day] = periods
        if not named or not periods:
            raise _lacking(part, named)
    return Hours(tuple(days))


def read_periods(text: str) -> tuple[Period, ...]:
    """The periods of one day: `08:30-12:00 14:30-17:30`, 上午8:30-12:00、下午2:30-5:30. Raises
    HoursError."""
    found: list[Period] = []
    for kind, token in _tokens(_plain(text)):
        if kind != "times":
            raise _unlike(token, text)
        found.append(_period(token, found[-1].end if found else 0, text))
    if not found:
        raise _unlike(text, text)
    return tuple(found)


def _plain(text: str) -> str:
    """Signs at their usual width, one space where there were several. Raises HoursError."""
    if len(text) > MOST:
        raise HoursError(
            f"时间最长{MOST}个字符，请确认没有贴错内容。",
            f"hours have {MOST} signs at most: make sure that the right text was pasted",
        )
    return " ".join(usual(text).split()).replace("。", "")


def _tokens(plain: str) -> Iterator[tuple[str, str]]:
    """Each piece with what it is; `unread` for what is nothing that people write here."""
    at = 0
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None:
            unread = _UNREAD.match(plain, at)
            yield "unread", unread[0] if unread else plain[at]
            return
        at = match.end()
        if match.lastgroup != "between":
            yield match.lastgroup or "", match[0]


def _parts(plain: str) -> Iterator[tuple[list[int], tuple[Period, ...], str]]:
    """Days with their periods, and how they were written; either may be missing."""
    days: list[int] = []
    periods: list[Period] = []
    written: list[str] = []
    for kind, token in _tokens(plain):
        if kind == "unread":
            raise _unlike(token, plain)
        group = _GROUPS.get(token.casefold())
        begins = kind == "days" or group is not None
        if begins and periods:
            yield days, tuple(periods), " ".join(written)
            days, periods, written = [], [], []
        written.append(token)
        if begins:
            days += _named(token) if group is None else group
        elif token in _ALL_DAY:
            periods.append(Period(0, MIDNIGHT))
        else:
            periods.append(_period(token, periods[-1].end if periods else 0, plain))
    yield days, tuple(periods), " ".join(written)


def _named(token: str) -> range:
    first, _, last = re.sub(rf"\s*{_TO}\s*", "|", token, flags=re.IGNORECASE).partition("|")
    start, end = _weekday(first), _weekday(last or first)
    if end < start:
        raise HoursError(
            f"“{token}”的顺序反了，请从周一写到周日。",
            f"{token!r} runs backwards; write the week from Mon to Sun",
        )
    return range(start, end + 1)


def _weekday(name: str) -> int:
    if name[0].isascii():
        return WEEKDAYS.index(name[:3].capitalize())
    return _DAYS_ZH.index(name[-1].replace("天", "日"))


def _period(token: str, after: int, text: str) -> Period:
    """`after`: the end of the period before it."""
    begins, ends = (
        (half, int(hour), 30 if thirty else int(minute or 0))
        for half, hour, minute, thirty in map(_parts_of, re.split(_TO, token, flags=re.IGNORECASE))
    )
    start, end = _minutes(*begins), _minutes(ends[0] or begins[0], *ends[1:])
    if max(begins[2], ends[2]) > 59 or not after <= start < end <= MIDNIGHT:
        raise HoursError(
            f"“{shown(text)}”里的“{token}”不对：结束要晚于开始，也不能与前一段重叠。",
            f"{token!r} in {shown(text)!r} is no period that follows the last one",
        )
    return Period(start, end)


def _parts_of(clock: str) -> Sequence[str]:
    return next(iter(_TIME.findall(clock)))


def _minutes(half: str, hour: int, minute: int) -> int:
    """Of the day; 下午2:30 is 14:30, and 晚上12:00 is midnight."""
    at = hour * 60 + minute
    if half in {"下午", "晚上"} and (at < NOON or (half == "晚上" and at == NOON)):
        return at + NOON
    return at


def _lacking(part: str, days: Sequence[int]) -> HoursError:
    if days:
        return HoursError(
            f"“{shown(part)}”没有写时间；不办公请写“{CLOSED_NAMES['zh-CN']}”。",
            f"{shown(part)!r} names days without periods; write `closed` for none",
        )
    return HoursError(
        f"“{shown(part)}”没有写是星期几，应写成“{EXAMPLES['zh-CN']}”这样。",
        f"{shown(part)!r} must begin with a weekday such as Mon or Mon-Fri",
    )


def _unlike(token: str, text: str) -> HoursError:
    return HoursError(
        f"无法识别“{shown(token)}”，时间应写成08:30-12:00这样，星期应写成周一或周一至周五。",
        f"{shown(token)!r} in {shown(text)!r} must look like 08:30-12:00, or Mon-Fri before it",
    )


def shown(text: str) -> str:
    """What was written, short enough for a sentence."""
    return text if len(text) <= 60 else f"{text[:60]}…"


def kept_hours(text: str) -> str:
    """As a plan keeps them: `Mon-Fri 08:30-12:00 14:30-17:30; Sat 09:00-12:00`, or the periods of
    one day. What cannot be read stays as it was written, for the fault that names it."""
    try:
        return week_text(parse_hours(text))
    except HoursError:
        pass
    try:
        return " ".join(map(period_text, read_periods(text)))
    except HoursError:
        return text


def shown_hours(text: str, tongue: str) -> str:
    """What a plan keeps, in the reader's language; what cannot be read stays as it is."""
    try:
        return week_named(parse_hours(text))[tongue] if text else ""
    except HoursError:
        return text


def week_text(week: Hours) -> str:
    """What `parse_hours` reads as the same week; days alike that follow each other are joined."""
    if week.never:
        return CLOSED_NAMES["en"]
    parts: list[list[int]] = []
    for day in (day for day in range(7) if week.days[day]):
        follows = parts and parts[-1][-1] == day - 1 and week.days[day - 1] == week.days[day]
        if follows:
            parts[-1].append(day)
        else:
            parts.append([day])
    return "; ".join(
        f"{_named_run(days, 'en')} {' '.join(map(period_text, week.days[days[0]]))}"
        for days in parts
    )


def week_named(week: Hours) -> Mapping[str, str]:
    """A week as people say it, days with the same periods together. It can be read again."""
    if week.never:
        return CLOSED_NAMES
    alike: dict[tuple[Period, ...], list[int]] = {}
    for day, periods in enumerate(week.days):
        if periods:
            alike.setdefault(periods, []).append(day)
    told = [(_runs(days), list(map(period_text, periods))) for periods, days in alike.items()]
    zh = ("、".join(_named_run(run, "zh-CN") for run in runs) + "、".join(t) for runs, t in told)
    en = (", ".join(_named_run(run, "en") for run in runs) + " " + ", ".join(t) for runs, t in told)
    return {"zh-CN": "；".join(zh), "en": "; ".join(en)}


def _runs(days: Sequence[int]) -> list[list[int]]:
    """Days that follow each other, together."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _named_run(days: Sequence[int], tongue: str) -> str:
    chinese = tongue == "zh-CN"
    names = [f"周{sign}" for sign in _DAYS_ZH] if chinese else WEEKDAYS
    first, last = names[days[0]], names[days[-1]]
    if chinese and len(days) == PAIR:
        return f"{first}、{last}"
    return first if first == last else f"{first}{'至' if chinese else '-'}{last}"


def period_text(period: Period) -> str:
    """`08:30-12:00`."""
    return f"{_clock(period.start)}-{_clock(period.end)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
