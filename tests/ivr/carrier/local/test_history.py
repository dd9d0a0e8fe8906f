"""What is kept of finished calls and messages, and for how long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ivr.carrier.local.history import CALLS_KEPT, MESSAGES_KEPT, History, TextMessage
from ivr.carrier.local.state import Direction, LegState
from tests.ivr.carrier.local.house import StoppedClock


def finished(clock: StoppedClock, number: int) -> LegState:
    now = clock.now().isoformat()
    state = LegState(f"CA{number}", Direction.INBOUND, "+861", "+862", now, ended=now)
    return replace(state, body="<Response><Say>secret</Say></Response>")


def test_calls_are_kept_for_an_hour_without_what_was_spoken(tmp_path: Path) -> None:
    clock = StoppedClock()
    history = History(tmp_path, clock.now)
    history.add_call(finished(clock, 1))
    clock.pass_(3000)
    history.add_call(finished(clock, 2))
    again = History(tmp_path, clock.now)
    again.restore()
    assert [call.sid for call in again.calls()] == ["CA2", "CA1"]
    assert "secret" not in (tmp_path / "finished.jsonl").read_text(encoding="utf-8")
    clock.pass_(1000)
    assert [call.sid for call in again.calls()] == ["CA2"]
    assert "CA1" not in (tmp_path / "finished.jsonl").read_text(encoding="utf-8")


def test_both_are_bounded(tmp_path: Path) -> None:
    clock = StoppedClock()
    history = History(tmp_path, clock.now)
    for number in range(CALLS_KEPT + 60):
        history.add_call(finished(clock, number))
    assert CALLS_KEPT <= len(history.calls()) <= CALLS_KEPT * 1.1
    for number in range(MESSAGES_KEPT + 5):
        history.add_message(TextMessage(f"SM{number}", "+1", "+2", "x", clock.now().isoformat()))
    assert len(history.messages()) == MESSAGES_KEPT
    assert history.message("SM0") is None
    assert history.message("SM9") is not None
