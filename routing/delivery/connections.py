"""Connections to the city's mail server, kept from one mail to the next: opening one takes longer
than a mail does. Beneath `smtp`, which says what their failures mean."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from typing import Final

import aiosmtplib

from routing.delivery.relay import Relay, Security
from routing.handoff import NotYet

MOST_MAILS: Final = 100
"""Mails over one connection: more than that many servers put off."""
IDLE: Final = 30.0
"""Seconds that a connection is kept unused; servers close theirs after some minutes."""
STALE: Final = 5.0
"""Seconds for the first answer over a kept connection: one that a firewall forgot says nothing."""
PARTING: Final = 1.0
"""Seconds for a polite end."""
TAKEN: Final = 250
FORWARDED: Final = 251
PERMANENT: Final = 500
CLOSING: Final = 421
ENOUGH: Final = 452
"""A server's words that it takes it, that it will never, that it closes the connection, and that it
has taken enough over it."""


class Stale(Exception):
    """A kept connection carries no further mail, and nothing of this one was taken over it."""


class Connection:
    """One that is open and safe; one mail at a time."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client
        self.mails = 0
        """How many it has carried."""
        self.since = 0.0
        """Since when it is idle, by the loop's clock."""

    @property
    def usable(self) -> bool:
        """Whether it may carry another mail, as far as can be seen from here."""
        return self._client.is_connected and self.mails < MOST_MAILS

    async def send(self, sender: str, to: str, message: bytes) -> None:
        """Returns once the server has taken it; bounded by whoever waits. Raises Stale, or the
        library's errors: after any of these the mail is in doubt only where its end was sent and
        no answer read. Both addresses are such as can stand in an envelope (`relay.mailbox`)."""
        kept, client = self.mails > 0, self._client
        with _stale(aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, when=kept):
            await (self._mail(sender) if kept else client.mail(sender))
        with _stale(aiosmtplib.SMTPServerDisconnected, when=kept):
            await self._rcpt(to)
        with _stale(when=kept):
            await client.data(message, timeout=None)
        self.mails += 1

    async def _mail(self, sender: str) -> None:
        """As the library's, which reads each address anew at the cost of half a mail."""
        said = await self._client.execute_command(
            b"MAIL", b"FROM:<%b>" % sender.encode(), timeout=STALE
        )
        if said.code != TAKEN:
            raise aiosmtplib.SMTPSenderRefused(said.code, said.message, sender)

    async def _rcpt(self, to: str) -> None:
        """As `_mail`."""
        said = await self._client.execute_command(b"RCPT", b"TO:<%b>" % to.encode(), timeout=None)
        if said.code not in (TAKEN, FORWARDED):
            raise aiosmtplib.SMTPRecipientRefused(said.code, said.message, to)

    async def forget(self) -> None:
        """What a mail to a refused address left open; where that fails, nothing goes over it."""
        self.mails += 1
        try:
            await self._client.rset(timeout=PARTING)
        except (aiosmtplib.SMTPException, OSError):
            self.cut()

    async def end(self) -> None:
        """Politely, as far as the server lets us."""
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            if self._client.is_connected:
                await self._client.quit(timeout=PARTING)
        self._client.close()

    def cut(self) -> None:
        """At once: nobody knows what would be answered next."""
        self._client.close()


@contextlib.contextmanager
def _stale(*lost: type[Exception], when: bool) -> Iterator[None]:
    """Over a kept connection, what says that it has ended is no word on the mail."""
    try:
        yield
    except lost:
        if when:
            raise Stale from None
        raise
    except aiosmtplib.SMTPResponseException as wrong:
        if when and _ended(wrong):
            raise Stale from None
        raise


def _ended(wrong: aiosmtplib.SMTPResponseException) -> bool:
    """Of the sender nothing has changed since the connection's last mail: what puts that off means
    the connection too."""
    put_off = isinstance(wrong, aiosmtplib.SMTPSenderRefused) and wrong.code < PERMANENT
    return put_off or wrong.code in (CLOSING, ENOUGH)


class Connections:
    """Those to one server. `name` is what we call ourselves, `whole` the seconds for any answer."""

    def __init__(self, relay: Relay, name: str, whole: float, tls: ssl.SSLContext) -> None:
        self._relay = relay
        self._name = name
        self._whole = whole
        self._tls = tls
        self._idle: list[Connection] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._look: asyncio.TimerHandle | None = None
        self._closed = False

    def kept(self) -> Connection | None:
        """The one that was used last, so that what is too many grows old. None: open one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.cut()
        return None

    async def opened(self) -> Connection:
        """A new one, safe and logged in. Raises the library's errors, OSError, NotYet."""
        client = aiosmtplib.SMTP(
            hostname=self._relay.host,
            port=self._relay.port,
            local_hostname=self._name,
            timeout=self._whole,
            use_tls=self._relay.security is Security.TLS,
            start_tls=False,  # begun below, where its absence can be told from a failure
            tls_context=self._tls,
        )
        try:
            await client.connect()
            await self._shielded(client)
        except BaseException:
            client.close()
            raise
        return Connection(client)

    async def _shielded(self, client: aiosmtplib.SMTP) -> None:
        """Nothing is said, and no password, before the line is safe."""
        if self._relay.security is Security.STARTTLS:
            await client.ehlo()
            if not client.supports_extension("starttls"):
                raise NotYet("the mail server offers no STARTTLS: write smtps:// in SMTP_URL")
            await client.starttls()
        if self._relay.user:
            await client.ehlo()
            if not client.supports_extension("auth"):
                raise NotYet("the mail server offers no login: see to the user in SMTP_URL")
            await client.login(self._relay.user, self._relay.password)

    def keep(self, connection: Connection) -> None:
        """For the next mail, unless it has carried its share."""
        if self._closed or not connection.usable:
            self._end(connection)
            return
        loop = asyncio.get_running_loop()
        connection.since = loop.time()
        self._idle.append(connection)
        if self._look is None:
            self._look = loop.call_later(IDLE, self._tire)

    def _tire(self) -> None:
        """End those that nobody has needed."""
        loop = asyncio.get_running_loop()
        old = [one for one in self._idle if one.since <= loop.time() - IDLE]
        self._idle = [one for one in self._idle if one not in old]
        for one in old:
            self._end(one)
        oldest = min((one.since for one in self._idle), default=None)
        self._look = None if oldest is None else loop.call_at(oldest + IDLE, self._tire)

    def _end(self, connection: Connection) -> None:
        """Beside the mail that was the last: it is theirs, however the connection ends."""
        task = asyncio.get_running_loop().create_task(connection.end(), name="smtp")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End them all; what is in use ends with its mail."""
        self._closed = True
        if self._look is not None:
            self._look.cancel()
            self._look = None
        idle, self._idle = self._idle, []
        for one in idle:
            self._end(one)
        await asyncio.gather(*self._ending)
