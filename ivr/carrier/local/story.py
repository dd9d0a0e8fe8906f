"""Writes what a terminal phone lived through as a golden call (`tests/ivr/calls`).

The one place that knows the format: `call … from … at …`, `> ` for what the caller
did, `< ` for what was heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ivr.carrier.local.messages import Mode, Why

_SHORT = {"zh": "zh", "cmn": "zh", "en": "en"}
_FINISHED_BY = {"0": " person"}


@dataclass(slots=True)
class Story:
    """The lines so far; ``typed`` are the last keys or words that the caller sent."""

    lines: list[str] = field(default_factory=list)
    typed: str = ""
    ringing: bool = False
    declined: bool = False

    def begin(self, dialled: str, caller: str, at: str) -> None:
        """A call was dialled; a withheld caller has no number."""
        who = caller if caller.startswith("+") else "withheld"
        self.lines.append(f"call {dialled} from {who} at {at}")

    def hear(self, message: dict[str, Any]) -> None:
        """One message of the exchange, as it belongs into the story."""
        match message["type"]:
            case "say" if message["kind"] == "say":
                slow = " slowly" if message["pace"] < 1 else ""
                self.lines.append(f"< {_short(message['language'])}{slow}: {message['text']}")
            case "beep":
                self.lines.append("< (beep)")
            case "heard":
                self.lines.append(f"> {self._did(message)}")
            case "bridged":
                self.ringing = False
                self.lines.append("> dial accepted")
            case "ringback":
                self._rung(on=bool(message["on"]))
            case "hungup":
                hangs_up = message["by"] == "me"
                self.lines.append("> hang up" if hangs_up else "< (hangs up)")

    def text(self) -> str:
        """The file's contents."""
        return "\n".join(self.lines) + "\n"

    def _rung(self, *, on: bool) -> None:
        if self.ringing and not on:
            self.lines.append("> dial declined" if self.declined else "> dial no answer")
        self.ringing = on

    def _did(self, message: dict[str, Any]) -> str:
        why, digits = Why(message["why"]), str(message["digits"])
        if Mode(message["kind"]) is Mode.RECORD:
            ended = " silence" if why is Why.SILENCE else _FINISHED_BY.get(digits, "")
            return f"record {round(float(message['seconds']))}{ended}"
        if why is Why.SILENCE:
            return "silence"
        if why is Why.WORDS:
            return f"say {self.typed}"
        if not digits:
            return "press # alone"
        return f"press {digits}{'#' if self.typed.endswith('#') else ''}"


def _short(language: str) -> str:
    return _SHORT.get(language.partition("-")[0], language)
