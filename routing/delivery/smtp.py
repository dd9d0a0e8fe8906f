"""Sends a letter to the city's mail server, over connections that are kept (ADR 31). What a server
answers may quote addresses: our sentences repeat its codes alone. The counterpart of `console`."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Final

import aiosmtplib

from routing.delivery.connections import Connection, Connections, Stale
from routing.delivery.letter import Letter
from routing.delivery.mime import written
from routing.delivery.relay import Relay, mailbox
from routing.handoff import HandoffError, NotYet, Refused, TryAgain
from routing.ports import Clock

WHOLE: Final = 30.0
"""Seconds for one mail from the connection to the server's word, far below a handler's bound."""
AT_ONCE: Final = 4
"""Connections; a mail server that hangs leaves the outbox's other hands free."""
TURN: Final = 5.0
"""Seconds that a mail waits for one of them, before it gives its hand back."""
CROWDED: Final = timedelta(seconds=30)
GREYLISTED: Final = timedelta(minutes=1)
"""A server that says "later" to an unknown sender means minutes (RFC 6647)."""
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class SmtpPost:
    """`sender` is the address that mail comes from, and bounces go to. Close it in the end."""

    def __init__(
        self, relay: Relay, sender: str, clock: Clock, *, whole: float = WHOLE,
        tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._sender = sender
        self._clock = clock
        self._whole = whole
        name, safe = sender.rpartition("@")[2], tls or ssl.create_default_context()
        self._connections = Connections(relay, name, whole, safe)
        self._hands = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, letter: Letter) -> None:
        """Returns once the server has taken it. Raises Refused where it never will, TryAgain,
        NotYet where our own settings are in the way."""
        to = mailbox(letter.to)
        message = written(letter, self._sender, to, self._clock.now())
        async with self._turn():
            try:
                async with asyncio.timeout(self._whole):
                    await self._send(to, message)
            except (aiosmtplib.SMTPException, OSError) as wrong:
                raise _meaning(wrong) from None  # a server's words may hold the address

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(TURN):
                await self._hands.acquire()
        except TimeoutError:
            raise NotYet("the mail server is slow and others are before", after=CROWDED) from None
        try:
            yield
        finally:
            self._hands.release()

    async def _send(self, to: str, message: bytes) -> None:
        """Over a kept connection, and where that has ended over a new one: it costs no try, and
        nothing was taken over it."""
        kept = self._connections.kept()
        if kept is not None:
            with contextlib.suppress(Stale):
                await self._over(kept, to, message)
                return
        await self._over(await self._connections.opened(), to, message)

    async def _over(self, connection: Connection, to: str, message: bytes) -> None:
        try:
            await connection.send(self._sender, to, message)
        except aiosmtplib.SMTPRecipientRefused:
            await connection.forget()  # one address says nothing of the next mail's
            self._connections.keep(connection)
            raise
        except BaseException:
            connection.cut()
            raise
        self._connections.keep(connection)

    async def close(self) -> None:
        """Take leave of the server."""
        await self._connections.close()


def _meaning(wrong: Exception) -> HandoffError:
    """What an error asks of us."""
    if isinstance(wrong, aiosmtplib.SMTPResponseException):
        return _answered(wrong)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(wrong)):
        return NotYet("the mail server's certificate is not for its name, or not trusted here")
    if isinstance(wrong, TimeoutError):
        return TryAgain("the mail server did not answer in time")
    return TryAgain(f"the mail server cannot be reached, or broke off ({type(wrong).__name__})")


def _answered(wrong: aiosmtplib.SMTPResponseException) -> HandoffError:
    """The class of its code says whether it is for good; what it answers to, whose fault it is."""
    code = _code(wrong)
    if wrong.code < 500:
        return TryAgain(f"the mail server said later ({code})", after=GREYLISTED)
    match wrong:
        case aiosmtplib.SMTPAuthenticationError():
            return NotYet(f"the mail server refused our login ({code}): see to SMTP_URL")
        case aiosmtplib.SMTPSenderRefused():
            return NotYet(f"the mail server takes no mail from us ({code}): see to MAIL_FROM")
        case aiosmtplib.SMTPRecipientRefused():
            return Refused(
                f"the mail server refused the office's address ({code}): "
                "correct it in the register, then send again"
            )
        case aiosmtplib.SMTPDataError():
            return Refused(f"the mail server refused the mail ({code}): ask who runs it")
    return TryAgain(f"the mail server would not talk to us ({code})")


def _code(wrong: aiosmtplib.SMTPResponseException) -> str:
    """Its number, and the finer one of RFC 3463."""
    finer = _ENHANCED.match(wrong.message)
    return f"{wrong.code} {finer[0]}" if finer else str(wrong.code)


def _causes(wrong: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = wrong
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__
