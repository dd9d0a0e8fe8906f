"""The recorded sentences, found by their text: those of `ivr/voices`, an admin's own before them.
The counterpart of `tools.voices`, which speaks the former, and `own`, which reads the latter. What
is published with a plan stands before both: with the newest one for new calls, with an earlier one
for those that began with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ivr.carrier.local.mulaw import from_mulaw_wav
from ivr.flow.instruction import Language
from ivr.library.sentences import parted

SHIPPED = Path(__file__).resolve().parents[2] / "voices"
NONE: Mapping[tuple[Language, str], Path] = MappingProxyType({})
Meant = Mapping[tuple[Language, str], str]
"""Which sentences a plan has recordings of, and the hash of each sound."""
NO_SOUNDS: Meant = MappingProxyType({})
MOST_EDITIONS = 32
"""Of plans that live calls began with; more are not in memory."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a prompt: a recorded sentence, or words that somebody has to speak."""

    text: str
    recorded: Path | None


class Bank:
    """Which sentence lies where. A folder without a manifest has none. ``own`` are sounds, each
    named by the hash of what is in it, that stand before those of the folder."""

    def __init__(
        self, folder: Path = SHIPPED, own: Mapping[tuple[Language, str], Path] = NONE
    ) -> None:
        listed = folder / "manifest.json"
        written = listed.read_bytes() if listed.exists() else b"[]"
        lines = json.loads(written)
        self._names: dict[str, str] = {line["file"]: line.get("sha256", "")[:32] for line in lines}
        self._shipped, self._written, self._found = folder, written, dict(own)
        self._lines: Mapping[tuple[Language, str], Path] = {
            (line["language"], line["text"]): folder / line["file"] for line in lines
        }
        self.meant = NO_SOUNDS
        """What the newest plan has recordings of."""
        self._sounds: dict[str, Path] = {}
        self._editions: dict[str, Meant] = {}
        self.named: dict[str, Path] = {}
        """By what they are called outside. Those of plans that are the newest no more stay: a
        document that names one may have been sent already."""
        self.take({})

    def take(
        self, published: Mapping[tuple[Language, str], Path], meant: Meant = NO_SOUNDS
    ) -> None:
        """From now on these stand before all others: the newest plan's, each named as an own one
        is. Whoever has read what there was goes on with that."""
        self.know({meant[said]: path for said, path in published.items() if said in meant})
        self.meant = meant
        mine = self._found | dict(published)
        self.paths: Mapping[tuple[Language, str], Path] = {**self._lines, **mine}
        self.own = tuple(mine.values())
        stems = "".join(sorted(f"{said}{path.stem}" for said, path in mine.items())).encode()
        self.edition = hashlib.sha256(self._written + stems).hexdigest()[:12]
        self.named.update((self.name(path), path) for path in self.paths.values())

    def know(self, sounds: Mapping[str, Path]) -> None:
        """Where sounds lie, by their hash, of any plan that a live call follows."""
        self._sounds.update(sounds)
        self.named.update((path.stem, path) for path in sounds.values())

    def edition_of(self, plan: int, meant: Meant) -> str:
        """The name under which an earlier plan's own recordings are heard: of the sentences that it
        has none of, those that are nobody's plan's."""
        name = f"plan-{plan}"
        self._editions.pop(name, None)
        self._editions[name] = meant
        if len(self._editions) > MOST_EDITIONS:
            del self._editions[next(iter(self._editions))]
        return name

    def paths_in(self, edition: str) -> Mapping[tuple[Language, str], Path]:
        """What is heard in an edition; any other name is the newest plan's."""
        meant = self._editions.get(edition)
        if meant is None:
            return self.paths
        mine = {said: self._sounds[key] for said, key in meant.items() if key in self._sounds}
        return {**self._lines, **self._found, **mine}

    def mark(self, edition: str) -> str:
        """What would be heard otherwise when this changes."""
        if edition not in self._editions:
            return self.edition
        return f"{edition} {len(self._sounds)}"

    def parts(self, text: str, language: Language, edition: str = "") -> tuple[Part, ...]:
        """The text in its order; sentences that nobody recorded stay together."""
        paths = self.paths_in(edition)
        return tuple(Part(said, found) for said, found in parted(text, language, paths))

    def name(self, path: Path) -> str:
        """What a recorded sentence is called outside: 32 digits of the hash of its sound."""
        if not path.is_relative_to(self._shipped):
            return path.stem
        return self._names[path.relative_to(self._shipped).as_posix()]


@cache
def shipped_bank() -> Bank:
    """The recordings of this package, read once."""
    return Bank()


def frames(recorded: Path) -> bytes:
    """The int16 samples of a recorded sentence. Raises OSError or ValueError where it is not
    what was built."""
    return from_mulaw_wav(recorded.read_bytes())
