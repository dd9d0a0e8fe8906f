"""Why no connection to PostgreSQL came about, as a sentence that says what to do. asyncpg tells it
by an error's class, psycopg in libpq's English alone; neither text is repeated, as it may hold what
stands in DATABASE_URL. The counterpart of `errors`, which knows what PostgreSQL itself says."""

import errno
import os
import socket
import ssl
from pathlib import Path
from typing import Final

import asyncpg

AWAY: Final = "PostgreSQL does not answer: see that it runs, and that DATABASE_URL names it"
LOGIN: Final = (
    "PostgreSQL refuses DATABASE_URL's user or password: check both; signs such as @, / and % in "
    "a password are written %40, %2F and %25"
)
USER: Final = (
    "PostgreSQL does not let in DATABASE_URL's user: check it, and pg_hba.conf there, which must "
    "have a line for this user, database and machine"
)
NO_DATABASE: Final = (
    "DATABASE_URL names a database that does not exist: create it (docs/replicas.md), or correct "
    "the name"
)
NO_NAME: Final = (
    "no address is known for the host in DATABASE_URL: check its spelling and this machine's DNS"
)
REFUSED: Final = (
    "PostgreSQL takes no connection where DATABASE_URL leads: see that it runs, that it listens "
    "there (listen_addresses), and that host and port are right"
)
NO_SOCKET: Final = (
    "there is no socket of PostgreSQL where DATABASE_URL leads: see that it runs, or name its host"
)
NO_WAY: Final = (
    "no way leads to the host in DATABASE_URL: check its address, the network and the firewall"
)
NO_TLS: Final = (
    "PostgreSQL speaks no TLS, which sslmode asks for: have it switched on there (ssl = on), or "
    "leave sslmode out where the network is yours alone"
)
NO_AUTHORITY: Final = (
    "sslmode asks for a certificate that is checked: name the file of the authorities in "
    "PGSSLROOTCERT, such as /etc/ssl/certs/ca-certificates.crt"
)
UNTRUSTED: Final = (
    "PostgreSQL's certificate is not trusted: its authority must be in PGSSLROOTCERT, its name be "
    "DATABASE_URL's host, and its time not be over"
)
UNUSABLE: Final = (
    "DATABASE_URL, or a variable PG… beside it, holds what the driver cannot use: check sslmode "
    "and the files that are named"
)
_LIBPQS: Final = (
    ("password authentication failed", LOGIN),
    ("no password supplied", LOGIN),
    ("pg_hba.conf", USER),
    ('FATAL:  role "', USER),
    ('FATAL:  database "', NO_DATABASE),
    ("resolve host", NO_NAME),
    ("translate host name", NO_NAME),
    ("root certificate file", NO_AUTHORITY),
    ("does not support SSL", NO_TLS),
    ("certificate", UNTRUSTED),
    ("SSL error", UNTRUSTED),
    ("No such file or directory", NO_SOCKET),
    ("Connection refused", REFUSED),
    ("No route to host", NO_WAY),
    ("Network is unreachable", NO_WAY),
    ("invalid ", UNUSABLE),
)
"""A part of libpq's message, the telling ones first."""


_CLASSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, NO_NAME),
    (ssl.SSLError, UNTRUSTED),
    (FileNotFoundError, NO_SOCKET),
    (asyncpg.ClientConfigurationError, UNUSABLE),
)
_NO_WAY: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH})
_WORDS: Final = (("SSL upgrade", NO_TLS), ("Connect call failed", REFUSED))
"""Of a ConnectionError of asyncpg's, and of asyncio's, which is one for several addresses."""


def reason_of(error: BaseException) -> str:
    """Of what asyncpg, asyncio or the system raised."""
    if _no_authorities(error):
        return NO_AUTHORITY
    for kind, sentence in _CLASSES:
        if isinstance(error, kind):
            return sentence
    if not isinstance(error, OSError):
        return AWAY
    if error.errno in _NO_WAY:
        return NO_WAY
    return next((sentence for part, sentence in _WORDS if part in str(error)), AWAY)


def _no_authorities(error: BaseException) -> bool:
    """The driver says so of libpq's usual file; one that PGSSLROOTCERT names is only not there, as
    a socket might be."""
    if isinstance(error, FileNotFoundError):
        return not Path(os.environ.get("PGSSLROOTCERT") or "/").exists()
    return isinstance(error, asyncpg.ClientConfigurationError) and "root cert" in str(error)


def libpqs_reason(said: str) -> str:
    """Of what psycopg says where there is no connection yet."""
    return next((sentence for part, sentence in _LIBPQS if part in said), AWAY)
