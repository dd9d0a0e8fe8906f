"""The house as tests: who imports what, sizes, pins, vendored files, and that no page reaches
elsewhere. Counterpart of the contracts in pyproject.toml (design §2, §8)."""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from importlinter import cli
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ("ivr", "routing", "storage")
CODE = ("deployment", *HOUSE, "benchmarks", "tests", "tools")
MOST_LINES = 400
"""A file longer than this holds two things."""

UNCLEAR = re.compile(r"^class \w*(Manager|Helper|Utils|Data)\b", re.MULTILINE)
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "core", "common", "services", "manager"}
ELSEWHERE = re.compile(r"""(?:src|href|action|poster)\s*=\s*["']?\s*(?:https?:)?//
    |url\(\s*["']?(?:https?:)?//
    |@import\s+["'](?:https?:)?//
    |(?:from|import)\s*\(?\s*["'](?:https?:)?//
    |(?:fetch|WebSocket|EventSource|Worker|importScripts|addModule)\(\s*["'`](?:https?:|wss?:)?//
    """, re.VERBOSE)  # fmt: skip
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+\s*=\s*[\"']")
TOOLS_OF_THE_ENVIRONMENT = {"pip", "setuptools", "wheel", "uv"}


def code() -> Iterator[Path]:
    yield ROOT / "server.py"
    for folder in CODE:
        yield from (ROOT / folder).rglob("*.py")


def served(*endings: str) -> list[Path]:
    found = (*(ROOT / "ivr/web").rglob("*"), *(ROOT / "routing/web").rglob("*"))
    return [path for path in found if path.suffix in endings and "vendor" not in path.parts]


def short(paths: list[Path]) -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def test_imports_keep_to_the_contracts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))

    failed = cli.lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)

    assert not failed, capsys.readouterr().out


def test_no_file_is_too_long() -> None:
    long = [
        path for path in code() if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    ]

    assert short(long) == []


def test_names_say_what_a_thing_is() -> None:
    parts = [path for path in code() if FORBIDDEN_NAMES & {path.stem, *path.parts[-3:-1]}]
    classes = [path for path in code() if UNCLEAR.search(path.read_text(encoding="utf-8"))]

    assert short(parts) == []
    assert short(classes) == []


def test_packages_hold_no_logic_and_test_folders_are_no_packages() -> None:
    full = [path for path in code() if path.name == "__init__.py" and path.read_bytes().strip()]
    packages = list((ROOT / "tests").rglob("__init__.py"))
    bare = [
        folder
        for top in HOUSE
        for folder in {path.parent for path in (ROOT / top).rglob("*.py")}
        if not (folder / "__init__.py").exists() and "migrations" not in folder.parts
    ]

    assert short(full) == []
    assert short(packages) == []
    assert short(bare) == []


def test_tests_mirror_the_code() -> None:
    folders = {
        path.parent.relative_to(ROOT / "tests")
        for top in HOUSE
        for path in (ROOT / "tests" / top).rglob("test_*.py")
    }
    without = sorted(str(folder) for folder in folders if not (ROOT / folder).is_dir())

    assert without == []


def test_every_installed_package_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = map(Requirement, project["tool"]["uv"]["constraint-dependencies"])
    here = [pin for pin in wanted if pin.marker is None or pin.marker.evaluate()]
    pins = {pin.name: str(pin.specifier).removeprefix("==") for pin in here}
    installed = {
        re.sub(r"[-_.]+", "-", found.name).lower(): found.version for found in distributions()
    }
    unpinned = {
        name: version
        for name, version in installed.items()
        if name not in TOOLS_OF_THE_ENVIRONMENT and pins.get(name) != version
    }

    assert unpinned == {}, "run `uv run python tools/pin.py`, then `uv sync`"


def test_no_lock_file_and_no_registry() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()

    assert "/uv.lock" in ignored
    assert "://" not in project


VENDORED = [ROOT / "routing/web/static/vendor", ROOT / "tests/vendor"]


def vendored(folder: Path) -> Iterator[tuple[Path, str]]:
    for line in (folder / "README.md").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\|\s*(\S+)\s*\|.*\|\s*([0-9a-f]{64})\s*\|$", line):
            yield folder / found[1], found[2]


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.parent.name)
def test_vendored_files_are_what_they_say(folder: Path) -> None:
    listed = dict(vendored(folder))
    kept = set(folder.iterdir()) - {folder / "README.md"}

    assert listed
    assert kept == set(listed)
    assert listed == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in listed}


@pytest.mark.parametrize("path", served(".html", ".css", ".js"), ids=lambda path: path.name)
def test_no_page_loads_from_another_host(path: Path) -> None:
    assert ELSEWHERE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", served(".html"), ids=lambda path: path.name)
def test_no_page_holds_script_or_style(path: Path) -> None:
    assert INLINE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "breach",
    [
        '<script src="https://cdn.example/x.js">',
        "<img src=//cdn.example/x.png>",
        "body { background: url('https://cdn.example/x') }",
        'import x from "https://cdn.example/x.js"',
        "new WebSocket(`wss://x.example`)",
    ],
)
def test_the_look_for_other_hosts_sees_them(breach: str) -> None:
    assert ELSEWHERE.search(breach)
