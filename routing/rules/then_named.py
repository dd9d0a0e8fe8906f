"""What people call the values of `then` that are chosen from a list, in both languages: as pages
name them (their `words.toml`, held equal by a test). Counterpart of `wording.VALUES`."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from routing.register import Names
from routing.rules.then import Next, Order, Whom
from routing.rules.wording import both

WHOM: Final[Mapping[Whom, Names]] = {
    Whom.USUAL: both("按接听方式", "as usual"),
    Whom.OFFICIAL: both("某个公开号码的本人", "the holder of a number"),
    Whom.OFFICE: both("某个单位", "an office"),
    Whom.ROSTER: both("值班表", "a roster"),
}
CHOSEN: Final[Mapping[StrEnum, Names]] = {
    Order.IN_TURN: both("依次", "one after another"),
    Order.TOGETHER: both("同时", "together"),
    Order.ROUND_ROBIN: both("轮流", "in rotation"),
    Order.LONGEST_IDLE: both("空闲最久的先", "longest idle first"),
    Next.MESSAGE: both("请来电人留言", "the caller leaves a message"),
    Next.END: both("结束通话", "the call ends"),
}


def listed(names: Iterable[tuple[str, Names]]) -> Names:
    """All that may be written, in a row: what each is called, and a file's word for it."""
    zh, en = [], []
    for word, called in names:
        zh.append(f"{called['zh-CN']}（{word}）")
        en.append(f"{called['en']} ({word})")
    return both("、".join(zh), ", ".join(en))
