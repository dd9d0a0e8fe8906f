"""Runs migrations on the connection that `storage.schema.migrate` opened."""

from alembic import context

from storage.tables import (
    accounts,
    audit,
    blocks,
    calls,
    cases,
    drafts,
    ledger,
    outbox,
    outgoing,
    pieces,
    sounds,
)
from storage.tables.base import METADATA

TABLES = (
    accounts,
    audit,
    blocks,
    calls,
    cases,
    drafts,
    ledger,
    outbox,
    outgoing,
    pieces,
    sounds,
)
"""Imported so that the metadata knows every table."""


def run() -> None:
    """One transaction for each revision."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


run()
