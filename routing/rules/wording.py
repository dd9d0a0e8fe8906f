"""Rules in sentences, in both languages: what is wrong with a written one, what a condition asks,
and why one failed. Names of offices, topics and numbers come from the register."""

import re
import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from routing.register import LANGUAGES, Directory, Names
from routing.rules.condition import (
    Between,
    Condition,
    During,
    Failed,
    Field,
    Is,
    IsOpen,
    OneOf,
)
from routing.week import EXAMPLES, week_named

_CHINESE: Final = re.compile("[\u4e00-\u9fff]")
MOST_SHOWN: Final = 60
"""Characters of what was written that a sentence repeats."""
MOST_LISTED: Final = 5
"""Values of a condition that a sentence lists."""


def both(zh: str, en: str) -> Names:
    """One text in both languages."""
    return dict(zip(LANGUAGES, (zh, en), strict=True))


def names_of(name: str) -> Names:
    """A rule's or an example's name as each reader has it: one that is written in both languages,
    the Chinese first and ` / ` between, has a half for each."""
    zh, between, en = name.partition(" / ")
    if between and _CHINESE.search(zh) and not _CHINESE.search(en):
        return both(zh, en)
    return both(name, name)


@dataclass(frozen=True, slots=True)
class RuleFault:
    """What is wrong with a written rule: `rule` is its id, `field` the one that it stands beside;
    both are "" for the whole. `code` is a key of FAULTS."""

    rule: str
    field: str
    code: str
    says: Names

    def __str__(self) -> str:
        """As a log and the terminal have it."""
        where = " ".join(part for part in (f"rule {self.rule!r}", self.field) if part)
        return f"{where if self.rule else 'the rules'}: {self.says['en']}"


FAULTS: Final[Mapping[str, Names]] = {
    "not_json": both("规则不是有效的JSON（{why}）。", "the rules are no JSON ({why})"),
    "schema": both(
        "规则的版本不对，应为{schema}。", "the rules are of another version: {schema} is known"
    ),
    "not_a_list": both(
        "rules应为列表，最多{most}条；drawn只能填true或false。",
        "rules must be a list of at most {most}, and drawn true or false",
    ),
    "no_id": both("第{place}条规则没有编号。", "rule {place} has no id"),
    "id_twice": both("编号{id}用了两次，请改一个。", "the id {id} is used twice; change one"),
    "id_drawn": both(
        "编号{id}已由名录自动生成的规则使用，请换一个。",
        "the id {id} belongs to a rule that is drawn from the register; take another",
    ),
    "bad_id": both("编号最多{most}个可见字符。", "an id has at most {most} visible characters"),
    "not_an_object": both("这里应是一组字段。", "this must be an object"),
    "unknown_field": both("不认识“{name}”这一项。", "no part of a rule is called {name}"),
    "unknown_condition": both("没有“{name}”这种条件。", "there is no condition {name}"),
    "unknown_target": both("没有“{name}”这种去向设置。", "a target has no setting {name}"),
    "not_text": both("这里要填文字。", "this must be text"),
    "empty": both("不能空着。", "this must not be empty"),
    "too_long": both("最多{most}个字符。", "at most {most} characters fit here"),
    "invisible": both(
        "里面有看不见的字符，请重新输入。", "this holds an invisible character; type it again"
    ),
    "yes_or_no": both("只能选是或否。", "this must be yes or no"),
    "values": both(
        "请至少选一个，最多{most}个。", "choose at least one value, and at most {most}"
    ),
    "unknown_dialled": both("名录里没有{value}这个公开号码。", "{value} is no published number"),
    "unknown_language": both("没有“{value}”这种语言。", "{value} is no language of the line"),
    "unknown_kind": both("没有“{value}”这类诉求。", "{value} is no kind of matter"),
    "unknown_about": both("“{value}”不是可选的投诉对象。", "a complaint cannot be about {value}"),
    "unknown_topic": both("没有“{value}”这个事项。", "there is no topic {value}"),
    "unknown_group": both("没有第{value}组事项。", "there is no group {value} of topics"),
    "unknown_district": both("名录里没有“{value}”这个区县。", "there is no district {value}"),
    "unknown_caller_kind": both("没有“{value}”这类来电号码。", "{value} is no kind of caller"),
    "unknown_office": both("没有“{value}”这个单位。", "there is no office {value}"),
    "unknown_offices": both(
        "有的抄送单位不在名录里。", "one of the offices that get copies is not in the register"
    ),
    "unknown_how": both(
        "“{value}”不是可选的处理方式。", "{value} is no way to reach an office"
    ),
    "no_office": both("请选择交给哪个单位。", "choose which office takes it"),
    "open": both("请选上班或下班，以及是哪个单位。", "say open or closed, and of which office"),
    "ends_before": both("结束要晚于开始。", "the end must come after the beginning"),
    "moment": both(
        "“{value}”不是日期或时刻，应写成2026-10-01或2026-10-01T08:30。",
        "{value} is no date or moment such as 2026-10-01 or 2026-10-01T08:30",
    ),
    "weekly": both(
        f"无法识别时段“{{value}}”，应写成“{EXAMPLES['zh-CN']}”这样。",
        f"{{value}} is no week such as {EXAMPLES['en']}",
    ),
    "no_default": both(
        "最后一条规则不能有条件，也不能停用，这样每个来电都有去处。",
        "the last rule must have no condition and be switched on, so that every call has an answer",
    ),
}  # fmt: skip


