"""Scripts as read from TOML: what is refused, and that all faults are told."""

import pytest

from ivr.flow.node import Check, End, Menu, Option, Prompt, When
from ivr.library.errors import LibraryError
from ivr.library.scripts import load_script
from routing.cases.kinds import About, Kind

HEAD = """id = "s"
start = "a"
person = "a"
lost = "a"
bye = "a"
time = "a"
urgent = "a"
message = "a"
"""
END = """[nodes.a]
kind = "end"
prompts = ["end.bye"]
"""


def test_a_small_script_is_read_as_written() -> None:
    script = load_script(
        HEAD
        + END
        + """[nodes.m]
kind = "menu"
prompts = ["x", { phrase = "y", when = "hears", other = true, pause = 2 }]
none = "a"
[nodes.m.options]
1 = "a"
2 = { goto = "a", kind = "help", about = "business", group = 3, topic = "tax", when = "mobile" }
[nodes.c]
kind = "check"
goto = "m"
over = "a"
confirm = "a"
area = "a"
wait = 7
"""
    )

    assert script.nodes["a"] == End("a", (Prompt("end.bye"),))
    assert script.nodes["c"] == Check(id="c", goto="m", over="a", confirm="a", area="a", wait=7)
    menu = script.nodes["m"]
    assert isinstance(menu, Menu)
    assert menu.prompts == (Prompt("x"), Prompt("y", When.HEARS, other=True, pause=2))
    assert menu.options["2"] == Option("a", Kind.HELP, About.BUSINESS, 3, "tax", When.MOBILE)
    assert (menu.none, menu.silent, menu.wait) == (Option("a"), "a", 10)


def test_every_fault_of_a_script_is_told_with_its_path() -> None:
    faulty = (
        HEAD.replace('time = "a"\n', "")
        + END
        + """[nodes.m]
kind = "menu"
prompts = [{ phrase = "x", when = "rains" }]
wait = 3
colour = "red"
[nodes.t]
kind = "telepathy"
"""
    )

    with pytest.raises(LibraryError) as refused:
        load_script(faulty)

    told = str(refused.value)
    for path in (
        "time: this is missing",
        "line 13 m.prompts.0",
        "when",
        "line 14 m.wait",
        "line 15 m.colour: there is no such field here",
        "line 16 t: its kind is no kind of node",
    ):
        assert path in told, path


def test_a_script_that_is_not_toml_is_refused_in_a_sentence() -> None:
    with pytest.raises(LibraryError, match=r"line 1: this is no TOML"):
        load_script("start = ")
