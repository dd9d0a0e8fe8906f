"""The words that a cell of the register is chosen from, and what people call them. Used by `rows`,
which reads them, and by pages and files, which show them."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from routing.register import LANGUAGES, Names
from routing.week import shown_hours
from routing.widths import usual

Columns = Mapping[str, Names]


def names_of(**columns: str) -> Columns:
    """Column -> its name, both written as "中文 / English"."""
    return MappingProxyType(
        {
            column: dict(zip(LANGUAGES, text.split(" / "), strict=True))
            for column, text in columns.items()
        }
    )


VALUE_NAMES: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        "status": names_of(
            published="公布 / Published",
            suspended="暂停使用 / Suspended",
            withdrawn="撤下 / Withdrawn",
        ),
        "answer_mode": names_of(
            pooled="值班人员接听 / The duty desk",
            personal="本人接听 / The official",
            pooled_then_personal="先值班后本人 / The duty desk, then the official",
        ),
        "outbound_policy": names_of(
            never="从不外呼 / Never",
            via_system="经本系统外呼 / Through this system",
            direct="直接外呼 / Directly",
        ),
        "attended": names_of(yes="是 / Yes", no="否 / No"),
        "languages": MappingProxyType(
            {
                "zh-CN": {"zh-CN": "普通话", "en": "Mandarin"},
                "en": {"zh-CN": "英语", "en": "English"},
            }
        ),
    }
)
"""Column -> word of a cell -> what people call it."""

_OTHER_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "status": {
        "published": "在用 已公布",
        "suspended": "暂停 停用 已停用",
        "withdrawn": "已撤下 撤销 已撤销 作废",
    },
    "answer_mode": {"pooled": "值班 值班接听", "personal": "本人"},
    "outbound_policy": {"never": "不外呼", "via_system": "经系统"},
    "attended": {"yes": "有 y true", "no": "无 n false"},
    "languages": {"zh-CN": "中文 汉语 zh chinese", "en": "英文"},
}
"""Column -> word -> its further names."""
_BETWEEN: Final = re.compile(r"[\s_*:：·-]+")


def plain(text: str) -> str:
    """A heading or word without what people write it with or without: spaces, stars, full width."""
    return _BETWEEN.sub("", usual(text).casefold())


def value_named(column: str, text: str, tongue: str) -> str:
    """What people call what stands in a cell; the cell itself where it has no other name. The
    counterpart of `value_of`."""
    if column == "hours":
        return shown_hours(text, tongue)
    names = VALUE_NAMES.get(column, {})
    return ";".join(names[one][tongue] if one in names else one for one in text.split(";"))


def value_of(column: str, text: str) -> str:
    """The word that a cell means, as `register` knows it; the cell itself where it is none."""
    return _values(column).get(plain(text), text)


@cache
def _values(column: str) -> Mapping[str, str]:
    names = VALUE_NAMES.get(column, {})
    others = {
        plain(text): word
        for word, called in _OTHER_VALUES.get(column, {}).items()
        for text in called.split()
    }
    called = {plain(text): word for word, says in names.items() for text in says.values()}
    return {**others, **called, **{plain(word): word for word in names}}


def all_named(column: str, kind: Iterable[str]) -> Names:
    """All that may be chosen, in a row."""
    names = VALUE_NAMES[column]
    return {
        tongue: between.join(names[word][tongue] for word in kind)
        for tongue, between in zip(LANGUAGES, ("、", ", "), strict=True)
    }
