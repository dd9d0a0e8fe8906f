"""A caller's message to an office whose duty desk has a phone and a channel."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from deployment.house import House
from ivr.flow.effect import AttachRecording, TellOffice
from routing.city import AREA, demo_sheets
from routing.sheets.contacts import NOBODY
from routing.sheets.register import Sheets, read_directory
from tests.routing.delivery.receiver import SECRET
from tests.storage.stepping import first_step, later_step, open_case

PHONE: Final = "+8613900000107"


async def leave_a_message(house: House) -> str:
    """A caller's, whose words are there at once; returns whose address it goes to."""
    email = await open_a_case(house)
    await write_down(house)
    return email


async def write_down(house: House) -> None:
    """Its words."""
    await house.calls.hold_transcript("RE1", "路灯坏了", "carrier", house.clock.now())


async def open_a_case(house: House) -> str:
    """Its words are still to come; returns whose address it goes to."""
    office = next(iter(house.directory().offices.values()))
    opening = replace(open_case(), office=office.id)
    attach = AttachRecording(opening.reference, 1, "RE1", 12, "zh-CN")
    told = TellOffice(opening.reference, office.id)
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, opening, attach, told))
    return office.email


def with_a_duty_desk() -> Sheets:
    """The demonstration's register, whose first office has a phone and the channel `desk`."""
    sheets = demo_sheets()
    office = next(iter(read_directory(sheets, area=AREA).offices))
    row = f"{office},1,值班室,Duty desk,,{PHONE},desk,\n"
    return replace(sheets, contacts=NOBODY + row)


def channels_file(folder: Path, url: str) -> Path:
    """One webhook, `desk`, on this machine."""
    file = folder / "channels.toml"
    file.write_text(
        f'[channels.desk]\nkind = "webhook"\nurl = "{url}"\nsecret = "{SECRET}"\n'
        "allow_private = true\n"
    )
    file.chmod(0o600)
    return file
