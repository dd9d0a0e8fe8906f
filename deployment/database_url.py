"""What can be seen of DATABASE_URL without asking anybody. No sentence repeats any of it: behind a
sign that should have been escaped, part of the password stands where a host's name should."""

from typing import Final
from urllib.parse import parse_qsl

DATABASES: Final = frozenset({"postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"})
SSL_MODES: Final = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
KNOWN: Final = frozenset(
    {"host", "port", "sslmode", "ssl", "passfile", "target_session_attrs", "krbsrvname", "gsslib"}
)
"""What asyncpg takes behind the `?`; psycopg takes all that libpq does."""
ESCAPES: Final = "write @ in the password as %40, / as %2F, : as %3A and % as %25"


def fault_of(url: str) -> str:
    """What is wrong with it and what to do, without its setting's name; "" where nothing is seen.
    Read as SQLAlchemy does: the password ends at the first `@`."""
    scheme, _, rest = url.partition("://")
    if scheme not in DATABASES:
        return "must look like postgresql://user:password@host/name; leave it out for SQLite"
    behind = rest.partition("@")[2] if "@" in rest else rest
    if "@" in behind:
        return f"has more than one @: {ESCAPES}"
    where, _, query = behind.partition("?")
    host, _, name = where.partition("/")
    return _port(host) or _name(name) or _query(query, libpq=scheme.endswith("psycopg"))


def _port(host: str) -> str:
    port = host.rpartition("]")[2].partition(":")[2] if ":" in host else ""
    if not port or (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        return ""
    return f"has a port that is no number from 1 to 65535: correct it, and {ESCAPES}"


def _name(name: str) -> str:
    return "" if name else "names no database: write postgresql://user:password@host/name"


def _query(query: str, *, libpq: bool) -> str:
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in {"sslmode", "ssl"} and value not in SSL_MODES:
            return "has an sslmode that there is none of: say require, verify-full or disable"
        if name not in KNOWN and not libpq:
            return (
                "has a word behind the ? that its driver does not know: leave it out, or set it "
                "by libpq's variable (PGSSLROOTCERT…)"
            )
    return ""
