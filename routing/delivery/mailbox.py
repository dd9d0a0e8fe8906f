"""Looks into the mailbox that our mail comes from, for what came back: reports are read, those of
our mails are marked as seen, all other mail is left as it is. Blocking and bounded: it is called
in a thread. The counterpart of `smtp`."""

import contextlib
import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from routing.delivery.bounce import MOST

WHOLE: Final = 60.0
"""Seconds for one look, however slowly the server talks."""
EACH: Final = 15.0
"""Seconds that it may be silent."""
AT_ONCE: Final = 50
"""Reports of one look, the oldest first; the next look goes on."""
MOST_KNOWN: Final = 5_000
"""Reports that are remembered as none of ours; beyond them all are read once more."""
REPORTS: Final = ("UNSEEN", "HEADER", "Content-Type", "multipart/report")
"""What is searched for."""
_LITERAL: Final = MOST + 64 * 1024
"""Bytes that it may send in one piece: what was asked for, and something over."""


_MOST_READ: Final = 2 * AT_ONCE * _LITERAL
"""Bytes of one look: the library keeps all that nobody asked for."""


class MailboxError(Exception):
    """The mailbox cannot be looked into; the sentence says what to see to, and quotes no server."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where it is. Without TLS on this machine alone."""

    host: str
    port: int
    safe: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class Found:
    """One report: `uid` is its number in the mailbox whose `era` (UIDVALIDITY) it is of."""

    era: str
    uid: str
    raw: bytes


@dataclass(slots=True)
class Mailbox:
    """`_known` are the reports that are none of ours: they are read once in a process's life."""

    box: Box
    tls: ssl.SSLContext | None = None
    whole: float = WHOLE
    _known: set[tuple[str, str]] = field(default_factory=set)

    def reports(self) -> Sequence[Found]:
        """The reports that nobody has seen. Raises MailboxError."""
        with self._opened() as (imap, era):
            found = _said(imap.uid("SEARCH", *REPORTS))
            uids = [uid for uid in found.decode("ascii", "replace").split() if uid.isdecimal()]
            fresh = [uid for uid in uids if (era, uid) not in self._known][:AT_ONCE]
            return [Found(era, uid, _fetched(imap, uid)) for uid in fresh]

    def leave(self, found: Sequence[Found]) -> None:
        """These are others' business."""
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known |= {(one.era, one.uid) for one in found}

    def seen(self, found: Sequence[Found]) -> None:
        """Mark these as seen. Raises MailboxError."""
        if not found:
            return
        with self._opened() as (imap, era):
            for one in found:
                if one.era == era:
                    _said(imap.uid("STORE", one.uid, "+FLAGS.SILENT", r"(\Seen)"))

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[imaplib.IMAP4, str]]:
        """Logged in, with its folder open; every failure is one sentence."""
        try:
            imap = _connected(self.box, self.tls, self.whole)
        except ssl.SSLCertVerificationError:
            raise MailboxError("its certificate is not for its name, or not trusted here") from None
        except (OSError, imaplib.IMAP4.error, _Bound):
            raise MailboxError("it cannot be reached: see to BOUNCES_URL") from None
        try:
            try:
                imap.login(self.box.user, self.box.password)
            except imaplib.IMAP4.error:
                raise MailboxError("it refused our login: see to BOUNCES_URL") from None
            _said(imap.select(_quoted(self.box.folder)))
            yield imap, str(_text(imap.response("UIDVALIDITY")[1]))
        except (OSError, imaplib.IMAP4.error, _Bound, ValueError) as wrong:
            raise MailboxError(f"it broke off, or says no ({type(wrong).__name__})") from None
        finally:
            with contextlib.suppress(Exception):
                imap.shutdown()


class _Bound(Exception):
    """More time or more bytes than one look may take."""


class _Bounded:
    """Within a time and a size, whatever the server does; before `imaplib`'s own class. What comes
    a byte at a time ends no wait, so another thread ends the line."""

    def __init__(self, until: float, *where: Any, **how: Any) -> None:
        self._until = until  # the greeting is read by what follows
        self._left = _MOST_READ
        self._watch = threading.Timer(until - time.monotonic(), self._cut)
        self._watch.daemon = True
        try:
            super().__init__(*where, **how)
        except BaseException:
            self._watch.cancel()
            raise

    def open(self, *where: Any, **how: Any) -> None:
        super().open(*where, **how)  # type: ignore[misc]  # of the class beside it
        self._watch.start()

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # type: ignore[attr-defined]  # same

    def shutdown(self) -> None:
        self._watch.cancel()
        super().shutdown()  # type: ignore[misc]  # of the class beside it

    def read(self, size: int) -> bytes:
        if size > _LITERAL:
            raise _Bound
        self._bounded(size)
        return super().read(size)  # type: ignore[misc,no-any-return]  # of the class beside it

    def readline(self) -> bytes:
        line: bytes = super().readline()  # type: ignore[misc]  # of the class beside it
        self._bounded(len(line))
        return line

    def _bounded(self, size: int) -> None:
        self._left -= size
        if self._left < 0 or time.monotonic() > self._until:
            raise _Bound


class _Plain(_Bounded, imaplib.IMAP4):
    """On this machine."""


class _Safe(_Bounded, imaplib.IMAP4_SSL):
    """Over TLS."""


def _connected(box: Box, tls: ssl.SSLContext | None, whole: float) -> imaplib.IMAP4:
    until = time.monotonic() + whole
    if not box.safe:
        return _Plain(until, box.host, box.port, timeout=EACH)
    context = tls or ssl.create_default_context()
    return _Safe(until, box.host, box.port, ssl_context=context, timeout=EACH)


def _said(answer: tuple[str, Sequence[Any]]) -> bytes:
    """What it answered to a command that it carried out."""
    status, told = answer
    if status != "OK":
        raise imaplib.IMAP4.error("it did not carry out a command")
    first = told[0] if told else b""
    return first if isinstance(first, bytes) else b""


def _fetched(imap: imaplib.IMAP4, uid: str) -> bytes:
    """As much of a mail as is read; looking leaves no mark."""
    status, told = imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST}>)")
    if status != "OK":
        raise imaplib.IMAP4.error("it did not carry out a command")
    pieces = (piece[1] for piece in told if isinstance(piece, tuple) and len(piece) > 1)
    return next((piece for piece in pieces if isinstance(piece, bytes)), b"")


def _text(told: Sequence[Any] | None) -> str:
    first = told[0] if told else b""
    return first.decode("ascii", "replace") if isinstance(first, bytes) else ""


def _quoted(folder: str) -> str:
    return '"' + re.sub(r'([\\"])', r"\\\1", folder) + '"'
