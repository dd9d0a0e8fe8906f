"""What a rule leads to, as it is written in a document of rules: read with every fault, and written
back. The counterpart of `then`, which has the values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from routing.register import Names
from routing.rules.then import (
    LONGEST_RING,
    MOST_STEPS,
    SHORTEST_RING,
    USUAL,
    Next,
    Order,
    Ring,
    Then,
    Whom,
)
from routing.rules.then_named import CHOSEN, WHOM, listed
from routing.rules.wording import both

E = TypeVar("E", bound=StrEnum)
Fault = Callable[[str, str, Names], None]
"""Takes the field, a code and the sentence in every language."""
KEYED: Final = tuple(whom for whom in Whom if whom is not Whom.USUAL)
FIELDS: Final = frozenset({"ring", "phrase", "service", "next", "escalation"})
_STEP: Final = frozenset({whom.value for whom in Whom} | {"order", "seconds", "press"})


@dataclass(frozen=True, slots=True)
class _Part:
    """An object of the document; a fault is of the field itself, or of the whole part `where`."""

    plain: Mapping[str, Any]
    fault: Fault
    where: str = ""

    def wrong(self, name: str, code: str, zh: str, en: str) -> None:
        self.fault(self.where or name, code, both(zh, en))

    def text(self, name: str) -> str:
        text = self.plain.get(name, "")
        if not isinstance(text, str):
            self.wrong(name, "not_text", "这里要填文字。", "must be text")
            return ""
        return text.strip()

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.plain.get(name, default)
        if not isinstance(value, bool):
            self.wrong(name, "not_yes_or_no", "只能填是或否。", "must be true or false")
            return default
        return value

    def chosen(self, name: str, kind: type[E], default: E) -> E:
        try:
            return kind(self.plain.get(name, default.value))
        except ValueError:
            allowed = listed((word, CHOSEN[word]) for word in kind)
            zh, en = f"只能填：{allowed['zh-CN']}。", f"must be one of: {allowed['en']}"
            self.wrong(name, "one_of", zh, en)
            return default


def read_then(plain: Mapping[str, Any], fault: Fault) -> Then:
    """The part of a rule's `then` that is this file's (FIELDS); the others are left alone. What
    cannot be read is a fault and stands for its default."""
    part = _Part(plain, fault)
    steps = plain.get("ring", [])
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        zh = f"应是一列，最多{MOST_STEPS}步。"
        part.wrong("ring", "ring_list", zh, f"must be a list of at most {MOST_STEPS} steps")
        steps = []
    then = Then(
        rings=tuple(_ring(f"ring.{at}", step, fault) for at, step in enumerate(steps, start=1)),
        phrase=part.text("phrase"),
        service=part.text("service"),
        next=part.chosen("next", Next, Next.MESSAGE),
        escalation=part.flag("escalation", default=False),
    )
    return USUAL if then == USUAL else then  # nearly all of many: one object, kept once


def plain_then(then: Then) -> dict[str, Any]:
    """The same as JSON-ready values; only what differs from the usual is written."""
    plain: dict[str, Any] = {}
    if then.rings:
        plain["ring"] = [_plain_ring(ring) for ring in then.rings]
    for name in ("phrase", "service"):
        if text := getattr(then, name):
            plain[name] = text
    if then.next is not Next.MESSAGE:
        plain["next"] = then.next.value
    if then.escalation:
        plain["escalation"] = True
    return plain


def _plain_ring(ring: Ring) -> dict[str, Any]:
    plain: dict[str, Any] = {ring.whom.value: ring.key if ring.whom in KEYED else True}
    if ring.order is not Order.IN_TURN:
        plain["order"] = ring.order.value
    if ring.seconds is not None:
        plain["seconds"] = ring.seconds
    if not ring.press:
        plain["press"] = False
    return plain


def _ring(where: str, step: object, fault: Fault) -> Ring:
    if not isinstance(step, dict):
        fault(where, "ring_step", both("这一步写得不对。", "this step must be an object"))
        return Ring(Whom.USUAL)
    part = _Part(step, fault, where)
    named = [whom for whom in Whom if whom.value in step]
    if len(named) != 1:
        allowed = listed(WHOM.items())
        zh, en = f"只能写一个呼叫对象：{allowed['zh-CN']}。", f"must name one of: {allowed['en']}"
        part.wrong("", "ring_whom", zh, en)
        return Ring(Whom.USUAL)
    for name in sorted(set(step) - _STEP):
        part.wrong("", "unknown_field", f"没有“{name}”这一项。", f"there is no {name!r} here")
    whom = named[0]
    key = part.text(whom.value) if whom in KEYED else ""
    if whom in KEYED and not key:
        part.wrong("", "ring_key", "请写明呼叫谁。", "say whom to ring")
    order = part.chosen("order", Order, Order.IN_TURN)
    return Ring(whom, key, order, _seconds(part), part.flag("press", default=True))


def _seconds(part: _Part) -> int | None:
    seconds = part.plain.get("seconds")
    if seconds is None:
        return None
    if type(seconds) is not int or not SHORTEST_RING <= seconds <= LONGEST_RING:
        zh = f"振铃时间应在{SHORTEST_RING}到{LONGEST_RING}秒之间。"
        en = f"a phone rings for {SHORTEST_RING} to {LONGEST_RING} seconds"
        part.wrong("seconds", "seconds", zh, en)
        return None
    return seconds
