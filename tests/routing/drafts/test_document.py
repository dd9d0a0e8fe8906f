"""A draft over a plan's body: composed, carried over to another plan, and two bodies compared."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ivr.library.plans import Inputs
from ivr.library.wording import load_phrases
from routing.drafts.change import Author, Change, Draft, Edit, Entity, UnknownKind
from routing.drafts.document import (
    FieldChange,
    compose,
    differences,
    entity_of,
    rebase,
    with_draft,
)
from routing.drafts.kinds import KINDS, Document

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
GREETING = "greet.language"


@pytest.fixture(scope="session")
def body(demo_inputs: Inputs) -> Document:
    """The demonstration city's plan, as it is stored."""
    document: dict[str, Any] = json.loads(demo_inputs.to_text())
    return document


def change(document: Document, kind: str, key: str, new: Entity | None) -> Change:
    """Somebody's change of an entity of this plan."""
    base = entity_of(document, kind, key)
    return Change(kind, key, new, base, 1, 1, Author("a1", "lin"), AT)


def phrase(document: Document, text: str) -> Change:
    """The words of one phrase, in English alone."""
    was = entity_of(document, "phrase", GREETING)
    assert was is not None
    return change(document, "phrase", GREETING, {**was, "en": text})


@pytest.mark.parametrize("name", list(KINDS))
def test_reading_a_kind_and_writing_it_back_changes_nothing(body: Document, name: str) -> None:
    kind = KINDS[name]
    assert kind.write(body, kind.read(body)) == body


def test_a_changed_phrase_stands_apart_from_the_versions_own_and_is_spoken(body: Document) -> None:
    new = compose(body, [phrase(body, "For English, press nine.")])

    assert new["shipped"] == body["shipped"]
    assert json.loads(new["phrases"]) == {GREETING: {"en": "For English, press nine."}}
    read = Inputs.from_text(json.dumps(new))
    assert load_phrases(read.shipped.phrases, read.phrases).plain(GREETING, "en") == (
        "For English, press nine."
    )


def test_a_phrase_in_the_versions_own_words_again_is_no_change(body: Document) -> None:
    new = compose(body, [phrase(body, "For English, press nine.")])
    assert compose(new, [change(new, "phrase", GREETING, entity_of(body, "phrase", GREETING))]) == {
        **body,
        "phrases": "",
    }


def test_the_draft_lists_what_is_added_changed_and_removed(body: Document) -> None:
    made = [
        change(body, "service", "12399", {"number": "12399", "zh": "试", "en": "Trial"}),
        change(body, "topic", "hotline", None),
    ]
    draft = Draft(2, tuple(made))
    assert with_draft(body, draft, "service")["12399"]["en"] == "Trial"
    assert "hotline" not in with_draft(body, draft, "topic")
    assert "hotline" in with_draft(body, Draft(0), "topic")


def test_what_is_different_is_told_entity_by_entity_and_field_by_field(body: Document) -> None:
    new = compose(body, [phrase(body, "For English, press nine.")])
    (found,) = differences(body, {**new, "zone": body["zone"]})
    assert (found.kind, found.key) == ("phrase", GREETING)
    assert found.fields == (FieldChange("en", "中文请按9。", "For English, press nine."),)
    assert [d.kind for d in differences(body, {**body, "zone": "Asia/Urumqi"})] == ["setting"]


def test_changes_carry_over_to_another_plan_unless_it_changed_the_same_entity(
    body: Document,
) -> None:
    mine = phrase(body, "For English, press nine.")
    untouched = change(body, "topic", "hotline", None)
    theirs = compose(body, [phrase(body, "English: nine.")])

    found = rebase([mine, untouched], theirs, 2)

    assert [(c.key, c.over) for c in found.carried] == [("hotline", 2)]
    ((stale,)) = found.stale
    assert stale.change is mine
    assert stale.now is not None
    assert stale.now["en"] == "English: nine."


def test_what_was_published_in_the_same_words_is_settled(body: Document) -> None:
    mine = phrase(body, "For English, press nine.")
    found = rebase([mine], compose(body, [mine]), 2)
    assert (found.carried, found.stale) == ((), ())


def test_an_entity_of_no_known_kind_is_refused_by_name(body: Document) -> None:
    with pytest.raises(UnknownKind, match="'weather'"):
        with_draft(body, Draft(0), "weather")


def test_an_edit_composes_as_a_change_does(body: Document) -> None:
    edit = Edit("topic", "hotline", None, None, 1)
    assert "hotline" not in KINDS["topic"].read(compose(body, [edit]))


RULE = {"id": "night", "name": "夜间", "when": {}, "then": {"office": "市政府"}}


def test_a_rule_is_added_put_in_order_and_taken_out(body: Document) -> None:
    added = compose(body, [change(body, "rule", "night", RULE), change(body, "rule", "day", RULE)])
    order = {"order": ["day", "night"], "drawn": True}
    moved = compose(added, [change(body, "rule_order", "order", order)])

    assert [*KINDS["rule"].read(added)] == ["night", "day"]
    assert [*KINDS["rule"].read(moved)] == ["day", "night"]
    assert KINDS["rule_order"].read(moved) == {"order": order}
    assert (
        compose(moved, [change(body, "rule", "day", None), change(body, "rule", "night", None)])[
            "rules"
        ]
        == ""
    )
