"""What is kept of finished calls and messages, and for how long."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.carrier.local import history as history_module
from ivr.carrier.local import line
from ivr.carrier.local.history import CALLS_KEPT, MESSAGES_KEPT, History, TextMessage
from ivr.carrier.local.state import Direction, LegState
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import House, StoppedClock


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


def test_what_is_too_old_leaves_the_disk_though_nobody_rings(tmp_path: Path) -> None:
    """A text holds a PIN, a call its caller."""
    clock = StoppedClock()
    history = History(tmp_path, clock.now)
    history.add_call(finished(clock, 1))
    history.add_message(TextMessage("SM1", "+1", "+2", "PIN 1234", clock.now().isoformat()))
    clock.pass_(3601)
    history.forget()
    assert (tmp_path / "finished.jsonl").read_text(encoding="utf-8") == ""
    assert history.message("SM1") is not None
    clock.pass_(2 * 3600)
    history.forget()
    assert history.messages() == []
    assert (tmp_path / "messages.jsonl").read_text(encoding="utf-8") == ""


def test_a_message_can_be_deleted_from_memory_and_disk(tmp_path: Path) -> None:
    """A caller who becomes anonymous leaves neither number nor PIN behind."""
    clock = StoppedClock()
    history = History(tmp_path, clock.now)
    for sid in ("SM1", "SM2"):
        history.add_message(TextMessage(sid, "+1", "+2", f"PIN {sid}", clock.now().isoformat()))
    assert history.delete_message("SM1")
    assert not history.delete_message("SM1")
    assert [message.sid for message in history.messages()] == ["SM2"]
    assert "SM1" not in (tmp_path / "messages.jsonl").read_text(encoding="utf-8")


def test_what_a_full_disk_kept_leaves_it_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StoppedClock()
    history = History(tmp_path, clock.now)
    history.add_call(finished(clock, 1))
    history.add_message(TextMessage("SM1", "+1", "+2", "PIN 1234", clock.now().isoformat()))
    clock.pass_(4 * 3600)

    with monkeypatch.context() as full:
        full.setattr(history_module, "replace_lines", no_room)
        with pytest.raises(OSError, match="No space"):
            history.forget()
    history.forget()

    assert (tmp_path / "finished.jsonl").read_text(encoding="utf-8") == ""
    assert (tmp_path / "messages.jsonl").read_text(encoding="utf-8") == ""


def no_room(path: Path, values: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


async def test_the_line_goes_on_forgetting_after_a_round_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[None] = []
    second = asyncio.Event()

    def forget(self: History) -> None:
        rounds.append(None)
        if len(rounds) > 2:  # the first is that of the restart
            second.set()
        elif len(rounds) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(History, "forget", forget)
    monkeypatch.setattr(line, "FORGET_EVERY", 0.0)
    async with House(tmp_path), asyncio.timeout(DEADLINE):
        await second.wait()
    assert len(rounds) > 2


def test_a_file_of_messages_does_not_grow_for_ever(tmp_path: Path) -> None:
    clock = StoppedClock()
    history = History(tmp_path, clock.now)
    for number in range(MESSAGES_KEPT * 3):
        history.add_message(TextMessage(f"SM{number}", "+1", "+2", "x", clock.now().isoformat()))
    lines = (tmp_path / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MESSAGES_KEPT * 2


def test_lines_that_are_not_ours_are_left_out(tmp_path: Path) -> None:
    """Written by another version, or by hand."""
    clock = StoppedClock()
    history = History(tmp_path, clock.now)
    history.add_call(finished(clock, 1))
    history.add_message(TextMessage("SM1", "+1", "+2", "x", clock.now().isoformat()))
    for name in ("finished.jsonl", "messages.jsonl"):
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write('{"sid": "CA2"}\n{"sid": "SM2", "colour": "red"}\n')
    again = History(tmp_path, clock.now)
    again.restore()
    assert [call.sid for call in again.calls()] == ["CA1"]
    assert [message.sid for message in again.messages()] == ["SM1"]


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
