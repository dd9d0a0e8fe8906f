"""A plan goes out with its recordings as one zip and comes back whole; a zip that somebody else
packed is bounded, and refused with a sentence before it is unpacked."""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Iterable
from typing import Final

import pytest

from ivr.library.plans import Inputs
from ivr.ports.prompts import MOST_BYTES
from routing.drafts.kinds import KINDS, Document
from routing.exchange import container
from routing.exchange.container import (
    MOST_SOUND,
    TooMuch,
    WholeFile,
    is_container,
    named_sounds,
    packed,
    read_whole,
)
from routing.exchange.document import composed, exported

SOUND: Final = b"RIFF of a sentence"
SHA256: Final = hashlib.sha256(SOUND).hexdigest()
PLACE: Final = f"recordings/{SHA256}.wav"
HEAD: Final = b"zhitong_plan: 1\n"
NAMES_IT: Final = HEAD + (
    f"recording:\n  zh-CN/end.bye.1:\n    text: x\n    sha256: '{SHA256}'\n    length: 1\n".encode()
)


@pytest.fixture(scope="session")
def document(demo_inputs: Inputs) -> Document:
    bare = dict(json.loads(demo_inputs.to_text()))
    recording = {"text": "谢谢来电，再见。", "sha256": SHA256, "length": 1.5}
    return KINDS["recording"].write(bare, {"zh-CN/end.bye.1": recording})


