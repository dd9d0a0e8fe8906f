"""A job's number is never given to another: who has it in hand would finish the other one."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. PostgreSQL never gives one twice; SQLite does, unless it keeps count."""
    _rebuild(counted=True)


def downgrade() -> None:
    """Back."""
    _rebuild(counted=False)


def _rebuild(*, counted: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        kept = {"sqlite_autoincrement": counted}
        with op.batch_alter_table("outbox", recreate="always", table_kwargs=kept):
            pass
