"""What is said of a cell that cannot be taken, in both languages, by its code. Used by `rows`; a
code stays as it is, since pages and tests know it."""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from routing.register import LANGUAGES, Names

MOST_SHOWN: Final = 60
"""Characters of a cell that a sentence repeats."""


def _both(zh: str, en: str) -> Names:
    return MappingProxyType(dict(zip(LANGUAGES, (zh, en), strict=True)))


SENTENCES: Final[Mapping[str, Names]] = {
    # Of the file
    "not_csv": _both(
        "这里不是有效的CSV（{why}），请检查这一行和上面的引号。",
        "this is not CSV ({why}); look at the quotes here and above",
    ),
    "column_missing": _both("缺少这一列。", "this column is missing"),
    "column_twice": _both(
        "这一列出现了两次，请删除一列。", "this column stands here twice; remove one"
    ),
    "column_unknown": _both(
        "不认识这一列，请改列名，或者删除这一列。",
        "no column is called so here; rename it or remove it",
    ),
    "cells_more": _both(
        "比表头多{n}格。文字里有逗号的，请用引号括起来。",
        "{n} more cells than the heading; quote texts with commas",
    ),
    "cells_fewer": _both(
        "比表头少{n}格。文字里有逗号的，请用引号括起来。",
        "{n} fewer cells than the heading; quote texts with commas",
    ),
    "too_large": _both(
        "文件超过{n}MB，请分成几个文件导入。", "the file is larger than {n} MB; import it in parts"
    ),
    "too_many": _both(
        "超过{n}行，请分成几个文件导入。", "there are more than {n} rows; import them in parts"
    ),
    "workbook": _both(
        "这是Excel工作簿。请在Excel里另存为“CSV UTF-8（逗号分隔）”，再导入。",
        "this is an Excel workbook; save it as “CSV UTF-8 (comma delimited)”, then import that",
    ),
    "not_text": _both(
        "这不是UTF-8或GB18030编码的文字文件，请另存为CSV UTF-8。",
        "this is no text in UTF-8 or GB18030; save it as CSV UTF-8",
    ),
    "no_rows": _both("文件里没有内容。", "there is nothing in this file"),
    "which_sheet": _both(
        "从表头看不出这是哪一张表，请选择表的种类，并检查列名。",
        "the headings do not tell which sheet this is; choose it, and look at the headings",
    ),
    # Of any cell
    "too_long": _both("最多{n}个字符。", "at most {n} characters fit here"),
    "invisible": _both(
        "里面有看不见的字符，请重新输入。", "this holds an invisible character; type it again"
    ),
    "empty": _both("不能空着。", "this must not be empty"),
    "shape": _both("“{value}”应写成{example}这样。", "{value!r} must look like {example}"),
    "not_a_date": _both(
        "“{value}”不是日期，应写成2026-02-08这样。", "{value!r} is not a date such as 2026-02-08"
    ),
    "one_of": _both("“{value}”不能用，只能填：{allowed}。", "{value!r} is not one of {allowed}"),
    "twice": _both("{key}在这张表里出现了两次。", "{key} stands in this sheet twice"),
    # Of offices
    "no_office": _both("没有“{value}”这个单位。", "there is no office {value!r}"),
    "loop": _both(
        "这样它会成为自己的上级，投诉就无处可去。",
        "this office would stand above itself; no complaint could go up",
    ),
    "no_top": _both(
        "至少要有一个单位没有上级，作为全市的最上级。",
        "one office must have no parent: the city's own",
    ),
    "two_tops": _both(
        "最上级只能有一个，{other}已经没有上级了。请填这个单位的上级。",
        "one office stands at the top, and {other} has no parent already; give this one its own",
    ),
    "hours": _both("{why}", "{why}"),
    "time_zone": _both(
        "“{value}”不是时区，应写成Asia/Shanghai这样。",
        "{value!r} is not a time zone such as Asia/Shanghai",
    ),
    "yes_or_no": _both(
        "“{value}”不能用，只能填“是”或“否”（yes或no）。", "{value!r} must be yes or no"
    ),
    # Of topics
    "no_topic": _both("没有“{value}”这个事项。", "there is no topic {value!r}"),
    # Of numbers
    "menu_key": _both("“{value}”不是1到4的按键。", "{value!r} is not a menu key 1 to 4"),
    "languages": _both(
        "只能填{allowed}，每种一次。", "only {allowed} are spoken, each once"
    ),
    "page": _both("“{value}”不是版面号。", "{value!r} is not a page number"),
    "withdrawn_since": _both(
        "撤下的号码要填撤下日期。", "a withdrawn number needs the day it was withdrawn"
    ),
    "suspended_since": _both(
        "暂停使用的号码要填暂停日期。", "a suspended number needs the day it was suspended"
    ),
    "needs_phone": _both(
        "接听方式是“{mode}”的号码，要填转接到的电话。",
        "a number that is answered by “{mode}” needs the official's phone",
    ),
    "topic_or_group": _both(
        "填了事项，就不要再填事项分组，两项只留一项。",
        "a number with a topic of its own has no group; leave one empty",
    ),
    "ends_early": _both(
        "有效期不能在公布之前结束。", "a listing cannot end before it was published"
    ),
    "replaces_itself": _both("号码不能由它本身代替。", "a number cannot replace itself"),
    "phones_many": _both("最多填{n}个电话。", "at most {n} phones are tried here"),
    "phone_twice": _both("{key}填了两次，留一次即可。", "{key} stands here twice; once is enough"),
    "rings_itself": _both(
        "不能转接到这个公开号码本身。", "a published number cannot be forwarded to itself"
    ),
    "stand_in_phone": _both(
        "填了代接日期，还要填代接电话。", "dates of a stand-in need the stand-in's phone"
    ),
    "stand_in_ends": _both(
        "代接要写明到哪天为止。", "a stand-in needs the last day on which it holds"
    ),
    "stand_in_backwards": _both(
        "代接的结束日期不能早于开始日期。", "a stand-in cannot end before it begins"
    ),
    # Of contacts
    "rung": _both("“{value}”不是1到{most}的级次。", "{value!r} is not a rung from 1 to {most}"),
    "rung_twice": _both(
        "{office}的第{rung}级出现了两次，一级只能有一个岗位。",
        "{office} has {rung} twice; one post stands on a rung",
    ),
    "rung_gap": _both(
        "{office}缺第{rung}级，后面却还有。", "{office} has no rung {rung}, but one after it"
    ),
    "needs_mobile": _both(
        "这个号码收不了短信，请填手机号。", "no text reaches this number: give a mobile"
    ),
    "unreachable": _both(
        "这个岗位通知不到，请填邮箱、手机或渠道。",
        "this post cannot be told: give it an e-mail, a phone or a channel",
    ),
    "first_rung": _both(
        "第1级立即通知，这里请空着。", "rung 1 is told at once; leave this empty"
    ),
    "not_minutes": _both(
        "“{value}”不是整数（单位：工作分钟）。",
        "{value!r} is not a whole number of working minutes",
    ),
    "wait": _both(
        "{value}不在1到{most}个工作分钟之间。", "{value} is not from 1 to {most} working minutes"
    ),
    # Of what spreadsheet programs do to cells
    "rounded": _both(
        "“{value}”已被表格软件改成科学记数，号码的后几位丢了。请把这一列设为文本，重新填写。",
        "{value!r} was rounded by a spreadsheet and has lost its last digits; set the column to "
        "text and type the number again",
    ),
    "serial_day": _both(
        "“{value}”是表格软件的日期序号。请把这一列设为文本，写成2026-02-08这样。",
        "{value!r} is a spreadsheet's count of days; set the column to text and write 2026-02-08",
    ),
    "which_day": _both(
        "“{value}”分不清哪个是月、哪个是日，请写成2026-02-08这样。",
        "{value!r} does not tell the month from the day; write 2026-02-08",
    ),
}  # fmt: skip


def said(code: str, details: Mapping[str, object]) -> Names:
    """The sentence of a code in every language, its slots filled with what a person may read; of a
    detail that is told in both with the one of the sentence."""
    return {
        tongue: text.format(**{name: _shown(value, tongue) for name, value in details.items()})
        for tongue, text in SENTENCES[code].items()
    }


def _shown(value: object, tongue: str) -> object:
    """A cell as a sentence repeats it: on one line, and no longer than a person reads."""
    if isinstance(value, Mapping):
        return value[tongue]
    if not isinstance(value, str):
        return value
    plain = "".join("\N{REPLACEMENT CHARACTER}" if _hidden(sign) else sign for sign in value)
    return plain if len(plain) <= MOST_SHOWN else f"{plain[:MOST_SHOWN]}…"


def _hidden(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
