"""The log: one JSON object a line on standard error, telephone numbers masked everywhere."""

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

from routing.numbers.forms import mask_all

LOG: Final = structlog.get_logger()
QUIET: Final = 1.0
"""Seconds in which a library need not say the same thing again."""
REMEMBERED: Final = 256
"""Things that were said: libraries have fewer to say, but one may put details in its form."""


def log_as_json() -> None:
    """One JSON object a line, numbers masked wherever they stand."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _masked,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[Relay()], level=logging.WARNING, force=True)


class Relay(logging.Handler):
    """What libraries log, as our own lines. The same again within a second is left out, whatever
    its details: asyncio says a thousand times a second that descriptors ran out, and aiohttp of
    each stranger that he sent no HTTP; a disk is soon full of it."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[object, ...], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        kind = record.exc_info[0] if record.exc_info else None
        said = (record.name, str(record.msg), kind)
        if record.created - self._said.get(said, float("-inf")) < QUIET:
            return
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[said] = record.created
        LOG.warning(record.name, text=self.format(record))


def _masked(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    return {
        name: mask_all(value) if isinstance(value, str) and name != "timestamp" else value
        for name, value in entry.items()
    }