def zipped(parts: Iterable[tuple[str, bytes]], how: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as out:
        for name, content in parts:
            out.writestr(name, content)
    return made.getvalue()


def read(raw: bytes, document: Document, *, unusable: bool = False) -> WholeFile:
    return read_whole(raw, document, lambda _: unusable)


def test_a_plan_and_its_sounds_come_back_and_are_the_same_bytes_each_time(
    document: Document,
) -> None:
    raw = packed(exported(document), {SHA256: SOUND})
    found = read(raw, {**document, "recordings": ""})
    assert is_container(raw)
    assert (found.plan.faults, found.sounds) == ((), {SHA256: SOUND})
    assert composed({**document, "recordings": ""}, found.plan) == document
    assert packed(exported(document), {SHA256: SOUND}) == raw
    assert named_sounds(document) == {SHA256}


def test_a_plan_alone_is_read_as_before(document: Document) -> None:
    found = read(exported(document).encode(), document)
    assert (found.plan.faults, found.sounds) == ((), {})


def test_another_program_may_pack_it_anew(document: Document) -> None:
    parts = [("recordings/", b""), (PLACE, SOUND), ("plan.yaml", NAMES_IT)]
    found = read(zipped(parts, zipfile.ZIP_DEFLATED), document)
    assert (found.plan.faults, found.sounds) == ((), {SHA256: SOUND})


def test_a_sound_that_no_sentence_has_is_told_and_left(document: Document) -> None:
    found = read(zipped([("plan.yaml", HEAD), (PLACE, SOUND)]), document)
    assert [(one.code, one.only_told) for one in found.plan.faults] == [("unnamed_sound", True)]
    assert (found.plan.errors, found.sounds) == ((), {})


def test_what_is_wrong_with_the_plan_inside_is_told_at_its_line(document: Document) -> None:
    found = read(zipped([("plan.yaml", HEAD + b"numbers: {}\n"), (PLACE, SOUND)]), document)
    assert [(one.line, one.code) for one in found.plan.errors] == [(2, "unknown_kind")]


PLAN = ("plan.yaml", NAMES_IT)


@pytest.mark.parametrize(
    ("parts", "code", "path"),
    [
        ([(PLACE, SOUND)], "no_plan", ""),
        ([PLAN, PLAN], "part_twice", "plan.yaml"),
        ([PLAN, (PLACE, SOUND), (PLACE, SOUND)], "part_twice", PLACE),
        ([PLAN, ("../plan.yaml", b"")], "unknown_part", "../plan.yaml"),
        ([PLAN, (f"/etc/{PLACE}", SOUND)], "unknown_part", f"/etc/{PLACE}"),
        ([PLAN, ("C:\\windows\\x.wav", SOUND)], "unknown_part", None),
        ([PLAN, (f"recordings/{SHA256.upper()}.wav", SOUND)], "unknown_part", None),
        ([PLAN, (f"recordings/{SHA256}.mp3", SOUND)], "unknown_part", None),
        ([PLAN, ("\x1b[31mred\n", SOUND)], "unknown_part", "?[31mred?"),
        ([PLAN, (PLACE, SOUND + b"!")], "other_sound", PLACE),
        ([PLAN, (PLACE, bytes(MOST_SOUND + 1))], "large_part", PLACE),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")  # the writer's own warning of what is tested
def test_what_does_not_belong_is_refused_with_a_sentence(
    document: Document, parts: list[tuple[str, bytes]], code: str, path: str | None
) -> None:
    found = read(zipped(parts), document)
    (told,) = found.plan.errors
    assert told.code == code
    assert path is None or told.path == path
    assert all(told.says.values())
    assert not found.sounds or code == "other_sound"


def test_a_sound_that_no_telephone_plays_is_refused(document: Document) -> None:
    found = read(zipped([PLAN, (PLACE, SOUND)]), document, unusable=True)
    assert [(one.path, one.code) for one in found.plan.errors] == [(PLACE, "no_sound")]


def test_what_swells_when_it_is_unpacked_is_refused_by_its_list(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped([("plan.yaml", bytes(17_000_000))], zipfile.ZIP_DEFLATED)
    assert [one.code for one in read(bomb, document).plan.errors] == ["large_part"]

    monkeypatch.setattr(container, "MOST_UNPACKED", len(NAMES_IT) + len(SOUND) - 1)
    many = zipped([PLAN, (PLACE, SOUND)])
    assert [one.code for one in read(many, document).plan.errors] == ["large_whole"]
    monkeypatch.setattr(container, "MOST_SOUNDS", 0)
    assert [one.code for one in read(many, document).plan.errors] == ["too_many_sounds"]


def _lying(raw: bytes) -> bytes:
    """Its list says that the plan has fewer bytes than it unpacks to."""
    at = raw.index(b"PK\x01\x02") + 24
    return raw[:at] + struct.pack("<I", 20) + raw[at + 4 :]


def _long_list(raw: bytes) -> bytes:
    return raw[:-10] + struct.pack("<I", 2**31) + raw[-6:]


GOOD = zipped([PLAN, (PLACE, SOUND)], zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"PK", "not_ours"),
        (b"PK\x03\x04 and nothing", "not_ours"),
        (GOOD[:-1], "not_ours"),
        (GOOD + b"!", "not_ours"),
        (GOOD[:-2] + b"\x02\x00hi", "not_ours"),
        (_long_list(GOOD), "not_ours"),
        (_lying(GOOD), "not_ours"),
        (zipped([PLAN], zipfile.ZIP_BZIP2), "closed_part"),
        (GOOD[:-22] + b"PK\x06\x07" + bytes(16) + GOOD[-22:], "not_ours"),
    ],
)
def test_a_damaged_or_lying_zip_is_refused(document: Document, raw: bytes, code: str) -> None:
    assert [one.code for one in read(raw, document).plan.errors] == [code]


def test_no_turned_byte_does_more_than_be_refused(document: Document) -> None:
    for at in range(len(GOOD)):
        found = read(GOOD[:at] + bytes([GOOD[at] ^ 0xA5]) + GOOD[at + 1 :], document)
        assert all(hashlib.sha256(wav).hexdigest() == key for key, wav in found.sounds.items()) or (
            found.plan.errors
        )


def test_what_is_too_much_for_one_file_does_not_go_out(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = exported(document)
    monkeypatch.setattr(container, "MOST_PACKED", 20)
    with pytest.raises(TooMuch):
        packed(text, {SHA256: SOUND})
    monkeypatch.setattr(container, "MOST_SOUNDS", 0)
    with pytest.raises(TooMuch):
        packed(text, {SHA256: SOUND})


def test_a_recording_has_the_bounds_of_an_upload() -> None:
    assert MOST_SOUND == MOST_BYTES
