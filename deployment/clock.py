"""The only place that asks the machine for the time. Implements `routing.ports.Clock`."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """Now, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251 - every other part is handed this clock
