"""The machine's own clock, the only place that asks it; every other part is handed one."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's own clock: the only place that asks it."""

    def now(self) -> datetime:
        """Now, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251 - every other part is handed this clock
