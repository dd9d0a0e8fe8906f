"""Keeps live calls in files, so that a call outlives the server that carries it.

One append-only file of JSON lines per leg; each line is a partial update of
``LegState``. No fsync: a killed process loses nothing that was written.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivr.carrier.local.state import LegState, state_from_plain, state_to_plain

_log = logging.getLogger(__name__)


class Ledger:
    """The folder of live legs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def append(self, sid: str, changes: Mapping[str, Any]) -> None:
        """Keep what changed of a leg."""
        line = json.dumps(changes, ensure_ascii=False, separators=(",", ":")) + "\n"
        append_bytes(self._path(sid), line.encode())

    def close(self, sid: str) -> None:
        """Forget a leg that ended."""
        self._path(sid).unlink(missing_ok=True)

    def restore(self) -> list[LegState]:
        """All live legs, oldest first; each file is rewritten as one line."""
        states = [self._read(path) for path in self._folder.glob("*.jsonl")]
        return sorted((s for s in states if s is not None), key=lambda s: (s.started, s.sid))

    def _read(self, path: Path) -> LegState | None:
        merged: dict[str, Any] = {}
        for update in read_lines(path):
            merged.update(update)
        try:
            state = state_from_plain(merged)
        except (KeyError, TypeError, ValueError):
            _log.warning("the kept call %s cannot be read; it is dropped", path.stem)
            path.unlink(missing_ok=True)
            return None
        replace_lines(path, [state_to_plain(state)])
        return state

    def _path(self, sid: str) -> Path:
        return self._folder / f"{sid}.jsonl"


def append_bytes(path: Path, chunk: bytes) -> None:
    """Add to a file in one write, so that a kill tears at most its last line."""
    handle = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600
    )
    try:
        os.write(handle, chunk)
    finally:
        os.close(handle)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a JSON lines file; a torn or foreign line is left out."""
    found: list[dict[str, Any]] = []
    if not path.exists():
        return found
    for line in path.read_bytes().splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def replace_lines(path: Path, values: list[dict[str, Any]]) -> None:
    """Write a JSON lines file anew, whole or not at all."""
    lines = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    fresh = path.with_suffix(".new")
    fresh.write_text(lines, encoding="utf-8")
    fresh.replace(path)
