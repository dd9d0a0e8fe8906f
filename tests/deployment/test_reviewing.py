"""What a review says of a body before it is published: at the entity and the field, in both
languages."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from deployment.reviewing import findings
from ivr.library.plans import Inputs
from routing.drafts.change import Edit, Entity
from routing.drafts.document import compose, entity_of
from routing.drafts.kinds import KINDS, Document
from routing.findings import Finding, Level
from routing.publishing.release import document_of
from routing.worktime.closures import Closure, Signed
from routing.worktime.orders import body_of

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NUMBER = "+865580000021"


@pytest.fixture
def body(demo_inputs: Inputs) -> Document:
    return document_of(demo_inputs.to_text())


def errors(body: Document, kind: str, key: str, **fields: str) -> list[Finding]:
    """Of the body with one entity's fields changed."""
    was: Entity = entity_of(body, kind, key) or {}
    edited = compose(body, [Edit(kind, key, {**was, **fields}, was, 1)])
    return [found for found in findings(edited, TODAY, NOW) if found.level is Level.ERROR]


def test_the_demonstration_city_has_no_error(body: Document) -> None:
    assert [f for f in findings(body, TODAY, NOW) if f.level is Level.ERROR] == []


@pytest.mark.parametrize(
    ("kind", "key", "fields", "place"),
    [
        ("number", NUMBER, {"status": "perhaps"}, ("number", NUMBER, "status")),
        ("script", "main", {"text": "["}, ("script", "main", "")),
        ("phrase", "greet.name", {"en": "{weather}"}, ("phrase", "greet.name", "")),
        ("rule", "r1", {"id": "r1", "name": 7}, ("rule", "r1", "")),
        ("roster", "duty", {"name": ""}, ("roster", "duty", "name")),
    ],
)
def test_an_error_stands_where_its_editor_sees_it(
    body: Document, kind: str, key: str, fields: dict[str, str], place: tuple[str, str, str]
) -> None:
    found = errors(body, kind, key, **fields)
    assert found
    at = asdict(found[0].place)
    assert (at["kind"], at["key"]) == place[:2]
    assert all(set(one.says) == {"zh-CN", "en"} for one in found)


def test_a_register_that_leaves_complaints_without_an_office_is_said_in_both_languages(
    body: Document,
) -> None:
    was = entity_of(body, "topic", "discipline")
    edited = compose(body, [Edit("topic", "discipline", None, was, 1)])
    numbers = KINDS["number"].read(edited)
    edits = [
        Edit("number", key, {**row, "topics": ""}, row, 1)
        for key, row in numbers.items()
        if row.get("topics") == "discipline"
    ]

    (found,) = findings(compose(edited, edits), TODAY, NOW)

    assert (found.code, found.level) == ("rules", Level.ERROR)
    assert "名录里没有代码为“discipline”的事项" in found.says["zh-CN"]


def test_a_body_of_another_version_is_one_error_and_no_crash(body: Document) -> None:
    (found,) = findings(json.loads('{"weather": "fine"}'), TODAY, NOW)
    assert (found.code, found.level) == ("refused", Level.ERROR)


@pytest.mark.parametrize("holds", [True, False])
def test_an_example_that_does_not_hold_keeps_the_plan_back(body: Document, holds: bool) -> None:
    lead = KINDS["topic"].read(body)["hotline"]["lead_office"]
    office = lead if holds else "市教育局"
    facts = {"dialled": NUMBER, "kind": "help", "topic": "hotline", "at": "2026-11-24T10:00+08:00"}
    example = {"name": "停水", "facts": facts, "expected": {"office": office}}
    edited = compose(body, [Edit("scenario", "s1", example, None, 1)])
    found = [f for f in findings(edited, TODAY, NOW) if f.level is Level.ERROR]
    assert [one.code for one in found] == ([] if holds else ["scenario"])


def test_what_nobody_foresaw_is_an_error_of_the_plan_and_its_pages_stay(
    body: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last change can be discarded, and nothing is published meanwhile."""

    def unforeseen(*_: object) -> Iterator[Finding]:
        raise AttributeError("'NoneType' object has no attribute 'beat'")

    monkeypatch.setattr("deployment.reviewing.findings_of", unforeseen)

    (found,) = findings(body, TODAY, NOW)
    assert (found.code, found.level) == ("unforeseen", Level.ERROR)
    assert not any("NoneType" in sentence for sentence in found.says.values())


def test_a_plan_that_memory_does_not_hold_is_not_called_faulty(
    body: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> Iterator[Finding]:
        raise MemoryError

    monkeypatch.setattr("deployment.reviewing.findings_of", too_large)
    with pytest.raises(MemoryError):
        findings(body, TODAY, NOW)


def test_a_closure_order_makes_no_example_fail(body: Document) -> None:
    """Offices are closed in a hurry, and opened again, whatever examples are kept."""
    lead = KINDS["topic"].read(body)["housing"]["lead_office"]
    facts = {"dialled": NUMBER, "kind": "help", "topic": "housing", "at": "2026-11-24T10:00+08:00"}
    example = {"name": "物业", "facts": facts, "expected": {"office": lead, "open": True}}
    kept = compose(body, [Edit("scenario", "s1", example, None, 1)])
    words = {"zh-CN": "因台风停办", "en": "closed by a typhoon"}
    end, ordered = datetime(2026, 11, 25, tzinfo=UTC), Signed("zhang", NOW)
    order = Closure("c1", (), datetime(2026, 11, 23, tzinfo=UTC), end, "台风", words, ordered)
    closed = compose(kept, [Edit("closure", "c1", body_of(order), None, 1)])
    for document in (kept, closed):
        found = findings(document, TODAY, NOW)
        assert [one.says for one in found if one.level is Level.ERROR] == []
