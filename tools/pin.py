"""Pins every package, direct and transitive: `uv run python tools/pin.py`.

Resolves the ranges of pyproject.toml in a folder of its own and writes what it found to
`constraint-dependencies`. Counterpart of a lock file, which would name a registry's address.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
PINS = re.compile(r"^constraint-dependencies = \[(?:\]|\n.*?^\])$", re.DOTALL | re.MULTILINE)
ALL = ("--all-groups", "--all-extras")
EXPORT = ("export", *ALL, "--no-hashes", "--no-annotate", "--no-header", "--quiet")


class PinError(Exception):
    """The versions could not be worked out; the message says what to do."""


def with_pins(text: str, pins: list[str]) -> str:
    """The project file `text` with `pins` in place of the ones it has."""
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    found = f"constraint-dependencies = [\n{lines}]" if pins else "constraint-dependencies = []"
    changed, count = PINS.subn(lambda _: found, text)
    if count != 1:
        raise PinError("pyproject.toml needs exactly one `constraint-dependencies = [...]`")
    return changed


def resolve(text: str) -> list[str]:
    """The newest versions that the ranges of `text` allow, as requirement lines with markers."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(with_pins(text, []), encoding="utf-8")
        exported = subprocess.run(
            [_uv(), *EXPORT, "--project", folder],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    if exported.returncode:
        raise PinError(f"uv could not resolve the project: {exported.stderr.strip()}")
    return [line.replace('"', "'") for line in exported.stdout.splitlines() if "==" in line]


def _uv() -> str:
    found = shutil.which("uv")
    if found is None:
        raise PinError("uv is not on the PATH: install it with `pip install uv`")
    return found


def main() -> int:
    """Rewrites pyproject.toml in place; returns the exit code."""
    text = PROJECT.read_text(encoding="utf-8")
    try:
        pins = resolve(text)
        PROJECT.write_text(with_pins(text, pins), encoding="utf-8")
    except (PinError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(pins)} packages pinned in {PROJECT.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
