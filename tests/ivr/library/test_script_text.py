"""What is wrong with the text of the menus, to a reader of either language."""

import re

import pytest

from ivr.library.plans import shipped
from ivr.library.scripts import ScriptTextError, load_script

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
