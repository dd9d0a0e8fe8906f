"""Keeps mails instead of sending them: the console delivery of the demonstration, and of a server
without SMTP_URL. The counterpart of `smtp`."""

from collections.abc import Awaitable, Callable

from routing.delivery.letter import Letter
from routing.ports import Clock, SentMail


class ConsolePost:
    """Writes each letter down, once."""

    def __init__(self, write: Callable[[SentMail], Awaitable[None]], clock: Clock) -> None:
        self._write = write
        self._clock = clock

    async def __call__(self, letter: Letter) -> None:
        now = self._clock.now()
        await self._write(
            SentMail(letter.id, letter.to, letter.subject, letter.text, now, letter.named)
        )
