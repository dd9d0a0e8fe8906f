"""The chain as values: what a link covers, what is kept of an entry, and where a chain breaks."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.audit import (
    BEFORE_ALL,
    MOST_SUBJECT,
    MOST_VALUES,
    Action,
    AuditError,
    Broken,
    Chain,
    Entry,
    Fault,
    Kept,
    Link,
    erasure_of,
    linked,
    subject,
    written,
)

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SALT = bytes(range(16))
ANY = st.characters()


def entry(action: Action = Action.DRAFT_CHANGED, about: str = "office:water") -> Entry:
    return Entry("7", action, about, AT, {"name": "水务局"})


def chain_of(*entries: Entry) -> list[Kept]:
    found: list[Kept] = []
    for each in entries:
        after = (found[-1].link.number, found[-1].hash) if found else (0, BEFORE_ALL)
        text = written(each.values)
        link = linked(each, after, SALT, text)
        found.append(Kept(link, link.hash(), SALT, text))
    return found


def verified(found: list[Kept]) -> Broken | None:
    chain = Chain()
    return chain.follow(found) or chain.end()


def test_a_link_is_the_bytes_that_the_decision_prints() -> None:
    """An auditor checks the chain with a program of their own: these bytes never change."""
    (first,) = chain_of(entry())
    assert first.link.canonical() == (
        b'["zhitong-audit-1",1,"7","draft.changed","office:water","2026-11-24T02:00:00.000000Z",'
        b'"02e8452ec8852099c844d4fd9977325cf121565a8563277df4454fd3d568235a","' + b"0" * 64 + b'"]'
    )


def test_a_time_is_the_same_in_any_zone() -> None:
    (link,) = (kept.link for kept in chain_of(entry()))
    there = replace(link, at=AT.astimezone(timezone(timedelta(hours=8))))
    assert there.hash() == link.hash()


def test_a_whole_chain_holds() -> None:
    found = chain_of(*[entry()] * 5)
    chain = Chain()
    assert chain.follow(found[:2]) is None
    assert chain.follow(found[2:]) is None
    assert chain.end() is None
    assert (chain.count, chain.head, chain.erased) == (5, found[-1].hash, 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", 9),
        ("actor", "8"),
        ("action", "sign-in"),
        ("subject", "office:roads"),
        ("at", AT + timedelta(microseconds=1)),
        ("salted", "f" * 64),
        ("before", "f" * 64),
    ],
)
def test_any_column_of_a_link_that_was_altered_is_found(column: str, value: Any) -> None:
    found = chain_of(*[entry()] * 3)
    altered: Link = replace(found[1].link, **{column: value})
    found[1] = replace(found[1], link=altered)
    broken = verified(found)
    assert broken is not None
    assert broken.number == 2


def test_a_link_altered_with_its_hash_breaks_the_next() -> None:
    found = chain_of(*[entry()] * 3)
    link = replace(found[1].link, actor="8")
    found[1] = replace(found[1], link=link, hash=link.hash())
    assert verified(found) == Broken(3, Fault.UNLINKED)


def test_a_link_that_was_taken_out_is_named() -> None:
    found = chain_of(*[entry()] * 4)
    assert verified([found[0], *found[2:]]) == Broken(2, Fault.MISSING)
    assert verified(found[1:]) == Broken(1, Fault.MISSING)


def test_values_that_were_altered_are_found() -> None:
    found = chain_of(*[entry()] * 3)
    found[1] = replace(found[1], values='{"name": "住建局"}')
    assert verified(found) == Broken(2, Fault.VALUES_ALTERED)


def test_erased_values_break_nothing_where_an_entry_says_so() -> None:
    found = chain_of(entry(), entry(), entry(Action.ERASED, erasure_of(2)))
    gone = [found[0], replace(found[1], salt=None, values=None), found[2]]
    assert verified(gone) is None
    unsaid = [replace(found[0], salt=None, values=None), *found[1:]]
    assert verified(unsaid) == Broken(1, Fault.VALUES_GONE)


def test_an_entry_of_another_sort_erases_nothing() -> None:
    found = chain_of(entry(), entry(about=erasure_of(1)), entry(Action.ERASED, "audit:x"))
    assert verified([replace(found[0], salt=None, values=None), *found[1:]]) == Broken(
        1, Fault.VALUES_GONE
    )


@given(st.text(ANY, max_size=300), st.text(ANY, max_size=300))
def test_any_key_makes_a_subject_that_can_be_kept(kind: str, key: str) -> None:
    about = subject(f"k{kind}", key)
    Entry("7", Action.DRAFT_CHANGED, about, AT)
    assert len(about) <= MOST_SUBJECT
    about.encode()


@pytest.mark.parametrize(
    "wrong",
    [{"actor": ""}, {"actor": "x" * 65}, {"subject": "a\nb"}, {"at": datetime(2026, 1, 1)}],  # noqa: DTZ001 - just that
)
def test_what_cannot_be_kept_is_refused(wrong: dict[str, Any]) -> None:
    whole: dict[str, Any] = {"actor": "7", "subject": "plan:1", "at": AT}
    with pytest.raises(AuditError):
        Entry(action=Action.PLAN_PUBLISHED, **{**whole, **wrong})


def test_values_are_kept_without_telephone_numbers() -> None:
    kept = written(
        {
            "reason": "13900007788 rings\nall night",
            "before": {"forward_to": "+8613900007788"},
            "phones": ["0558-0000021"],
            "until": "2026-11-24T02:00:00",
            "day": "2026-11-24",
            "sha256": "12345678" * 8,
        }
    )
    assert json.loads(kept) == {
        "reason": "…88 rings all night",
        "before": {"forward_to": "…88"},
        "phones": ["…21"],
        "until": "2026-11-24T02:00:00",
        "day": "2026-11-24",
        "sha256": "12345678" * 8,
    }


def test_too_long_a_text_is_left_out() -> None:
    kept = json.loads(written({"name": "水务局", "text": "长" * MOST_VALUES}))
    assert kept == {"name": "水务局", "text": "…"}
    many = {str(n): "x" * 190 for n in range(200)}
    assert set(json.loads(written(many))) == {"too_long"}


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(AuditError, match="JSON"):
        written({"when": AT})
    with pytest.raises(AuditError, match="JSON"):
        written({"n": float("nan")})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(ANY, max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(ANY), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(ANY, max_size=20), JSON, max_size=6))
def test_any_json_can_be_kept(values: dict[str, Any]) -> None:
    text = written(values)
    text.encode()
    assert isinstance(json.loads(text), dict)
    assert "\x00" not in text


@pytest.mark.parametrize("gone", ["salt", "values"])
def test_values_and_salt_go_together_or_were_altered(gone: str) -> None:
    """Without a salt any values would do."""
    found = chain_of(*[entry()] * 3)
    change: dict[str, Any] = {"values": '{"name": "another"}', gone: None}
    found[1] = replace(found[1], **change)
    assert verified(found) == Broken(2, Fault.VALUES_ALTERED)


@given(
    st.integers(1, 6),
    st.sampled_from(["actor", "action", "subject", "salted", "before"]),
    st.text(max_size=64),
    st.booleans(),
)
def test_no_text_in_a_link_can_be_altered_unseen(
    number: int, column: str, value: str, rehashed: bool
) -> None:
    """Not even by one who knows how to hash, but for the last link, which none follows."""
    found = chain_of(*[entry()] * 7)
    before = found[number - 1]
    if getattr(before.link, column) == value:
        return
    change: dict[str, Any] = {column: value}
    link: Link = replace(before.link, **change)
    hash_ = link.hash() if rehashed else before.hash
    found[number - 1] = replace(before, link=link, hash=hash_)
    broken = verified(found)
    assert broken is not None
    assert broken.number in (number, number + 1)


def test_no_sign_of_an_entry_turns_what_is_read() -> None:
    assert written({"reason": "a\u202eb\u2066"}) == '{"reason": "a b "}'
    assert subject("rule", "a\u202eb") == "rule:a b"
