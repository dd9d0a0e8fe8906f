"""A real mail server on this machine, which takes mail or refuses it as told."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

SENDER: Final = "line@yunling.example"


@dataclass
class Mailbox:
    """A mail server that answers as told, and keeps what it took."""

    rcpt: str = "250 OK"
    data: str = "250 OK"
    sender: str = "250 OK"
    taken: list[EmailMessage] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from == SENDER
        if self.data.startswith("250"):
            read = message_from_bytes(envelope.content, policy=policy.SMTP)
            assert isinstance(read, EmailMessage)
            self.taken.append(read)
        return self.data


@contextlib.asynccontextmanager
async def serving(
    mailbox: Mailbox, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """The port of a real server. `tls` is from the first byte."""
    loop = asyncio.get_running_loop()
    made: list[SMTP] = []

    def protocol() -> SMTP:
        made.append(SMTP(mailbox, loop=loop, hostname="mail.example", **options))
        return made[-1]

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in made:
            if one.transport is not None:
                one.transport.close()
