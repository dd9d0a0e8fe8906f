"""What every table shares: one metadata, one naming convention, aware UTC timestamps."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC without a zone in the database. Naive values refuse."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database."""
        return None if value is None else plain(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


def sqlite_text(value: datetime | None) -> str | None:
    """An instant as SQLAlchemy writes it on SQLite, in half its time: for statements beneath Core.
    Naive values refuse."""
    return None if value is None else plain(value).isoformat(" ", "microseconds")


def plain(value: datetime) -> datetime:
    """UTC without a zone, as it is kept."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored; use aware UTC")
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).replace(tzinfo=None)


def aware(value: datetime) -> datetime:
    """As it is: Core makes of it what is kept."""
    return value
