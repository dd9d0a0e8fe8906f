"""The log: one JSON object a line on standard error, telephone numbers masked everywhere. An error
is its type, its place and its way there; what it carried is shown of our own errors alone."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from ivr.conversation.trace import WEBHOOK
from routing.numbers.forms import mask_all

LOG: Final = structlog.get_logger()
Level = Literal["debug", "info", "warning", "error"]
QUIET: Final = 1.0
"""Seconds in which a library need not say the same thing again."""
REMEMBERED: Final = 256
"""Things that were said: libraries have fewer to say, but one may put details in its form."""
ROOT: Final = Path(__file__).resolve().parent.parent
OURS: Final = frozenset({"deployment", "ivr", "routing", "storage", "server"})
DEEPEST: Final = 20
"""Places of a trace, the innermost."""
LONGEST: Final = 4000
"""Characters of a text: a plan of which thousands of rules are wrong says so of each."""
IDS: Final = re.compile(r"[A-Z]{2}[0-9a-f]{32}|[0-9a-f]{11}[A-Za-z0-9_-]{16}")
"""A carrier's id and ours: long runs of digits in them are no telephone number."""


def log_as_json(level: Level = "info") -> None:
    """One JSON object a line from this level on, numbers masked wherever they stand."""
    structlog.configure(**configuration(level, sys.stderr), cache_logger_on_first_use=True)
    logging.basicConfig(handlers=[Relay()], level=logging.WARNING, force=True)


def configuration(level: Level, to: TextIO) -> dict[str, Any]:
    """How lines are made, for structlog."""
    return {
        "processors": [
            _of_webhook,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error,
            _masked,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        "wrapper_class": structlog.make_filtering_bound_logger(level),
        "logger_factory": structlog.PrintLoggerFactory(to),
    }


class Relay(logging.Handler):
    """What libraries log, as our own lines. The same again within a second is left out, whatever
    its details: asyncio says a thousand times a second that descriptors ran out, and aiohttp of
    each stranger that he sent no HTTP; a disk is soon full of it."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[object, ...], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """One line. What a library adds below its first (asyncio shows an exception whole) may
        hold what an error carried."""
        kind = record.exc_info[0] if record.exc_info else None
        said = (record.name, str(record.msg), kind)
        if record.created - self._said.get(said, float("-inf")) < QUIET:
            return
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[said] = record.created
        text = record.getMessage().partition("\n")[0]
        LOG.warning(record.name, text=text, exc_info=record.exc_info)


def _of_webhook(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """Which call a line is about."""
    webhook = WEBHOOK.get()
    if webhook is not None:
        entry.update(call=webhook.call, turn=webhook.turn, sid=webhook.sid)
    return entry


def _error(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """An exception as `error`, `place`, `trace`, and `why` where it is one of ours."""
    error = _raised(entry.pop("exc_info", None))
    if error is None:
        return entry
    trace = [_place(tb.tb_frame.f_code.co_filename, tb) for tb in _tracebacks(error)]
    ours = [place for place in trace if not place.startswith("…")]
    entry.update(error=_kind(error), place=(ours or trace or ["?"])[-1])
    if sentence := _sentence(error):
        entry["why"] = sentence
    if causes := [_told(cause) for cause in _causes(error)]:
        entry["causes"] = causes
    entry["trace"] = trace[-DEEPEST:]
    return entry


def _raised(told: object) -> BaseException | None:
    """The exception that `exc_info` means, in any of its forms."""
    if isinstance(told, BaseException):
        return told
    if isinstance(told, tuple):
        return told[1] if isinstance(told[1], BaseException) else None
    return sys.exc_info()[1] if told else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What led to it, the nearest first, or what a group of them holds."""
    if isinstance(error, BaseExceptionGroup):
        yield from error.exceptions
    seen = {id(error)}
    before = error.__cause__ or error.__context__
    while before is not None and id(before) not in seen:
        seen.add(id(before))
        yield before
        before = before.__cause__ or before.__context__


def _told(error: BaseException) -> str:
    sentence = _sentence(error)
    return f"{_kind(error)}: {sentence}" if sentence else _kind(error)


def _kind(error: BaseException) -> str:
    of = type(error)
    return of.__qualname__ if of.__module__ == "builtins" else f"{of.__module__}.{of.__qualname__}"


def _sentence(error: BaseException) -> str | None:
    """Our own errors are written for whoever reads the log, and the system's say nothing else;
    any other may repeat what it choked on: a form, a PIN, a caller's words."""
    if isinstance(error, OSError):
        return error.strerror
    return str(error) if type(error).__module__.partition(".")[0] in OURS else None


def _tracebacks(error: BaseException) -> Iterator[TracebackType]:
    at = error.__traceback__
    while at is not None:
        yield at
        at = at.tb_next


def _place(file: str, at: TracebackType) -> str:
    """File, line and function; `…` before what is not ours."""
    path = Path(file)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        name = path.relative_to(ROOT).as_posix()
    else:
        name = "…" + "/".join(path.parts[-2:])
    return f"{name}:{at.tb_lineno} {at.tb_frame.f_code.co_qualname}"


def _masked(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    return {name: value if name == "timestamp" else _mask(value) for name, value in entry.items()}


def _mask(value: Any) -> Any:
    """Text without numbers, however deep it lies; a name may be one too."""
    if isinstance(value, str):
        return value if IDS.fullmatch(value) else _cut(mask_all(value))
    if isinstance(value, Mapping):
        return {_mask(name): _mask(held) for name, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask(held) for held in value]
    if isinstance(value, int | float | None):
        return value
    return _cut(mask_all(str(value)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
