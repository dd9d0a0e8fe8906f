"""Closure orders as a plan keeps them: a JSON text, read and written. Every fault is found, with
the order and the field; nothing is taken where there is one. The counterpart of `closures`."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from routing.findings import Finding, Place
from routing.hours import YEARS
from routing.register import LANGUAGES, Directory, Names
from routing.worktime.closures import LONGEST_DAYS, Closure, Signed
from routing.worktime.sentences import WorktimeError, entities, finding

KIND: Final = "closure"
LONGEST_WORDS: Final = 120
"""Characters of Mandarin that a caller listens to before the beep; English may have three times as
many."""
LONGEST_REASON: Final = 200
LANGUAGE_NAMES: Final[Mapping[str, Names]] = {
    "zh-CN": {"zh-CN": "中文", "en": "Chinese"},
    "en": {"zh-CN": "英文", "en": "English"},
}
Body = Mapping[str, Any]
"""One order as an editor and a draft have it."""


def read_closures(text: str) -> tuple[Closure, ...]:
    """The orders of a plan; none for "". Raises WorktimeError with every fault of their form."""
    bodies = entities(KIND, text)
    if faults := [found for key, body in bodies.items() for found in form_faults(key, body)]:
        raise WorktimeError(tuple(faults))
    return tuple(closure_of(key, body) for key, body in bodies.items())


def write_closures(closures: Iterable[Closure]) -> str:
    """The text that `read_closures` reads: id -> order, by start; "" for none."""
    ordered = sorted(closures, key=lambda closure: (closure.start, closure.id))
    bodies = {closure.id: body_of(closure) for closure in ordered}
    return json.dumps(bodies, ensure_ascii=False) if bodies else ""


def closure_of(key: str, body: Body) -> Closure:
    """The order that a faultless body tells."""
    ended = body.get("ended")
    return Closure(
        id=key,
        scope=tuple(body["scope"]),
        start=_moment(body["start"]),
        end=_moment(body["end"]),
        reason=body["reason"].strip(),
        words={language: body["words"][language].strip() for language in LANGUAGES},
        ordered=_signed(body["ordered"]),
        ended=None if ended is None else _signed(ended),
    )


def body_of(closure: Closure) -> Body:
    """An order as JSON-ready values."""
    body: dict[str, Any] = {
        "scope": list(closure.scope),
        "start": closure.start.isoformat(),
        "end": closure.end.isoformat(),
        "reason": closure.reason,
        "words": dict(closure.words),
        "ordered": _plain(closure.ordered),
    }
    if closure.ended is not None:
        body["ended"] = _plain(closure.ended)
    return body


def form_faults(key: str, body: Body) -> Iterator[Finding]:
    """What is wrong with an order whatever the register holds."""
    for field, right in _SHAPES.items():
        if not right(body.get(field)):
            yield _fault(key, field, "shape", field=field)
    if all(right(body.get(field)) for field, right in _SHAPES.items()):
        yield from _of_times(key, _moment(body["start"]), _moment(body["end"]))
        yield from _of_text(key, "reason", body["reason"], LONGEST_REASON)
        yield from _of_words(key, body["words"])


def scope_faults(closure: Closure, directory: Directory) -> Iterator[Finding]:
    """Offices of an order that the register lacks."""
    for office in closure.scope:
        if office not in directory.offices:
            yield _fault(closure.id, "scope", "no_office", value=office)


def _fault(key: str, field: str, code: str, /, **details: object) -> Finding:
    return finding(Place(KIND, key, field), code, **details)


def _of_times(key: str, start: datetime, end: datetime) -> Iterator[Finding]:
    if end <= start:
        yield _fault(key, "end", "ends_early")
    if end - start > timedelta(days=LONGEST_DAYS):
        yield _fault(key, "end", "too_far", n=LONGEST_DAYS)


def _of_text(key: str, field: str, text: str, most: int) -> Iterator[Finding]:
    if not text.strip():
        yield _fault(key, field, "empty")
    if len(text) > most:
        yield _fault(key, field, "too_long", n=most)
    if any(unicodedata.category(sign).startswith("C") for sign in text):
        yield _fault(key, field, "invisible")


def _of_words(key: str, words: Mapping[str, str]) -> Iterator[Finding]:
    for language in LANGUAGES:
        said, field = words.get(language, ""), f"words.{language}"
        name = LANGUAGE_NAMES[language]
        if not said.strip():
            yield _fault(key, field, "words_missing", language=name)
            continue
        yield from _of_text(key, field, said, LONGEST_WORDS * (1 if language == "zh-CN" else 3))
        if any("一" <= sign <= "鿿" for sign in said) is not (language == "zh-CN"):
            yield _fault(key, field, "words_language", language=name)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _signed(plain: Mapping[str, str]) -> Signed:
    return Signed(plain["by"], _moment(plain["at"]))


def _plain(signed: Signed) -> dict[str, str]:
    return {"by": signed.by, "at": signed.at.isoformat()}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_moment(value: object) -> bool:
    """Of years that every zone has."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return at is not None and at.tzinfo is not None and at.year in YEARS


def _is_signed(value: object) -> bool:
    return isinstance(value, dict) and _is_text(value.get("by")) and _is_moment(value.get("at"))


def _is_words(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


_SHAPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "scope": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "start": _is_moment,
    "end": _is_moment,
    "reason": _is_text,
    "words": _is_words,
    "ordered": _is_signed,
    "ended": lambda value: value is None or _is_signed(value),
}
