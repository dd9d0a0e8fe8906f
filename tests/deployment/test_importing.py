"""What an import would change, from the terminal: told with every error, and nothing taken."""

import asyncio
from pathlib import Path

import pytest

from deployment import commands
from deployment.clock import SystemClock
from deployment.database import database_of
from deployment.plans import plan_inputs
from deployment.settings import Settings
from routing.city import demo_sheets
from routing.sheets.entities import EntityKind, entities
from routing.sheets.files import exported
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans
from tests.deployment.test_commands import serve

pytestmark = pytest.mark.usefixtures("alone")

ONE = "+865580000001"


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    code = commands.main(serve, Path("server.py"), ("import", *words))
    out, err = capsys.readouterr()
    return code, (out + err).splitlines()


def file(name: str, text: str, encoding: str = "utf-8") -> str:
    Path(name).write_text(text, encoding)
    return name


def test_a_preview_says_what_changes_and_takes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    names = file(
        "numbers.csv",
        f"号码,单位,职务,转接电话\n{ONE},市委,第一书记,0558-0010009\n",
        "gb18030",
    )

    code, lines = told(capsys, names, "--preview")

    assert code == 0
    assert lines == [
        f"修改 changed number {ONE} (两人 two people)",
        "    post: 市委书记 -> 第一书记",
        "    forward_to: …01 -> …09",
        "新增 added 0, 修改 changed 1, 删除 removed 0; 需要两人 need two people 1; 错误 errors 0",
    ]
    assert not Path("var").exists()


def test_every_error_is_told_at_its_file_row_and_column(
    capsys: pytest.CaptureFixture[str],
) -> None:
    numbers = file("n.csv", f"号码,单位,公布日期\n{ONE},无此局\x1b[2J,2/8/2026\n")
    services = file("s.csv", "number,zh,en\n8.66E+11,甲,a\n")

    code, lines = told(capsys, numbers, services, "--preview")

    assert code == 1
    faults = [line for line in lines if line.startswith(("n.csv", "s.csv"))]
    assert faults[0].startswith("n.csv, 第2行 row 2, 公布日期 published_on: “2/8/2026”分不清")
    assert any(line.startswith("n.csv, 第2行 row 2, 单位 office: 没有“无此局") for line in faults)
    assert any(line.startswith("s.csv, 第2行 row 2, 号码 number: “8.66E+11”") for line in faults)
    assert not any("\x1b" in line for line in lines)


def test_a_whole_file_takes_out_what_it_does_not_name(capsys: pytest.CaptureFixture[str]) -> None:
    rows = entities(demo_sheets(), EntityKind.SERVICE)
    del rows["110"]
    Path("s.csv").write_bytes(exported(EntityKind.SERVICE, rows, "zh-CN"))

    assert told(capsys, "s.csv", "--preview", "--whole", "--kind", "service")[1] == [
        "删除 removed service 110",
        "新增 added 0, 修改 changed 0, 删除 removed 1; 需要两人 need two people 0; 错误 errors 0",
    ]


def test_a_file_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = told(capsys, "none.csv", "--preview")

    assert code == 1
    assert lines == ["server.py: none.csv: No such file or directory; name a CSV file"]


async def test_without_preview_it_is_put_into_the_draft(
    empty_database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path("var")
    folder.mkdir()
    empty_database.rename(folder / "zhitong.db")
    database = database_of(Settings(demo=True))
    await StoredPlans(database, SystemClock()).publish(plan_inputs(Settings(demo=True)).to_text())
    names = file("n.csv", f"号码,单位,职务\n{ONE},市委,第一书记\n")

    for words in (("--preview",), (), ()):  # the draft has it the second time
        code, lines = await asyncio.to_thread(told, capsys, names, *words)
        assert code == 0, lines

    draft = await StoredDrafts(database).draft()
    await database.close()
    assert [(one.kind, one.key, one.over) for one in draft.changes] == [("number", ONE, 1)]
    assert (draft.changes[0].body or {})["post"] == "第一书记"
    assert draft.revision == 1


def test_before_the_first_start_there_is_no_draft(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = told(capsys, file("n.csv", f"号码,单位,职务\n{ONE},市委,第一书记\n"))

    assert code == 1
    assert lines[-1].endswith("start the server once")
