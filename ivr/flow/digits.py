"""How collected digits are read where `0` and `9` are digits: `*` clears, `0#` is a person,
nothing means "none" (prompts §1). Shared by the number check and by progress."""

from ivr.flow.value import value


@value
class Cleared:
    """`*` was the last key: what was keyed before counts no more."""


@value
class Person:
    """A lone `0`: the caller wants a person."""


@value
class Nothing:
    """No digit at all."""


@value
class Keyed:
    """Digits, joined to those kept from before."""

    digits: str


Keys = Cleared | Person | Nothing | Keyed


def read_keys(kept: str, digits: str, *, finished: bool) -> Keys:
    """What `digits` mean after `kept`, the incomplete input that was kept. A `0` that nothing
    ended is the next digit of it."""
    cleared = "*" in digits
    fresh = digits.rsplit("*", 1)[-1].strip("#")
    if cleared and not fresh:
        return Cleared()
    before = "" if cleared else kept
    if fresh == "0" and (finished or not before):
        return Person()
    if not before and not fresh:
        return Nothing()
    return Keyed(before + fresh)
