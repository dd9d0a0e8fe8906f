"""Forms with files, read part by part, since they may be larger than any other body that the server
takes. Whatever is too large is not read to its end, and nothing is put on the disk."""

from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

MOST_NAME: Final = 100
MOST_PARTS: Final = 20
"""Of a form: its files, and what goes with them."""
REFUSED: Final = "Send the form of the page.\n"


@dataclass(frozen=True, slots=True)
class Part:
    """A field's name, its file's name ("" where it is none), and its bytes."""

    name: str
    file: str
    raw: bytes

    @property
    def text(self) -> str:
        """As words."""
        return self.raw.decode("utf-8", "replace")


async def parts_of(request: web.Request, most: int) -> list[Part] | None:
    """All of a form of at most so many bytes; None where there are more. Refuses what is no form
    with files."""
    if not request.content_type.startswith("multipart/"):
        raise web.HTTPUnsupportedMediaType(text=REFUSED)
    try:
        return await _read(request, most)
    except (ValueError, HttpProcessingError) as wrong:  # no parts, or broken ones
        raise web.HTTPBadRequest(text=REFUSED) from wrong


async def _read(request: web.Request, most: int) -> list[Part] | None:
    parts: list[Part] = []
    left = most
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None or len(parts) >= MOST_PARTS:
            raise web.HTTPBadRequest(text=REFUSED)
        read = await _bounded(part, left)
        if read is None:
            return None
        left -= len(read)
        parts.append(Part(part.name, file_name(part.filename or ""), read))
    return parts


async def _bounded(part: BodyPartReader, most: int) -> bytes | None:
    """A part's bytes; None where there are more."""
    read = bytearray()
    while chunk := await part.read_chunk():
        read += chunk
        if len(read) > most:
            return None
    return bytes(read)


def file_name(name: str) -> str:
    """As a page shows it: without a folder, on one line."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:MOST_NAME]
