"""What the words after `server.py` do, and what a newcomer reads of them."""

import errno
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from deployment import commands, plans
from deployment.listening import Worker, cannot_listen
from deployment.settings import Settings
from ivr.library.plans import Inputs, shipped
from routing.city import demo_sheets
from storage import schema

NAMES = ("run", "rehearse", "check", "migrate", "block", "unblock", "blocks")


pytestmark = pytest.mark.usefixtures("alone")


async def serve(settings: Settings, worker: Worker | None) -> None:
    """Serves for no time at all."""
    settings.data_dir.joinpath("served").touch()


def heard(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit, match="0"):
        commands.main(serve, Path("server.py"), words)
    return capsys.readouterr().out


def test_the_help_says_what_each_command_does_in_both_languages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = heard(capsys, "--help")

    for name in NAMES:
        assert re.search(rf"^ +{name} +[\u4e00-\u9fff].*。 [A-Z]", told, re.MULTILINE), name
    for developers_word in ("root", "build_app", "argparse", "usage: server.py [-h]"):
        assert developers_word not in told


def test_every_setting_that_the_help_names_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    told = re.findall(r"ZHITONG_([A-Z_]+)", heard(capsys, "--help"))

    assert {"PORT", "DATA_DIR"} <= set(told)
    assert {name.lower() for name in told} <= set(Settings.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_each_command_explains_itself(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert heard(capsys, name, "--help").startswith(f"usage: server.py {name}")


@pytest.mark.parametrize("words", [(), ("run",)])
def test_without_a_word_it_runs(words: tuple[str, ...]) -> None:
    assert commands.main(serve, Path("server.py"), words) == 0
    assert Path("var/served").exists()


def test_a_check_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(serve, Path("server.py"), ("check",)) == 0
    assert "can be used" in capsys.readouterr().out
    assert not Path("var").exists()


def test_a_check_tells_what_keeps_nothing_from_use(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = shipped()
    more = {lang: f'{text}\n"greet.idle" = "x"\n' for lang, text in given.phrases.items()}
    monkeypatch.setattr(plans, "shipped", lambda: replace(given, phrases=more))

    assert commands.main(serve, Path("server.py"), ("check",)) == 0

    told = capsys.readouterr().out
    assert "greet.idle: " in told
    assert "greet.idle: nothing says it" in told
    assert "nothing to mend" not in told


def test_a_check_tells_which_offices_are_reached_by_one_door(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets = demo_sheets()
    one = sheets.offices.replace("office16@yunling.example", "Office02@yunling.example")
    one = one.replace("+865580020005", "+865580020006")
    monkeypatch.setattr(plans, "demo_sheets", lambda: replace(sheets, offices=one))

    assert commands.main(serve, Path("server.py"), ("check",)) == 0

    told = capsys.readouterr().out
    assert "warning at office/市政府: 市政府、市水利局共用of…@yunling.example" in told
    assert "市政府, 市水利局 have of…@yunling.example in common: a complaint" in told
    assert "市教育局, 市科学技术局 have …06 in common" in told
    assert "office02" not in told.lower()
    assert "can be used" in told


def test_an_option_of_another_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        commands.main(serve, Path("server.py"), ("check", "--save", "x.call"))
    assert "--save" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check", "pigeon"), "`check pigeon` is none"),
        (("check", "--set"), "belong to `check carrier`"),
        (("check", "--number", "12345"), "belong to `check carrier`"),
        (("check", "carrier"), "start it once with"),
        (("check", "--draft"), "there is no draft in ZHITONG_DATA_DIR yet"),
    ],
)
def test_what_check_does_not_do(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert commands.main(serve, Path("server.py"), words) == 1
    assert says in capsys.readouterr().err


def test_a_port_that_only_root_may_use() -> None:
    refused = cannot_listen(Settings(port=80), PermissionError(errno.EACCES, "denied"))

    assert "set ZHITONG_PORT to one above 1023" in str(refused)


def test_a_terminal_that_holds_no_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding="ascii", write_through=True)
    monkeypatch.setattr("sys.stdout", terminal)

    with pytest.raises(SystemExit, match="0"):
        commands.main(serve, Path("server.py"), ("--help",))

    assert b"?? Zhitong" in written.getvalue()


def test_a_story_that_cannot_be_written_is_refused_before_the_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "missing" / "story.call"

    assert commands.main(serve, Path("server.py"), ("rehearse", "--save", str(nowhere))) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"server.py: --save {nowhere}: ")
    assert "name a file that can be written" in told


def test_a_mistyped_command_is_offered_none_of_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        commands.main(serve, Path("server.py"), ("chek",))
    told = capsys.readouterr().err
    assert "'check'" in told
    assert "worker" not in told


@pytest.mark.parametrize("name", ["worker", "run"])
def test_a_worker_is_known_where_it_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr("sys.argv", ["server.py", name, "--help"])
    with pytest.raises(SystemExit, match="0"):
        commands.main(serve, Path("server.py"), None)
    assert capsys.readouterr().out.startswith(f"usage: server.py {name}")


def test_migrate_says_what_it_did(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        assert commands.main(serve, Path("server.py"), ("migrate",)) == 0
        return capsys.readouterr().out

    made, again = said(), said()
    newest = schema.head()
    it = "the database in ZHITONG_DATA_DIR (var)"
    assert made == f"{it} was made, at version {newest}\n"
    assert again == f"{it} is at version {newest} already\n"
    monkeypatch.setattr(schema, "revision", lambda _: "0001")
    monkeypatch.setattr(schema, "upgrade", lambda _: None)
    assert said() == f"{it} was brought from version 0001 to {newest}\n"


def test_migrate_speaks_of_either_database(capsys: pytest.CaptureFixture[str]) -> None:
    told = heard(capsys, "migrate", "--help")
    assert "DATA_DIR" in told
    assert "DATABASE_URL" in told


def test_a_plan_from_a_file_is_checked_and_an_error_is_told_by_the_exit_code(
    capsys: pytest.CaptureFixture[str], demo_inputs: Inputs
) -> None:
    example = {
        "name": "停水",
        "facts": {"dialled": "+865580000021", "topic": "water", "at": "2026-12-01T10:00+08:00"},
        "expected": {"office": "市公安局"},
    }
    plan = replace(demo_inputs, scenarios=json.dumps({"water": example}))
    Path("plan.json").write_text(plan.to_text(), encoding="utf-8")

    assert commands.main(serve, Path("server.py"), ("check", "--plan", "plan.json")) == 1

    told = capsys.readouterr().out
    assert "“停水”不通过：应交由市公安局，结果是市水利局。" in told
    assert "“停水” fails: it should go to" in told
    assert "errors keep it from being published: 1" in told


def test_a_plan_whose_rules_are_wrong_is_refused_with_each_fault(
    capsys: pytest.CaptureFixture[str], demo_inputs: Inputs
) -> None:
    rules = '{"schema": 1, "rules": [{"id": "a", "name": "a", "then": {"office": "Nowhere"}}]}'
    Path("plan.json").write_text(replace(demo_inputs, rules=rules).to_text(), encoding="utf-8")

    assert commands.main(serve, Path("server.py"), ("check", "--plan", "plan.json")) == 1
    told = capsys.readouterr().out
    assert "error at rule/a/office: " in told
    assert "there is no office Nowhere" in told
    assert "nodes" not in told


def test_a_plan_as_yaml_is_checked_over_what_is_published(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For CI: examples in the file are run, and a slip is told at its line."""
    example = (
        "scenario:\n  water:\n    name: 停水\n    facts: {dialled: '+865580000021', topic: water,"
        " at: '2026-12-01T10:00+08:00'}\n    expected: {office: OFFICE}\n"
    )
    said = []
    for office, more in (("市水利局", ""), ("市公安局", ""), ("市水利局", "weather: {}\n")):
        text = "zhitong_plan: 1\n" + example.replace("OFFICE", office) + more
        Path("plan.yaml").write_text(text, encoding="utf-8")
        code = commands.main(serve, Path("server.py"), ("check", "--plan", "plan.yaml"))
        said.append((code, capsys.readouterr().out))

    (fine, _), (failed, why), (slip, where) = said
    assert (fine, failed, slip) == (0, 1, 1)
    assert "error at scenario/water: “停水”不通过" in why
    assert "plan.yaml:7" in where
    assert "weather" in where


@pytest.mark.parametrize("text", ["", "[]", None])
def test_a_file_that_holds_no_plan_is_told(
    capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    if text is not None:
        Path("plan.json").write_text(text, encoding="utf-8")

    assert commands.main(serve, Path("server.py"), ("check", "--plan", "plan.json")) == 1
    assert "--plan plan.json" in capsys.readouterr().err
