"""A rule between its form and its body: what was typed becomes the JSON that `routing.rules.fields`
reads, and a body fills the form again. A field that cannot be read keeps what was typed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from routing.numbers.reading import Number, read_number
from routing.rules.condition import Field
from routing.rules.fields import LONGEST_NAME, LONGEST_NOTE
from routing.rules.then import MOST_STEPS
from routing.week import kept_hours, shown_hours

UNKNOWN: Final = "-"
"""How a form says that a fact is not known."""
CHOSEN: Final = (
    Field.KIND,
    Field.ABOUT,
    Field.TOPIC,
    Field.GROUP,
    Field.LANGUAGE,
    Field.DISTRICT,
    Field.CALLER_KIND,
)
"""The facts that are chosen from a list; numbers are typed."""
STEPS: Final = tuple(range(1, MOST_STEPS + 1))
"""Steps of ringing, all that a rule may have: one that the form left out would be lost by it."""
MOST_TYPED: Final = 20_000
_BETWEEN: Final = re.compile(r"[\s,，、;；]+")
_KEPT: Final = re.compile(r"\+[0-9]+")
Body = dict[str, Any]


Sent = Mapping[str, Sequence[Any]]
"""A form as it was sent: every field's values."""


def body_of(sent: Sent, id_: str, old: Mapping[str, Any] | None) -> Body:
    """What was typed, as a rule's body. What the form does not offer stays as it was."""
    body: Body = {"id": id_, "name": _text(sent, "name"), "when": _when(sent)}
    body["then"] = _then(sent, (old or {}).get("then", {}))
    if note := _text(sent, "note"):
        body["note"] = note
    if not sent.get("enabled"):
        body["enabled"] = False
    return body


def _text(sent: Sent, name: str) -> str:
    value = next(iter(sent.get(name, ())), "")
    text = value[:MOST_TYPED].strip() if isinstance(value, str) else ""
    return text.replace("\r\n", "\n")


def _all(sent: Sent, name: str) -> list[str]:
    return [one for one in sent.get(name, ()) if isinstance(one, str) and one]


def _when(sent: Sent) -> Body:
    when: Body = {}
    if numbers := [one for one in _BETWEEN.split(_text(sent, "dialled")) if one]:
        when["dialled"] = [typed_number(one) for one in numbers]
    for field in CHOSEN:
        if chosen := _all(sent, field.value):
            when[field.value] = [_value(field, one) for one in chosen]
    if asked := _text(sent, "open"):
        when["open"] = {"is": asked == "open", "office": _text(sent, "open_office") or None}
    for name in ("from", "until", "weekly"):
        if text := _text(sent, name):
            when[name] = kept_hours(text) if name == "weekly" else text
    return when


def typed_number(text: str) -> str:
    """A published number as rules name it, typed so or as people write it: 0558-0000021. What is no
    whole number stays as it was typed."""
    if _KEPT.fullmatch(text):
        return text
    found = read_number(text[:64], area="")
    return found.e164 if isinstance(found, Number) else text


def _value(field: Field, text: str) -> str | int | None:
    if text == UNKNOWN:
        return None
    return int(text) if field is Field.GROUP and text.isdecimal() and len(text) < 4 else text


def _then(sent: Sent, old: Mapping[str, Any]) -> Body:
    kept = {name: old[name] for name in ("escalation",) if name in old}
    then: Body = {**kept, "office": _text(sent, "office"), "how": _text(sent, "how")}
    if sent.get("confidential"):
        then["confidential"] = True
    if also := _all(sent, "also_notify"):
        then["also_notify"] = also
    for name in ("phrase", "service"):
        if text := _text(sent, name):
            then[name] = text
    if _text(sent, "next") == "end":
        then["next"] = "end"
    if steps := [step for at in STEPS if (step := _step(sent, at)) is not None]:
        then["ring"] = steps
    return then


def _step(sent: Sent, at: int) -> Body | None:
    whom = _text(sent, f"ring_{at}")
    if not whom:
        return None
    step: Body = {whom: True if whom == "usual" else _text(sent, f"ring_{at}_key")}
    if (order := _text(sent, f"ring_{at}_order")) and order != "in_turn":
        step["order"] = order
    if seconds := _text(sent, f"ring_{at}_seconds"):
        step["seconds"] = int(seconds) if seconds.isdecimal() and len(seconds) < 4 else seconds
    if not sent.get(f"ring_{at}_press"):
        step["press"] = False
    return step


def filled(body: Mapping[str, Any], tongue: str) -> dict[str, Any]:
    """A body as the form shows it: every field by its name, lists as sets of texts, hours in the
    reader's language."""
    when, then = _part(body, "when"), _part(body, "then")
    shown: dict[str, Any] = {
        "name": str(body.get("name", ""))[: LONGEST_NAME * 2],
        "note": str(body.get("note", ""))[: LONGEST_NOTE * 2],
        "enabled": body.get("enabled", True) is not False,
        "dialled": "\n".join(map(str, _listed(when, "dialled"))),
        "open": "",
        "open_office": "",
        "office": then.get("office", ""),
        "how": then.get("how", "put_through"),
        "confidential": then.get("confidential", False) is True,
        "also_notify": {str(one) for one in _listed(then, "also_notify")},
        "phrase": then.get("phrase", ""),
        "service": then.get("service", ""),
        "next": then.get("next", "message"),
    }
    for field in CHOSEN:
        values = _listed(when, field.value)
        shown[field.value] = {UNKNOWN if one is None else str(one) for one in values}
    for name in ("from", "until", "weekly"):
        shown[name] = when.get(name, "")
    shown["weekly"] = shown_hours(str(shown["weekly"]), tongue)
    if isinstance(asked := when.get("open"), Mapping):
        shown["open"] = "open" if asked.get("is") else "closed"
        shown["open_office"] = asked.get("office") or ""
    steps = _listed(then, "ring")
    shown["rings"] = [_shown_step(steps[at - 1] if at <= len(steps) else {}) for at in STEPS]
    return shown


def _shown_step(step: Any) -> dict[str, Any]:
    plain: Mapping[str, Any] = step if isinstance(step, Mapping) else {}
    known = ("usual", "official", "office", "roster")
    whom = next((one for one in known if one in plain), "")
    key = plain.get(whom, "")
    return {
        "whom": whom,
        "key": "" if key is True else key,
        "order": plain.get("order", "in_turn"),
        "seconds": plain.get("seconds", ""),
        "press": plain.get("press", True) is not False,
    }


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _listed(part: Mapping[str, Any], name: str) -> list[Any]:
    found = part.get(name)
    return found if isinstance(found, list) else []
