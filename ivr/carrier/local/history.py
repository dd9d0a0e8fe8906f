"""Finished calls and text messages, for REST and for phones that attach later.

Bounded in number and in time: neither a call nor a text with its PIN is kept for its own sake.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ivr.carrier.local.ledger import append_bytes, read_lines, replace_lines
from ivr.carrier.local.state import LegState, state_from_plain, state_to_plain

CALLS_KEPT, CALLS_KEPT_FOR = 500, timedelta(hours=1)
MESSAGES_KEPT, MESSAGES_KEPT_FOR = 200, timedelta(hours=3)  # in doubt, one is looked up


@dataclass(frozen=True, slots=True)
class TextMessage:
    """One SMS; ``at`` is ISO 8601 in UTC, ``error`` why it reached nobody, None where it did."""

    sid: str
    from_: str
    to: str
    text: str
    at: str
    error: int | None = None


class History:
    """What is over: at most 500 calls for an hour, and at most 200 messages for three."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._calls_path = folder / "finished.jsonl"
        self._messages_path = folder / "messages.jsonl"
        self._now = now
        self._calls: dict[str, LegState] = {}
        self._messages: dict[str, TextMessage] = {}
        self._lines = 0  # of the messages' file

    def restore(self) -> None:
        """Read what an earlier server kept; what another version wrote may be left out."""
        for line in read_lines(self._calls_path):
            with suppress(KeyError, TypeError, ValueError):
                state = state_from_plain(line)
                self._calls[state.sid] = state
        for line in read_lines(self._messages_path)[-MESSAGES_KEPT:]:
            with suppress(TypeError):
                message = TextMessage(**line)
                self._messages[message.sid] = message
        self.forget()
        self._rewrite_messages(self._messages)

    def forget(self) -> None:
        """What is too old leaves disk and memory, whether or not anybody rings. Where the disk
        does not take it (OSError) it is too old the next time still."""
        self._prune()
        eldest = (self._now() - MESSAGES_KEPT_FOR).isoformat()
        young = {sid: message for sid, message in self._messages.items() if message.at >= eldest}
        if len(young) < len(self._messages):
            self._rewrite_messages(young)

    def add_call(self, state: LegState) -> None:
        """Keep a finished call."""
        self._calls[state.sid] = state
        append_bytes(self._calls_path, (json.dumps(_kept(state)) + "\n").encode())
        self._prune()

    def calls(self) -> list[LegState]:
        """Finished calls, newest first."""
        self._prune()
        return list(reversed(self._calls.values()))

    def call(self, sid: str) -> LegState | None:
        """One finished call."""
        return self._calls.get(sid)

    def add_message(self, message: TextMessage) -> None:
        """Keep a message; the oldest goes where there are too many."""
        self._messages[message.sid] = message
        if len(self._messages) > MESSAGES_KEPT:
            self._messages.pop(next(iter(self._messages)))
        line = json.dumps(asdict(message), ensure_ascii=False) + "\n"
        append_bytes(self._messages_path, line.encode())
        self._lines += 1
        if self._lines >= 2 * MESSAGES_KEPT:
            self._rewrite_messages(self._messages)

    def delete_message(self, sid: str) -> bool:
        """Forget one message, on the disk too; False if there was none."""
        others = {known: message for known, message in self._messages.items() if known != sid}
        found = len(others) < len(self._messages)
        if found:
            self._rewrite_messages(others)
        return found

    def messages(self, to: str | None = None) -> list[TextMessage]:
        """Messages, oldest first; only those to a number, if given."""
        return [m for m in self._messages.values() if to is None or m.to == to]

    def message(self, sid: str) -> TextMessage | None:
        """One message."""
        return self._messages.get(sid)

    def _rewrite_messages(self, kept: dict[str, TextMessage]) -> None:
        replace_lines(self._messages_path, [asdict(m) for m in kept.values()])
        self._messages = kept
        self._lines = len(kept)

    def _prune(self) -> None:
        """Drop what is too old or too much; the file is rewritten only for that."""
        eldest = (self._now() - CALLS_KEPT_FOR).isoformat()
        over = len(self._calls) - CALLS_KEPT
        over = over if over > CALLS_KEPT // 10 else 0  # a tenth at a time
        kept = {
            sid: call
            for place, (sid, call) in enumerate(self._calls.items())
            if place >= over and (call.ended or call.started) >= eldest
        }
        if len(kept) < len(self._calls):
            replace_lines(self._calls_path, [_kept(state) for state in kept.values()])
            self._calls = kept


def _kept(state: LegState) -> dict[str, Any]:
    """Without the documents: what was spoken is not kept beyond the call."""
    return {**state_to_plain(state), "body": "", "taping": None}
