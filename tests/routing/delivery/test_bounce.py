"""A mail that came back is known by our own mark, whoever's server says so; whatever else strangers
may send to the same mailbox changes nothing."""

import hashlib
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.delivery.bounce import MOST, Bounce, read_bounce
from routing.delivery.letter import Letter, News, mark_of, parts_of
from routing.delivery.tags import Tags
from tests.routing.delivery.office import LETTER
from tests.routing.delivery.reports import EXIM, POSTFIX, SHAPES, report

TAGS: Final = Tags(lambda letter: hashlib.sha256(f"key {letter}".encode()).hexdigest())
OTHERS: Final = Tags(lambda letter: hashlib.sha256(f"another {letter}".encode()).hexdigest())
ID: Final = "case-46270395"
MID: Final = f"<{TAGS.marked(ID)}@yunling.example>"
FORGED: Final = (
    f"<{ID}@yunling.example>",
    f"<{ID}.0123456789abcdef@yunling.example>",
    f"<{OTHERS.marked(ID)}@yunling.example>",
    f"<{TAGS.marked(ID)[:-1]}@yunling.example>",
    f"<case-10000007.{TAGS.marked(ID)[-16:]}@yunling.example>",
    f"<{TAGS.marked(ID)}\n@yunling.example>",
    "<>",
    "",
)


@pytest.mark.parametrize("server", SHAPES)
def test_each_servers_report_names_our_mail_and_why(server: str) -> None:
    shape, code = SHAPES[server]

    assert read_bounce(report(shape, MID), TAGS) == Bounce(ID, code)


@pytest.mark.parametrize("server", SHAPES)
@pytest.mark.parametrize("message_id", FORGED)
def test_a_forged_one_changes_nothing(server: str, message_id: str) -> None:
    assert read_bounce(report(SHAPES[server][0], message_id), TAGS) is None


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "failed?"])
def test_only_a_failure_is_one(action: str) -> None:
    shape = POSTFIX.replace("Action: failed", f"Action: {action}")

    assert read_bounce(report(shape, MID), TAGS) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [("5", "5.0.0"), ("2.0.0", "5.2.2"), ("x\nEvil: 1", "5.2.2"), ("5.1.10 (x)", "5.1.10")],
)
def test_a_status_is_a_code_or_none(status: str, code: str) -> None:
    shape = EXIM.replace("Status: 5.0.0", f"Status: {status}")
    if code == "5.0.0":
        shape = shape.replace("552 5.2.2 mailbox full", "no")

    assert read_bounce(report(shape, MID), TAGS) == Bounce(ID, code)


def test_other_mail_that_quotes_our_message_id_is_none() -> None:
    """An absence note, an answer, a forwarded bounce."""
    note = f"From: a@b.example\r\nIn-Reply-To: {MID}\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    forwarded = (
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
        b"Content-Type: message/rfc822\r\n\r\n" + report(POSTFIX, MID) + b"\r\n--x--\r\n"
    )

    assert read_bounce(note.encode(), TAGS) is None
    assert read_bounce(forwarded, TAGS) is None


def test_a_report_within_a_report_is_not_believed() -> None:
    """The outer one is of another's mail, and has ours inside it."""
    outer = POSTFIX.replace("MID", "<another@elsewhere.example>").replace("\n", "\r\n").encode()
    inner = report(POSTFIX.replace("B1.1", "B2.1"), MID)
    at = outer.index(b"From: line@yunling.example")

    assert read_bounce(outer[:at] + inner + outer[at:], TAGS) is None


def test_what_is_huge_or_nested_is_read_within_bounds() -> None:
    nested = b"".join(
        b'Content-Type: multipart/report; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(3_000)
    )
    wide = b'Content-Type: multipart/report; boundary="b"\r\n\r\n' + b"--b\r\n\r\n" * 20_000
    late = report(POSTFIX.replace("This is a MIME", "x" * MOST + "\nThis is a MIME"), MID)

    for raw in (nested, wide, late, report(POSTFIX, MID)[:900], b"\xff" * 5_000, b""):
        assert read_bounce(raw, TAGS) is None


def test_a_type_of_parameters_without_end_is_not_taken_apart() -> None:
    """One mail of a stranger's kept a processor busy for minutes."""
    for parameters in (b"a=1;" * 60_000, b"a*1*=x;" * 30_000, b'x="' + b";" * 200_000):
        raw = b"Content-Type: multipart/report; " + parameters + b"\r\n\r\n"
        assert read_bounce(raw, TAGS) is None


@pytest.mark.parametrize("many", ["multipart/\n" * 21, "\n" * 45_000])
def test_what_would_take_long_to_read_is_not_read(many: str) -> None:
    """Each line is held against the border of each part around it."""
    assert read_bounce(report(f"{POSTFIX}\n{many}", MID), TAGS) is None
    assert read_bounce(report(f"{POSTFIX}\n{many[:200]}", MID), TAGS) == Bounce(ID, "5.1.1")


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.data())
def test_cut_and_broken_anywhere_it_is_itself_or_nothing(data: st.DataObject) -> None:
    raw = bytearray(report(data.draw(st.sampled_from([one for one, _ in SHAPES.values()])), MID))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    found = read_bounce(bytes(raw), TAGS)

    assert found is None or found.id == ID


async def test_each_letter_goes_out_marked_and_in_the_thread_of_the_marked_first() -> None:
    sent: list[Letter] = []

    async def post(letter: Letter) -> None:
        sent.append(letter)

    for _ in range(2):
        await TAGS.on(post)(LETTER)

    assert sent[0] == sent[1], "a repeat is the same mail"
    assert TAGS.read(f"<{sent[0].id}@yunling.example>") == LETTER.id
    assert TAGS.read(f"<{sent[0].thread}@yunling.example>") == LETTER.thread


@pytest.mark.parametrize(
    ("id", "parts"),
    [
        ("case-46270395", (News.CASE, "46270395", "")),
        (
            f"words-46270395-{mark_of('RE1 carrier')}",
            (News.WORDS, "46270395", mark_of("RE1 carrier")),
        ),
        ("pigeon-46270395", None),
        ("case-4627039", None),
        ("case-46270395-x", None),
    ],
)
def test_a_letters_id_says_what_it_told(id: str, parts: object) -> None:
    assert parts_of(id) == parts
