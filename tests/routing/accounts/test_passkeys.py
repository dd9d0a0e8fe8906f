"""Questions that prove themselves: of ours, for this, not too old; and answers that are none. Right
answers are given by a real browser in `tests/routing/web/account/test_account_browser.py`."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.accounts.passkeys import (
    ANSWERED_WITHIN,
    NotThisKey,
    Passkey,
    Place,
    asking,
    challenge,
    challenge_in,
    id_in,
    made,
    recognised,
    uses,
)
from storage.sealing import Sealing

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MARKED = Sealing(b"a test's own key, never a server's").digest
OTHERS = Sealing(b"another server's key, not this one").digest
ASKED = challenge("sign-in", b"r" * 16, AT, MARKED)
PLACE = Place("phone.example", "https://phone.example")
KEY = Passkey("AAAA", "a1", b"\xa0", 0, "", AT)


def test_a_question_of_ours_is_recognised_until_its_time_is_over() -> None:
    assert recognised(ASKED, "sign-in", AT, MARKED) == ASKED
    with pytest.raises(NotThisKey):
        recognised(ASKED, "sign-in", AT + ANSWERED_WITHIN, MARKED)


def test_a_question_for_something_else_or_by_somebody_else_is_not() -> None:
    with pytest.raises(NotThisKey):
        recognised(ASKED, "a session's key", AT, MARKED)
    with pytest.raises(NotThisKey):
        recognised(challenge("sign-in", b"r" * 16, AT, OTHERS), "sign-in", AT, MARKED)


@given(st.integers(0, len(ASKED) - 1), st.integers(1, 255))
def test_a_question_that_was_altered_is_not(at: int, by: int) -> None:
    altered = bytearray(ASKED)
    altered[at] ^= by
    with pytest.raises(NotThisKey):
        recognised(bytes(altered), "sign-in", AT, MARKED)


@given(st.binary(max_size=80))
def test_bytes_that_nobody_asked_are_not(told: bytes) -> None:
    with pytest.raises(NotThisKey):
        recognised(told, "sign-in", AT, MARKED)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_a_browser_says_is_refused_and_breaks_nothing(told: object) -> None:
    answer = json.dumps(told)
    for look in (
        lambda: challenge_in(answer),
        lambda: made(PLACE, answer, ASKED),
        lambda: uses(PLACE, answer, ASKED, KEY),
    ):
        with pytest.raises(NotThisKey):
            look()


@pytest.mark.parametrize("answer", ["", "[]", "{}", "[" * 5000, '{"id": 7}', "x" * 20_000])
def test_an_answer_without_an_id_has_none(answer: str) -> None:
    with pytest.raises(NotThisKey):
        id_in(answer)


def test_the_browser_is_asked_for_its_owner_at_our_host_alone() -> None:
    told = json.loads(asking(PLACE, ASKED))
    assert told["rpId"] == "phone.example"
    assert told["userVerification"] == "required"
    assert base64.urlsafe_b64decode(told["challenge"] + "==") == ASKED


@pytest.mark.parametrize("response", [["a list"], 1, b"\xff", b"a.b"])
def test_a_new_key_that_is_vouched_for_in_a_way_that_is_none_is_refused(response: object) -> None:
    """`response` of Android's SafetyNet is bytes; the library takes that for granted."""
    host = hashlib.sha256(PLACE.host.encode()).digest()
    key = {1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32}
    told = host + b"\x45" + bytes(20) + b"\x00\x04" + b"some" + cbor2.dumps(key)
    vouched = {"ver": "1", "response": response}
    kept = {"fmt": "android-safetynet", "attStmt": vouched, "authData": told}
    client = {"type": "webauthn.create", "challenge": _text(ASKED), "origin": PLACE.origin}
    answer = {
        "clientDataJSON": _text(json.dumps(client).encode()),
        "attestationObject": _text(cbor2.dumps(kept)),
    }
    whole = {"id": _text(b"some"), "rawId": _text(b"some"), "type": "public-key"}
    with pytest.raises(NotThisKey):
        made(PLACE, json.dumps({**whole, "response": answer}), ASKED)


def _text(told: bytes) -> str:
    return base64.urlsafe_b64encode(told).decode().rstrip("=")
