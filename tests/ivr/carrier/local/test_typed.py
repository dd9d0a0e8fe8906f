"""What people type at the terminal phone, and what is meant by it."""

from __future__ import annotations

import pytest

from ivr.carrier.local.typed import LONGEST, understood


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("1", "1"),
        ("0558 000 0021#", "05580000021#"),
        ("0558-0000021#", "05580000021#"),
        ("(0558) 0000021 #", "05580000021#"),
        ("+86 558 000 0021#", "05580000021#"),
        ("+86 0558 0000021#", "05580000021#"),
        ("+86 139 0000 0012#", "13900000012#"),
        ("+44 7700 900123#", "00447700900123#"),
        ("０５５８００００２１＃", "0558000021#"),
        ("４６２７ ０３９１ ５９０４", "462703915904"),
        ("＊", "*"),
    ],
)
def test_keys_are_pressed_as_a_telephone_has_them(line: str, meant: str) -> None:
    assert understood(line) == meant


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("ring +865580000021", "ring +865580000021"),
        ("ring 0558 000 0021 as 139 0000 0012", "ring +865580000021 as +8613900000012"),
        ("ring ０５５８－００００２１１ as withheld", "ring +865580000211 as withheld"),
        ("ring 0086 558 0000021", "ring +865580000021"),
        ("ring 12345", "ring 12345"),
        ("拨 0558-0000021", "ring +865580000021"),
        ("拨打12345", "ring 12345"),
    ],
)
def test_a_number_is_rung_as_it_is_written(line: str, meant: str) -> None:
    assert understood(line) == meant


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("挂机", "hang up"),
        ("挂断", "hang up"),
        (" hang up ", "hang up"),
        ("等待", "wait"),
        ("帮助", "help"),
        ("say 我家住在３号，０５５８", "say 我家住在３号，０５５８"),
        ("说 我家停水了", "say 我家停水了"),
        ("hold +8613900000034 1", "hold +8613900000034 1"),
    ],
)
def test_commands_are_understood_in_both_languages(line: str, meant: str) -> None:
    assert understood(line) == meant


@pytest.mark.parametrize("line", ["dance", "+", "0558x", "ringing", "saying", "#？"])
def test_anything_else_is_no_command(line: str) -> None:
    assert understood(line).partition(" ")[0] not in {"ring", "say", "hang", "wait", "help"}
    assert not set(understood(line)) <= set("0123456789*#")


def test_a_line_without_end_is_not_looked_at() -> None:
    assert understood("１" * (LONGEST + 1)) == "１" * (LONGEST + 1)
