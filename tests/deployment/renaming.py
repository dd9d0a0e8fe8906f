"""A publication, as tests of activation want it: the hotline's topic gets another English name."""

from pathlib import Path

from deployment.clock import SystemClock
from deployment.publishing import desk_of
from deployment.settings import Settings
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from routing.publishing.desk import PublishingDesk
from storage.engine import Database

LIN = Author("a1", "lin")


def desk_at(database: Database, folder: Path) -> PublishingDesk:
    """What people publish with."""
    return desk_of(Settings(data_dir=folder), database, SystemClock())


async def renaming(desk: PublishingDesk, name: str) -> Edit:
    """The edit, over what is published."""
    newest = await desk.releases.newest()
    base = entity_of(newest.document, "topic", "hotline")
    return Edit("topic", "hotline", {**(base or {}), "en": name}, base, newest.number)


async def drafted(desk: PublishingDesk, name: str) -> int:
    """In the draft; its revision."""
    return await desk.drafts.save([await renaming(desk, name)], LIN, desk.clock.now())


async def rename(desk: PublishingDesk, name: str) -> int:
    """By the draft, published at once; the plan's number."""
    outcome = await desk.publish(await drafted(desk, name), "a clearer name", LIN)
    assert outcome.number is not None
    return outcome.number


async def rename_quickly(desk: PublishingDesk, name: str) -> int:
    """Past the draft; the plan's number."""
    return await desk.change_quickly([await renaming(desk, name)], "a clearer name", LIN)
