"""Which entities a draft may change: for each kind, how they are read from a body and written
back. Whoever owns a part of the plan adds its kind to `KINDS` with two pure functions."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from routing.drafts.change import Entity, UnknownKind
from routing.rules.document import ORDER, Written, order_of, same, with_order, with_rules, written
from routing.sheets.entities import EntityKind, entities, with_entities
from routing.sheets.register import Sheets

Document = Mapping[str, Any]
"""A plan's body as JSON values: the fields of `ivr.library.plans.Inputs` by their names."""
Entities = Mapping[str, Entity]
"""Key -> entity, in order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a plan's body holds one kind of entity, in which `parts`: `write(document,
    read(document))` changes nothing. Both are pure and neither refuses: what is wrong is found when
    the plan is reviewed."""

    name: str
    parts: tuple[str, ...]
    read: Callable[[Document], dict[str, Entity]]
    write: Callable[[Document, Entities], Document]


def kind_of(name: str) -> Kind:
    """The kind of this name. Raises UnknownKind."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind(f"no entity of kind {name!r} can be edited") from None


def sheet_kind(kind: EntityKind) -> Kind:
    """The rows of one of the register's sheets."""

    def read(document: Document) -> dict[str, Entity]:
        return {**entities(Sheets(**document["sheets"]), kind)}

    def write(document: Document, rows: Entities) -> Document:
        sheets = with_entities(Sheets(**document["sheets"]), kind, rows)
        return {**document, "sheets": asdict(sheets)}

    return Kind(kind.value, ("sheets",), read, write)


def text_kind(name: str, field: str) -> Kind:
    """Entities that one text field of the body holds as a JSON object, key -> entity; "" for
    none."""

    def read(document: Document) -> dict[str, Entity]:
        return dict(json.loads(document.get(field) or "{}"))

    def write(document: Document, rows: Entities) -> Document:
        text = json.dumps(rows, ensure_ascii=False) if rows else ""
        return document if text == document.get(field, "") else {**document, field: text}

    return Kind(name, (field,), read, write)


def shipped_phrases(document: Document) -> dict[str, Entity]:
    """The words of this version, phrase by phrase: language -> text."""
    books: Mapping[str, str] = document["shipped"]["phrases"]
    found: dict[str, dict[str, str]] = {}
    for language, text in books.items():
        for phrase, words in tomllib.loads(text).items():
            found.setdefault(phrase, {})[language] = words
    return {**found}


def _read_phrases(document: Document) -> dict[str, Entity]:
    """As they are spoken: the version's, and what was changed of them."""
    own: Mapping[str, Mapping[str, str]] = json.loads(document.get("phrases") or "{}")
    found = shipped_phrases(document)
    return {
        **found,
        **{phrase: {**found.get(phrase, {}), **words} for phrase, words in own.items()},
    }


def _write_phrases(document: Document, rows: Entities) -> Document:
    """What differs from the version's words is kept apart, so that the others follow an upgrade. A
    phrase that is taken out is the version's again."""
    shipped = shipped_phrases(document)
    own = {phrase: _differing(words, shipped.get(phrase, {})) for phrase, words in rows.items()}
    kept = {phrase: words for phrase, words in own.items() if words}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else ""
    return document if text == document.get("phrases", "") else {**document, "phrases": text}


def _differing(words: Entity, shipped: Entity) -> dict[str, Any]:
    return {language: text for language, text in words.items() if shipped.get(language) != text}


def _read_script(document: Document) -> dict[str, Entity]:
    return {"main": {"text": document.get("script") or document["shipped"]["script"]}}


def _write_script(document: Document, rows: Entities) -> Document:
    """The version's own, as long as nobody wrote another."""
    text = rows.get("main", {}).get("text", "")
    own = "" if text == document["shipped"]["script"] else text
    return document if own == document.get("script", "") else {**document, "script": own}


def _read_rules(document: Document) -> dict[str, Entity]:
    return {**written(document.get("rules", "")).rules}


def _write_rules(document: Document, rows: Entities) -> Document:
    found = written(document.get("rules", ""))
    return _with_written(document, found, with_rules(found, rows))


def _read_order(document: Document) -> dict[str, Entity]:
    return {ORDER: order_of(written(document.get("rules", "")))}


def _write_order(document: Document, rows: Entities) -> Document:
    """Taken out, it stays as it is: rules always have an order."""
    found = written(document.get("rules", ""))
    return _with_written(document, found, with_order(found, rows.get(ORDER, {})))


def _with_written(document: Document, old: Written, new: Written) -> Document:
    return document if same(old, new) else {**document, "rules": new.to_text()}


_KINDS: Final = (
    *(sheet_kind(kind) for kind in EntityKind),
    Kind("phrase", ("shipped", "phrases"), _read_phrases, _write_phrases),
    text_kind("recording", "recordings"),
    Kind("script", ("shipped", "script"), _read_script, _write_script),
    Kind("rule", ("rules",), _read_rules, _write_rules),
    Kind("rule_order", ("rules",), _read_order, _write_order),
    text_kind("scenario", "scenarios"),
    text_kind("calendar", "calendar_overrides"),
    text_kind("closure", "closures"),
    text_kind("roster", "rosters"),
    text_kind("quota", "quotas"),
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}
"""In the order in which they are written."""
