"""Whoever posts letters in these tests, and the certificate of the server that takes them."""

import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from routing.delivery.relay import Relay, Security
from routing.delivery.smtp import SmtpPost
from tests.deadline import DEADLINE
from tests.routing.delivery.mailbox import SENDER
from tests.routing.delivery.office import StoppedClock


@contextlib.asynccontextmanager
async def posting(
    port: int,
    security: Security = Security.NONE,
    *,
    login: Sequence[str] = ("", ""),
    whole: float = DEADLINE,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[SmtpPost]:
    """Closed in the end, as the server does."""
    relay = Relay("127.0.0.1", port, security, *login)
    post = SmtpPost(relay, SENDER, StoppedClock(), whole=whole, tls=tls)
    try:
        yield post
    finally:
        await post.close()


@dataclass(frozen=True)
class Certificate:
    ours: ssl.SSLContext
    theirs: ssl.SSLContext


def signed(folder: Path) -> Certificate:
    """Of 127.0.0.1, signed by itself; `theirs` serves it and `ours` trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    day = dt.datetime.fromtimestamp(Path(ssl.__file__).stat().st_mtime, dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(day)
        .not_valid_after(day + dt.timedelta(days=36_500))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    whole = folder / "mail.pem"
    whole.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(whole)
    return Certificate(ssl.create_default_context(cafile=str(whole)), theirs)
