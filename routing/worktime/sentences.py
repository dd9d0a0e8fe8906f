"""What is wrong with a calendar or a closure order, by its code, in both languages. A code stays as
it is: pages and tests know it."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from routing.findings import Finding, Level, Place
from routing.register import LANGUAGES, DirectoryError, Names


class WorktimeError(DirectoryError):
    """Orders or days that cannot be used; nothing of them was taken."""

    def __init__(self, faults: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def _both(zh: str, en: str) -> Names:
    return MappingProxyType(dict(zip(LANGUAGES, (zh, en), strict=True)))


SENTENCES: Final[Mapping[str, Names]] = {
    "not_json": _both("这里的内容无法识别，请重新导入。", "this cannot be read; import it again"),
    "shape": _both(
        "“{field}”缺失或写法不对。", "{field} is missing or is not written as it must be"
    ),
    "empty": _both("这里要填写。", "this must be filled in"),
    "too_long": _both("最多{n}个字。", "at most {n} characters fit here"),
    "invisible": _both(
        "里面有看不见的字符，请重新输入。", "this holds an invisible character; type it again"
    ),
    "no_office": _both("没有“{value}”这个单位。", "there is no office {value!r}"),
    "not_a_time": _both(
        "“{value}”不是时间，应写成2026-12-01 18:00这样。",
        "{value!r} is not a time such as 2026-12-01 18:00",
    ),
    "not_a_day": _both(
        "“{value}”不是日期，应写成2026-12-01这样。", "{value!r} is not a date such as 2026-12-01"
    ),
    "ends_early": _both("结束时间要晚于开始时间。", "it must end after it begins"),
    "ends_before_now": _both("结束时间已经过去了。", "this end has passed already"),
    "too_far": _both(
        "最长{n}天。停办更久的，请修改单位的办公时间。",
        "at most {n} days; for longer, change the office's hours",
    ),
    "words_missing": _both(
        "{language}的播报内容还没有写，来电人会听不到原因。",
        "the words in {language} are missing: those callers would not hear why",
    ),
    "words_language": _both("这里要用{language}书写。", "this must be written in {language}"),
    "one_of": _both("“{value}”不能用，只能填：{allowed}。", "{value!r} is not one of {allowed}"),
    "hours": _both("{why}", "{why}"),
    "other_year": _both("{value}不是{year}年的日期。", "{value} is not a day of {year}"),
    "both_ways": _both(
        "{value}既写在放假里，又写在调休上班里。", "{value} is both a day off and worked"
    ),
    # Findings
    "year_missing": _both(
        "{year}年的放假通知还没有录入，{year}年的节假日会当作平常日子。",
        "the holiday notice of {year} is not entered: its holidays count as ordinary days",
    ),
    "runs_out": _both(
        "办公时间只算到{n}天以后，请查看为什么没有更新。",
        "open hours are known for {n} more days only; see why they were not renewed",
    ),
    "never_open": _both(
        "{office}没有办公时间，它的电话永远不会接通。",
        "{office} has no opening hours: its phones are never rung",
    ),
    "gap": _both(
        "{office}从{first}起连续{n}天不办公，中间没有停办公告说明。",
        "{office} is closed for {n} days on end from {first}, and no order says why",
    ),
    "expired": _both(
        "这份停办公告已在{end}到期，可以从列表中删除。",
        "this order ran out on {end}; it can be taken off the list",
    ),
    "duty_shut": _both(
        "公告点名关闭了{office}，夜间有危险的来电仍会接到它的值班电话。",
        "the order names {office}; callers in danger are still put through to its duty desk",
    ),
    "closes_nobody": _both(
        "这份公告没有关闭任何单位：范围里都是全天值守的单位。",
        "this order closes nobody: all offices in its scope are staffed around the clock",
    ),
}
"""Code -> what it says; the names in braces are filled in where it is found."""


def finding(place: Place, code: str, level: Level = Level.ERROR, /, **details: object) -> Finding:
    """What a code says there. Details that differ by language are Names."""
    says = {
        language: SENTENCES[code][language].format(**_in(language, details))
        for language in LANGUAGES
    }
    return Finding(code, level, MappingProxyType(says), place)


def _in(language: str, details: Mapping[str, object]) -> dict[str, object]:
    return {
        name: detail[language] if isinstance(detail, Mapping) and language in detail else detail
        for name, detail in details.items()
    }


def entities(kind: str, text: str) -> dict[str, Mapping[str, Any]]:
    """Those of a kind that a plan's text holds, by key; "" for none. Raises WorktimeError."""
    try:
        read = json.loads(text or "{}")
    except ValueError:
        read = None
    if not isinstance(read, dict) or not all(isinstance(body, dict) for body in read.values()):
        raise WorktimeError((finding(Place(kind), "not_json"),))
    return read
