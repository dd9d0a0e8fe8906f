"""What a supervisor asks: is the server there, and can it take a call. Mounted by `server.py`."""

import shutil
from pathlib import Path
from typing import Final

from aiohttp import web

from deployment.shared import SharedAnswer

LEAST_ROOM: Final = 4 * 1024 * 1024
"""Bytes free in DATA_DIR below which a recording of five minutes may not fit."""


def health_routes(folder: Path, trouble: SharedAnswer) -> list[web.RouteDef]:
    """`/healthz` and `/readyz`. Ready means that a call can be answered: the database takes a
    write (`trouble` says what keeps it from that), and there is room in `folder` for it (a
    transaction that writes nothing succeeds on a full disk)."""

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        if shutil.disk_usage(folder).free < LEAST_ROOM:
            return web.Response(status=503, text="the disk is full: free some room in DATA_DIR\n")
        wrong = await trouble.now()
        return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ready'}\n")

    return [web.get("/healthz", alive), web.get("/readyz", ready)]
