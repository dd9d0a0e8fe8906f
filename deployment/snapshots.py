"""What the other workers of this machine have counted: each writes its numbers into a file of its
own every few seconds, and whichever is scraped adds the files up. The counterpart of `metrics`."""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

Key = tuple[str, ...]
"""A family's name, then its labels; of a histogram also the limit, or that it is the sum."""
EVERY: Final = 5.0
"""Seconds between two writes."""
STALE: Final = 3 * EVERY
"""Seconds after which a file's process is taken to be gone: what it had at the moment (live calls)
is gone with it, what it had counted is not."""


class Snapshots:
    """One process's file in a folder that the others share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._before: dict[Key, float] = {}

    def inherit(self) -> None:
        """Take over what processes that are gone had counted: no sum falls, and no file stays for
        ever. Each is taken by one process alone, whoever renames it first."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._files():
            if _age(path) < STALE:
                continue
            taken = path.with_suffix(f".{self._mine}")
            with contextlib.suppress(OSError, ValueError):
                path.rename(taken)
                counters, _ = _read(taken)
                _add(self._before, counters)
                taken.unlink()

    def keep(self, counted: Mapping[Key, float], gauges: frozenset[str]) -> None:
        """Write this process's numbers, whole or not at all. `gauges` are the families that say how
        much there is now."""
        counters: dict[Key, float] = {k: v for k, v in counted.items() if k[0] not in gauges}
        now = {key: value for key, value in counted.items() if key[0] in gauges}
        _add(counters, self._before)
        new = self._folder / f"{self._mine}.new"
        new.write_bytes(orjson.dumps({"counters": _plain(counters), "now": _plain(now)}))
        new.replace(self._folder / f"{self._mine}.json")

    def counted(self) -> Mapping[Key, float]:
        """The sum of all others, and of those that are gone."""
        found = dict(self._before)
        for path in self._files():
            if path.stem == self._mine:
                continue
            with contextlib.suppress(OSError, ValueError):  # it is being taken over
                counters, now = _read(path)
                _add(found, counters)
                if _age(path) < STALE:
                    _add(found, now)
        return found

    def _files(self) -> Iterator[Path]:
        yield from sorted(self._folder.glob("*.json"))


def _age(path: Path) -> float:
    """Seconds since it was written; a file that is gone was written just now."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _plain(counted: Mapping[Key, float]) -> list[list[Any]]:
    return [[*key, value] for key, value in counted.items()]


def _read(path: Path) -> tuple[dict[Key, float], dict[Key, float]]:
    """Raises OSError, ValueError."""
    kept = orjson.loads(path.read_bytes())
    counters, now = (
        {tuple(key): float(value) for *key, value in kept[part]} for part in ("counters", "now")
    )
    return counters, now


def _add(to: dict[Key, float], more: Mapping[Key, float]) -> None:
    for key, value in more.items():
        to[key] = to.get(key, 0) + value