def fault(rule: str, where: str, code: str, **details: object) -> RuleFault:
    """The fault of this code, its sentence filled with what a person may read."""
    shown = {name: shown_text(value) for name, value in details.items()}
    says = {tongue: text.format(**shown) for tongue, text in FAULTS[code].items()}
    return RuleFault(rule, where, code, says)


def shown_text(value: object) -> object:
    """What was written, as a sentence repeats it: on one line and not too long."""
    if isinstance(value, int):
        return value
    plain = "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(sign).startswith(("C", "Z")) and sign != " "
        else sign
        for sign in str(value)
    )
    return plain if len(plain) <= MOST_SHOWN else f"{plain[:MOST_SHOWN]}…"


FIELDS: Final[Mapping[Field, Names]] = {
    Field.DIALLED: both("所拨号码", "the number that was dialled"),
    Field.LANGUAGE: both("语言", "the language"),
    Field.KIND: both("诉求类别", "the kind of matter"),
    Field.ABOUT: both("投诉对象", "whom it is about"),
    Field.TOPIC: both("事项", "the topic"),
    Field.GROUP: both("事项分组", "the group of topics"),
    Field.DISTRICT: both("区县", "the district"),
    Field.CALLER_KIND: both("来电号码类别", "the caller's kind of number"),
}
UNKNOWN: Final = both("未说明", "not known")
VALUES: Final[Mapping[Field, Mapping[str, Names]]] = {
    Field.LANGUAGE: {"zh-CN": both("普通话", "Mandarin"), "en": both("英语", "English")},
    Field.KIND: {
        "enquiry": both("咨询", "an enquiry"),
        "help": both("求助", "a request for help"),
        "complaint": both("投诉", "a complaint"),
        "report": both("举报", "a report"),
        "suggestion": both("建议", "a suggestion"),
    },
    Field.ABOUT: {
        "this_office": both("所拨单位", "this office"),
        "other_office": both("其他单位", "another office"),
        "business": both("企业或个人", "a business or person"),
        "misconduct": both("干部作风和违纪问题", "an official's conduct"),
    },
    Field.CALLER_KIND: {
        "mobile": both("手机", "a mobile"),
        "landline": both("固定电话", "a landline"),
        "withheld": both("未显示号码", "a withheld number"),
    },
}
DAYS: Final = (
    both("周一", "Mon"), both("周二", "Tue"), both("周三", "Wed"), both("周四", "Thu"),
    both("周五", "Fri"), both("周六", "Sat"), both("周日", "Sun"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """Says conditions with the names of one register."""

    directory: Directory

    def office(self, id_: str | None) -> Names:
        """An office's full name; its id where it is gone; the dialled one for None."""
        if id_ is None:
            return both("所拨号码的单位", "the office that was dialled")
        found = self.directory.offices.get(id_)
        return both(id_, id_) if found is None else found.name

    def value(self, name: Field, value: Hashable) -> Names:
        """A fact's value as people call it."""
        if value is None:
            return UNKNOWN
        if name is Field.GROUP:
            return both(f"第{value}组", f"group {value}")
        if name is Field.TOPIC and value in self.directory.topics:
            return self.directory.topics[str(value)].names
        if name is Field.DIALLED and value in self.directory.numbers:
            post = self.directory.numbers[str(value)].post
            return {tongue: f"{post[tongue]} {value}" for tongue in LANGUAGES}
        if name is Field.DISTRICT:
            return self._district(str(value))
        plain = str(value)
        return VALUES.get(name, {}).get(plain, both(plain, plain))

    def condition(self, condition: Condition) -> Names:
        """What it asks."""
        match condition:
            case Is(name, value):
                return self._asks(name, (value,))
            case OneOf(name, values):
                return self._asks(name, values)
            case IsOpen(wanted, office):
                whose = self.office(office)
                zh, en = ("上班", "open") if wanted else ("下班", "closed")
                return both(f"{whose['zh-CN']}{zh}", f"{whose['en']} is {en}")
            case During(week, _):
                days = week_named(week)
                return both(f"时间在{days['zh-CN']}", f"the time is within {days['en']}")
            case Between():
                return _between(condition)

    def failed(self, failed: Failed) -> Names:
        """Why it did not hold, with what was found instead."""
        asks, found = self.condition(failed.condition), failed.found
        match failed.condition:
            case Is(name, _) | OneOf(name, _):
                field = FIELDS[name]
                if found in (None, ""):
                    zh, en = f"没有说明{field['zh-CN']}", f"{field['en']} is not known"
                else:
                    is_ = self.value(name, found)
                    zh = f"这里{field['zh-CN']}是{is_['zh-CN']}"
                    en = f"{field['en']} is {is_['en']}"
                return both(f"要求{asks['zh-CN']}，而{zh}", f"it asks that {asks['en']}, and {en}")
            case IsOpen(_, office):
                return self._not_so(asks, office, found)
            case During() | Between():
                at = _moment(failed.condition, found)
                return both(
                    f"要求{asks['zh-CN']}，而来电是{at['zh-CN']}",
                    f"it asks that {asks['en']}, and the call was at {at['en']}",
                )

    def _not_so(self, asks: Names, office: str | None, found: object) -> Names:
        whose = self.office(office)
        now = {
            True: both("正在上班", "is open"),
            False: both("已经下班", "is closed"),
            None: both("的上班时间不明", "has hours that are not known here"),
        }[found if isinstance(found, bool) else None]
        return both(
            f"要求{asks['zh-CN']}，而{whose['zh-CN']}{now['zh-CN']}",
            f"it asks that {asks['en']}, and {whose['en']} {now['en']}",
        )

    def _asks(self, name: Field, values: tuple[Hashable, ...]) -> Names:
        known = [self.value(name, value) for value in values[:MOST_LISTED]]
        more = len(values) - len(known)
        zh = "、".join(value["zh-CN"] for value in known) + (f"等{len(values)}项" if more else "")
        en = " or ".join(value["en"] for value in known) + (f" or {more} others" if more else "")
        return both(f"{FIELDS[name]['zh-CN']}是{zh}", f"{FIELDS[name]['en']} is {en}")

    def _district(self, id_: str) -> Names:
        for office in self.directory.offices.values():
            if office.district == id_:
                return office.district_names
        return both(id_, id_)


def _between(condition: Between) -> Names:
    start, end = (
        None if at is None else _moment(condition, at) for at in (condition.start, condition.end)
    )
    if start is None:
        until = end or UNKNOWN
        return both(f"时间在{until['zh-CN']}之前", f"the time is before {until['en']}")
    if end is None:
        return both(f"时间不早于{start['zh-CN']}", f"the time is {start['en']} or later")
    return both(
        f"时间从{start['zh-CN']}起、在{end['zh-CN']}之前",
        f"the time is from {start['en']} and before {end['en']}",
    )


def _moment(condition: During | Between, at: object) -> Names:
    if not isinstance(at, datetime):
        raise TypeError("a condition about time fails with the moment that it found")
    local = at if condition.zone is None else at.astimezone(condition.zone)
    day, time = local.strftime("%Y-%m-%d"), local.strftime("%H:%M")
    named = DAYS[local.weekday()]
    return both(f"{day}（{named['zh-CN']}）{time}", f"{named['en']} {day} {time}")
