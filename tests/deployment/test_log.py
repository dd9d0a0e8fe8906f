"""What a stranger can make a library say again and again does not fill the disk; a line names
nobody and holds nothing that an error choked on."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from deployment.log import LONGEST, Relay, configuration
from ivr.conversation.trace import WEBHOOK, Webhook
from storage.errors import StorageError


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


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the log holds, from the lowest level on."""
    to = io.StringIO()
    structlog.configure(**configuration("debug", to))
    yield to
    structlog.reset_defaults()


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def choke(on: str) -> None:
    raise ValueError(f"cannot read {on!r}")


def test_an_error_is_its_type_and_its_place_and_nothing_that_it_carried(
    written: io.StringIO,
) -> None:
    try:
        choke("1825")
    except ValueError:
        structlog.get_logger().exception("voice.failed")

    (line,) = lines(written)
    assert line["error"] == "ValueError"
    assert line["place"].startswith("tests/deployment/test_log.py:")
    assert line["place"].endswith(" choke")
    assert "1825" not in written.getvalue()
    assert "why" not in line


def test_our_own_errors_say_what_to_do_and_what_led_to_them(written: io.StringIO) -> None:
    try:
        try:
            choke("1825")
        except ValueError as wrong:
            raise StorageError("the number +8613800001234 is held: wait") from wrong
    except StorageError as wrong:
        structlog.get_logger().error("outbox", exc_info=wrong)

    (line,) = lines(written)
    assert line["why"] == "the number …34 is held: wait"
    assert line["causes"] == ["ValueError"]
    assert "1825" not in written.getvalue()


def test_what_a_group_of_errors_holds_is_named(written: io.StringIO) -> None:
    group = ExceptionGroup("tasks", [ValueError("1825"), OSError(28, "No space left on device")])
    structlog.get_logger().error("background.failed", exc_info=group)

    (line,) = lines(written)
    assert line["causes"] == ["ValueError", "OSError: No space left on device"]


def test_a_library_does_not_show_an_exception_whole(written: io.StringIO) -> None:
    """The event loop adds the task with its exception, as text, below its first line."""
    relay = Relay()
    said(
        relay, "Task exception was never retrieved\nfuture: <Task exception=ValueError('1825')>", 1
    )
    said(relay, "Error handling request", 2.0, ValueError("1825"))

    first, second = lines(written)
    assert first["text"] == "Task exception was never retrieved"
    assert second["error"] == "ValueError"
    assert "1825" not in written.getvalue()


@pytest.mark.parametrize(
    "value",
    ["+86 139 0000 7788", ["13900007788"], {"13900007788": 1}, ({"a": ("13900007788",)},),
     RuntimeError("13900007788")],
)  # fmt: skip
def test_a_number_is_masked_however_deep_it_lies(written: io.StringIO, value: object) -> None:
    structlog.get_logger().info("x", value=value)

    assert "…88" in written.getvalue()
    assert "7788" not in written.getvalue().replace(" ", "")


def test_no_text_fills_the_disk_and_none_is_cut_before_its_numbers_are_masked(
    written: io.StringIO,
) -> None:
    structlog.get_logger().error("refused", why=f"{'x' * (LONGEST - 6)} 13800001234 {'y' * 9000}")
    why = str(json.loads(written.getvalue())["why"])
    assert len(why) < LONGEST + 40
    assert "1380" not in why


def test_ids_stay_whole_and_mandarin_readable(written: io.StringIO) -> None:
    sid, call = "CA" + "1234567890abcdef" * 2, "0193a5b7f2cAbCdEfGh-_123456"
    WEBHOOK.set(Webhook(call, "3", sid))
    structlog.get_logger().info("市公安局")
    WEBHOOK.set(None)

    (line,) = lines(written)
    assert (line["call"], line["turn"], line["sid"]) == (call, "3", sid)
    assert "市公安局" in written.getvalue()


def test_an_id_that_is_a_number_is_none(written: io.StringIO) -> None:
    """Some carriers put a number into the id of a call."""
    WEBHOOK.set(Webhook(None, None, "13900007788@trunk"))
    structlog.get_logger().info("x")
    WEBHOOK.set(None)

    assert "7788" not in written.getvalue()
