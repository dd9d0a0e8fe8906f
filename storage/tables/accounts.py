"""People who sign in: accounts, what they are known by, who is signed in, and the tries."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
)

from storage.tables.base import METADATA, Instant

accounts = Table(
    "accounts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display_zh", String(64), nullable=False),
    Column("display_en", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("office", String(64)),
    Column("disabled", Boolean, nullable=False),
    Column("created", Instant, nullable=False),
    Column("line", String(64)),  # an official's published number
)

credentials = Table(
    "credentials",
    METADATA,
    Column("account", String(32), ForeignKey("accounts.id"), primary_key=True),
    Column("password", Text, nullable=False),  # argon2id
    Column("must_change", Boolean, nullable=False),
    Column("until", Instant),  # a password that was given out is worth nothing after this
    Column("totp", LargeBinary),  # sealed
    Column("totp_offered", LargeBinary),  # sealed; shown, and not yet confirmed by a code
    Column("totp_step", BigInteger),  # the last that was used: none is used again
)

recovery_codes = Table(
    "recovery_codes",
    METADATA,
    Column("account", String(32), ForeignKey("accounts.id"), primary_key=True),
    Column("digest", String(64), primary_key=True),  # keyed digest
)

passkeys = Table(
    "passkeys",
    METADATA,
    Column("id", String(1400), primary_key=True),  # base64url; WebAuthn allows 1023 bytes
    Column("account", String(32), ForeignKey("accounts.id"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("created", Instant, nullable=False),
    Column("used", Instant),
    Index("ix_passkeys_account", "account"),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("key", String(64), primary_key=True),  # SHA-256 of the cookie's token
    Column("account", String(32), ForeignKey("accounts.id"), nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("begun", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("agent", String(200), nullable=False),
    Column("kept", LargeBinary),  # sealed: a form that was posted after the session's end
    Column("ended", Boolean, nullable=False, server_default=false()),  # by somebody, not by time
    Index("ix_sessions_account", "account"),
    Index("ix_sessions_ends", "ends"),
)

tries = Table(
    "sign_in_tries",
    METADATA,
    Column("key", String(80), primary_key=True),  # kind and keyed digest
    Column("failures", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_sign_in_tries_at", "at"),
)
