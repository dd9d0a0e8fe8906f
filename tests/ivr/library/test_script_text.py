"""What is wrong with the text of the menus, to a reader of either language."""

import re

import pytest

from ivr.library.plans import shipped
from ivr.library.script_text import MOST_FAULTS, MOST_LINE, MOST_SIGNS
from ivr.library.scripts import MOST_NODES, ScriptTextError, load_script

SHIPPED = shipped().script


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('kind = "menu"', "kind = menu", "等号后面的值不对，文字要用引号括起来"),
        ('kind = "menu"', 'kind "menu"', "名称后面缺等号"),
        ('kind = "menu"', 'kind = "menu', "引号没有成对"),
        ('kind = "menu"', 'kind = "menu" "menu"', "一行里写了多余的内容"),
        ('kind = "menu"', 'kind = "menu"\nkind = "menu"', "同一个名称写了两次"),
        ('kind = "menu"', 'kind = "men"', "kind不是节点的种类"),
        ('kind = "menu"', 'kind = "menu"\nkeys = "12"', "没有这一项"),
    ],
)
def test_a_text_that_cannot_be_read_says_so_in_chinese(before: str, after: str, says: str) -> None:
    with pytest.raises(ScriptTextError) as wrong:
        load_script(SHIPPED.replace(before, after, 1))

    told = [fault.says["zh-CN"] for fault in wrong.value.faults]
    assert any(says in one for one in told), told
    assert not re.search(r"[A-Za-z]{2,}", "".join(told).replace("TOML", "").replace("kind", ""))


BEGIN = SHIPPED.partition("[nodes")[0]


def nodes(many: int, kind: str) -> str:
    told = (f"[nodes.n{at}]\nkind = '{kind}'\ngoto = 'n0'\n" for at in range(many))
    return BEGIN + "".join(told)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a = " + "[" * 1500 + "]" * 400, 1, "括号嵌套太深"),
        ("a = " + "{a = " * 380, 1, "括号嵌套太深"),
        ("a = 1\n" + ".".join("a" * MOST_LINE) + " = 1\n", 2, "这一行超过2000个字符"),
        ("# x\n" * MOST_SIGNS, 1, "最多200千个字符"),
        (nodes(MOST_NODES + 1, "text"), None, f"最多{MOST_NODES}项"),
    ],
)
def test_a_text_that_would_take_long_to_read_is_not_read(
    text: str, line: int | None, says: str
) -> None:
    """Brackets without end were an error of ours, which no page of the draft survived."""
    with pytest.raises(ScriptTextError) as wrong:
        load_script(text)

    (fault,) = wrong.value.faults
    assert line in (None, fault.line)
    assert says in fault.says["zh-CN"]


def test_faults_are_told_up_to_a_bound() -> None:
    with pytest.raises(ScriptTextError) as wrong:
        load_script(nodes(MOST_NODES, "none"))

    assert len(wrong.value.faults) == MOST_FAULTS
