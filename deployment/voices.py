"""Whose recorded sentences are heard, and how: by the embedded carrier itself, or by `<Play>` at
one outside (`VOICES=play`). Made once, used by `server.py` and by the server without a database."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web

from deployment.settings import Settings
from ivr.carrier.local.bank import Bank
from ivr.carrier.local.own import own_sentences, tidy
from ivr.carrier.playing import SoundRoutes, Sounds
from ivr.flow.phrasebook import Phrasebook

FOLDER = "voices"
"""Where an admin's own recordings lie in DATA_DIR."""
TIDIED = 3600.0
"""Seconds between two rounds."""
_LOG = structlog.get_logger()


def bank_of(settings: Settings, phrases: Phrasebook) -> Bank:
    """The shipped sentences and, before them, an admin's own, which are read and converted here."""
    own = own_sentences(settings.data_dir / FOLDER, phrases, settings.retention_audio_days)
    for file, why in own.refused:
        _LOG.warning("voices.refused", file=file, why=why)
    return Bank(own=own.sounds)


def tidying(settings: Settings, bank: Bank) -> Callable[[], Awaitable[None]]:
    """What keeps DATA_DIR/voices from growing, for as long as the server runs."""
    folder = settings.data_dir / FOLDER

    async def run() -> None:
        try:
            await asyncio.to_thread(tidy, folder, bank.own, time.time())
        except OSError as wrong:
            _LOG.warning("voices.not_tidied", why=wrong.strerror)

    return run


def played(settings: Settings, bank: Bank) -> Sounds | None:
    """What documents play; None where the carrier's own voice says all."""
    return Sounds.of(bank, settings.base) if settings.voices == "play" else None


def sound_routes(settings: Settings, bank: Bank) -> Sequence[web.RouteDef]:
    """Where the carrier fetches it; nowhere, if it is told to say all."""
    return SoundRoutes(bank).routes() if settings.voices == "play" else ()
