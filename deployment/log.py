"""The log: one JSON object a line on standard error, telephone numbers masked everywhere."""

import logging
import sys
from typing import Any, Final

import structlog

from routing.numbers import mask_all

LOG: Final = structlog.get_logger()


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
    logging.basicConfig(handlers=[_Relay()], level=logging.WARNING, force=True)


class _Relay(logging.Handler):
    """What libraries log, as our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        LOG.warning(record.name, text=self.format(record))


def _masked(_: Any, __: str, entry: Any) -> Any:
    return {
        name: mask_all(value) if isinstance(value, str) and name != "timestamp" else value
        for name, value in entry.items()
    }
