"""The audit: a chain that is only added to, and its values, which can be erased."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REFUSED = "the audit is only ever added to"
SQLITE = "CREATE TRIGGER {name} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END"
ONCE = (
    "CREATE TRIGGER {name} BEFORE INSERT ON {table}"
    " WHEN EXISTS (SELECT 1 FROM {table} WHERE number = NEW.number)"
    " BEGIN SELECT RAISE(ABORT, '{said}'); END"
)
"""INSERT OR REPLACE deletes, and no DELETE's trigger hears of it."""
POSTGRES = (
    "CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH {each}"
    " EXECUTE FUNCTION refuse_audit_change()"
)
KEPT = (
    ("audit", "UPDATE"),
    ("audit", "DELETE"),
    ("audit_values", "UPDATE"),
)
"""What is refused; values may be deleted, which is how they are erased."""


def upgrade() -> None:
    """Forward. The version before changes nothing that is audited."""
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("salted", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    for column in ("actor", "action", "subject"):
        op.create_index(f"ix_audit_{column}_number", "audit", [column, "number"])
    op.create_table(
        "audit_values",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["audit.number"], name=op.f("fk_audit_values_number_audit")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_values")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _refuse_on_sqlite()
    else:
        _refuse_on_postgres()


def _refuse_on_sqlite() -> None:
    for table, what in KEPT:
        name = f"{table}_no_{what.lower()}"
        op.execute(SQLITE.format(name=name, what=what, table=table, said=REFUSED))
    for table in ("audit", "audit_values"):
        op.execute(ONCE.format(name=f"{table}_no_replace", table=table, said=REFUSED))


def _refuse_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    )
    for table, what in (*KEPT, ("audit", "TRUNCATE"), ("audit_values", "TRUNCATE")):
        name, each = f"{table}_no_{what.lower()}", "STATEMENT" if what == "TRUNCATE" else "ROW"
        op.execute(POSTGRES.format(name=name, what=what, table=table, each=each))


def downgrade() -> None:
    """Back; the audit is lost."""
    op.drop_table("audit_values")
    op.drop_table("audit")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_audit_change()")
