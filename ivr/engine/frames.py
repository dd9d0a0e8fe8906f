"""What goes through the pipes between the server and an engine's process: frames, each its length
in four bytes and then its content. Both sides bound what they take."""

from typing import BinaryIO, Final

HEAD: Final = 4
MOST_QUESTION: Final = 8 * 1024 * 1024
"""Bytes that an engine is told at once: a minute of sound of any kind that carriers keep."""
MOST_ANSWER: Final = 256 * 1024
"""Bytes that an engine answers where its program says no other bound: the words of a minute, many
times over."""


class FrameError(Exception):
    """What came is no frame: too long, or cut off."""


def framed(content: bytes) -> bytes:
    """The content with its length before it."""
    return len(content).to_bytes(HEAD, "big") + content


def length_of(head: bytes, most: int) -> int:
    """Raises FrameError where the frame is to be longer than `most`."""
    length = int.from_bytes(head, "big")
    if length > most:
        raise FrameError(f"a frame of {length} bytes is too long: {most} are taken")
    return length


def read_frame(pipe: BinaryIO, most: int) -> bytes | None:
    """The next frame of a pipe that blocks; None at its end. Raises FrameError."""
    head = pipe.read(HEAD)
    if not head:
        return None
    length = length_of(head, most)
    content = pipe.read(length)
    if len(head) < HEAD or len(content) < length:
        raise FrameError("the pipe ended within a frame")
    return content
