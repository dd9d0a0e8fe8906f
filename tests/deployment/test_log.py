"""What a stranger can make a library say again and again does not fill the disk."""

import logging

import pytest
from structlog.testing import capture_logs

from deployment.log import Relay


def said(relay: Relay, text: str, at: float, error: Exception | None = None) -> None:
    info = None if error is None else (type(error), error, None)
    where, _, whence = text.partition(" from ")
    form = f"{where} from %s" if whence else text
    args = (whence,) if whence else None
    record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, form, args, info)
    record.created = at
    relay.handle(record)


def test_the_same_again_within_a_second_is_one_line() -> None:
    relay = Relay()
    with capture_logs() as lines:
        for moment in range(1000):
            said(relay, "accept() out of system resource", 7.0 + moment / 1000)
        said(relay, "accept() out of system resource", 8.5)
    assert len(lines) == 2


@pytest.mark.parametrize("other", [OSError("x"), None])
def test_another_thing_is_said_at_once(other: Exception | None) -> None:
    relay = Relay()
    with capture_logs() as lines:
        said(relay, "Error handling request", 7.0, KeyError("x"))
        said(relay, "Error handling request", 7.1, other)
    assert len(lines) == 2


def test_two_things_in_turn_do_not_fill_the_disk_either() -> None:
    """Nor does the same one from many addresses: who sends no HTTP chooses what is said."""
    relay = Relay()
    with capture_logs() as lines:
        for moment in range(900):
            error = KeyError("x") if moment % 2 else ValueError("y")
            said(relay, f"Error from 203.0.113.{moment % 7}", 7.0 + moment / 1000, error)
    assert len(lines) == 2
