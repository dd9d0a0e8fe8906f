"""Delivers callbacks (status, recording, transcription) beside the call.

Each is kept in a file until it was sent, so a killed server posts it again
under the same idempotency token. Order is not promised (twilio-voice §3).
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path

from ivr.carrier.local.ledger import append_bytes, read_lines, replace_lines
from ivr.carrier.local.tasks import Tasks
from ivr.carrier.local.webhooks import Door, Failure, Params, Parcel, Post

_log = logging.getLogger(__name__)
_MOST_LINES = 1000  # of the file, before what was sent is left out


class Callbacks:
    """Callbacks that are due; ``post`` sends one."""

    def __init__(self, path: Path, post: Post, tasks: Tasks, door: Door) -> None:
        self._path = path
        self._post = post
        self._tasks = tasks
        self._door = door
        self._due: dict[str, Parcel] = {}
        self._lines = 0

    def restore(self) -> None:
        """Send again what a killed server left unsent."""
        for line in read_lines(self._path):
            if line.get("done"):
                self._due.pop(str(line.get("token")), None)
                continue
            with suppress(KeyError, TypeError, ValueError):  # another version's, or no callback
                params = tuple((str(name), str(value)) for name, value in line["params"])
                parcel = Parcel(line["url"], line["method"], params, line["token"])
                self._due[parcel.token] = parcel
        self._rewrite()
        for parcel in self._due.values():
            self._tasks.spawn(self._deliver(parcel), "callback")

    def send(self, parcel: Parcel) -> None:
        """Keep the callback and send it as soon as possible."""
        self._due[parcel.token] = parcel
        self._append(_plain(parcel))
        self._tasks.spawn(self._deliver(parcel), "callback")

    async def _deliver(self, parcel: Parcel) -> None:
        await self._door.wait()
        reply = await self._post(parcel)
        if isinstance(reply, Failure):  # only a warning at Twilio, 15003 (twilio-voice §3)
            _log.warning("a callback was not taken: %s (15003)", reply.text)
        self._settle(parcel)

    def _settle(self, parcel: Parcel) -> None:
        self._due.pop(parcel.token, None)
        if not self._due:
            self._path.unlink(missing_ok=True)
            self._lines = 0
        elif self._lines >= _MOST_LINES:
            self._rewrite()
        else:
            self._append({"token": parcel.token, "done": True})

    def _rewrite(self) -> None:
        replace_lines(self._path, [_plain(parcel) for parcel in self._due.values()])
        self._lines = len(self._due)

    def _append(self, value: dict[str, object]) -> None:
        append_bytes(self._path, (json.dumps(value, ensure_ascii=False) + "\n").encode())
        self._lines += 1


def _plain(parcel: Parcel) -> dict[str, object]:
    params: Params = parcel.params
    return {
        "url": parcel.url,
        "method": parcel.method,
        "params": [list(pair) for pair in params],
        "token": parcel.token,
    }
