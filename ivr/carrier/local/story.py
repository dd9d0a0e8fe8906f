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
_FINISH = "#"


@dataclass(slots=True)
class Story:
    """The lines so far; ``typed`` are the last keys or words that the caller sent, ``listening`` is
    what the line last said that it takes, ``taping`` whether a recording goes on."""

    lines: list[str] = field(default_factory=list)
    typed: str = ""
    listening: dict[str, Any] = field(default_factory=dict)
    taping: bool = False
    ringing: bool = False
    declined: bool = False

    @property
    def begun(self) -> bool:
        """Whether a call was dialled: a story is one call."""
        return bool(self.lines)

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
            case "listening":
                self.listening = message
            case "recording":
                self.taping, self.typed = bool(message["on"]), ""
            case "heard":
                self.taping = False
                self.lines.append(f"> {self._did(message)}")
            case "bridged":
                self.ringing = False
                self.lines.append("> dial accepted")
            case "ringback":
                self._rung(on=bool(message["on"]))
            case "hungup":
                hangs_up = message["by"] == "me"
                self.lines.append(f"> {self._leaves()}" if hangs_up else "< (hangs up)")

    def text(self) -> str:
        """The file's contents."""
        return "\n".join(self.lines) + "\n"

    def _rung(self, *, on: bool) -> None:
        if self.ringing and not on:
            self.lines.append("> dial declined" if self.declined else "> dial no answer")
        self.ringing = on

    def _leaves(self) -> str:
        """How the caller ends the call. What was said until then is kept; how long it took, a
        phone that has hung up is not told."""
        if self.taping and self.typed:
            return "record 1 hangup"
        return "dial caller gone" if self.ringing else "hang up"

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
        return f"press {digits}{_FINISH if self._finished(digits) else ''}"

    def _finished(self, digits: str) -> bool:
        """Whether the caller's last key ended the input; at a menu it is an entry like another."""
        full = len(digits) == self.listening.get("max_digits")
        ends = self.listening.get("finish") == _FINISH
        return ends and not full and self.typed.endswith(_FINISH)


def _short(language: str) -> str:
    return _SHORT.get(language.partition("-")[0], language)
