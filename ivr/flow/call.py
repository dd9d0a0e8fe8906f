"""Call: where the caller is and what was said so far, as one immutable value.
`to_plain` and `from_plain` are its stored form; the counterpart of the journal's state column."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, TypeVar

from ivr.flow.instruction import Language
from ivr.flow.value import value
from routing.cases.kinds import About, Kind
from routing.rules.router import Decision
from routing.rules.targets import Target

SCHEMA: Final = 1
T = TypeVar("T")


@value
class Tries:
    """Separate counters of the node the caller is at: silence, wrong keys, unheard words, and
    `bad` for digits that lead nowhere (unreadable numbers). Reset on entering a node."""

    silence: int = 0
    wrong: int = 0
    unheard: int = 0
    bad: int = 0


@value
class Facts:
    """What the caller has said or been told in this call.

    `keyed` are digits kept from an incomplete number; `checked` the number last checked
    (E.164) and `checks` how many so far; `misses` wrong case numbers or PINs; `pin` is held
    only while the call lives, so that `*` can read it again; `told` is the reference that was
    read out; `asked` is the reference keyed at
    progress, with `state`, `asked_office` and `asked_due` as told; `order` are the targets to
    ring, `rung` how many have been tried, `legs` which of them ring together now, and `declined`
    the numbers, and the people, that said no; `keys_only`
    after unheard words; `guess` are the words of the vocabulary that were perhaps meant, while
    the caller is asked."""

    kind: Kind | None = None
    about: About | None = None
    topic: str | None = None
    group: int | None = None
    danger: bool = False
    keyed: str = ""
    checks: int = 0
    checked: str | None = None
    verdict: str | None = None
    misses: int = 0
    reference: str | None = None
    pin: str | None = None
    told: str | None = None
    due: datetime | None = None
    anonymous: bool = False
    asked: str | None = None
    state: str | None = None
    asked_office: str | None = None
    asked_due: datetime | None = None
    order: tuple[Target, ...] = ()
    rung: int = 0
    legs: tuple[int, ...] = ()
    declined: tuple[str, ...] = ()
    accepted: bool = False
    empty: int = 0
    keys_only: bool = False
    changed_language: bool = False
    guess: str = ""


# The defaults themselves: `to_plain` knows a fresh call by identity, without comparing fields.
NO_TRIES: Final = Tries()
NO_FACTS: Final = Facts()


@value
class Call:
    """One call. `turn` is the turn the next webhook must carry; `at` the node that waits.

    `caller` is E.164, a raw form, or None where withheld; `plan` the number of the plan the
    call began with; `started` aware UTC."""

    id: str
    caller: str | None
    dialled: str
    language: Language
    at: str
    plan: int
    started: datetime
    turn: int = 0
    over: bool = False
    tries: Tries = NO_TRIES
    facts: Facts = NO_FACTS
    decision: Decision | None = None


def with_facts(call: Call, **said: Any) -> Call:
    """The call with some facts replaced."""
    return changed(call, facts=_changed(call.facts, Facts, said))


def changed(call: Call, **new: Any) -> Call:
    """The call with some fields replaced: `dataclasses.replace` at half its time, which is what
    most of a step's own work would otherwise be."""
    return _changed(call, Call, new)


def entered(call: Call, at: str) -> Call:
    """The call at another node, where nothing was tried yet. Every turn does this once or twice,
    so it names the fields itself."""
    return Call(
        call.id,
        call.caller,
        call.dialled,
        call.language,
        at,
        call.plan,
        call.started,
        call.turn,
        call.over,
        NO_TRIES,
        call.facts,
        call.decision,
    )


def next_turn(call: Call) -> Call:
    """The call, waiting for the webhook of its next turn. Every step ends so."""
    return Call(
        call.id,
        call.caller,
        call.dialled,
        call.language,
        call.at,
        call.plan,
        call.started,
        call.turn + 1,
        call.over,
        call.tries,
        call.facts,
        call.decision,
    )


def _changed(value: Any, kind: type[T], new: Mapping[str, Any]) -> T:
    read, places = _FIELDS[kind]
    values = [*read(value)]
    for name, found in new.items():
        values[places[name]] = found
    return kind(*values)


def _fields_of(kind: type[Any]) -> tuple[Callable[[Any], tuple[Any, ...]], dict[str, int]]:
    names = [found.name for found in fields(kind)]
    return attrgetter(*names), {name: place for place, name in enumerate(names)}


_FIELDS: Final[Mapping[type[Any], tuple[Callable[[Any], tuple[Any, ...]], dict[str, int]]]] = {
    kind: _fields_of(kind) for kind in (Call, Facts, Tries)
}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [item.to_plain() if isinstance(item, Target) else item for item in value]
    return value


def _set_fields(kind: type[Any], got: Any, default: tuple[Any, ...]) -> dict[str, Any]:
    """The fields that differ. Most are the default itself, so identity is asked first."""
    read, places = _FIELDS[kind]
    return {
        name: _plain(mine)
        for name, mine, usual in zip(places, read(got), default, strict=True)
        if mine is not usual and mine != usual
    }


_USUAL_TRIES: Final = _FIELDS[Tries][0](NO_TRIES)
_USUAL_FACTS: Final = _FIELDS[Facts][0](NO_FACTS)


def to_plain(call: Call) -> dict[str, Any]:
    """The call as JSON-ready values; only what differs from a fresh call is written."""
    plain: dict[str, Any] = {
        "v": SCHEMA,
        "id": call.id,
        "caller": call.caller,
        "dialled": call.dialled,
        "language": call.language,
        "at": call.at,
        "plan": call.plan,
        "started": call.started.isoformat(),
        "turn": call.turn,
    }
    if call.over:
        plain["over"] = True
    if call.tries is not NO_TRIES and (tries := _set_fields(Tries, call.tries, _USUAL_TRIES)):
        plain["tries"] = tries
    if call.facts is not NO_FACTS and (facts := _set_fields(Facts, call.facts, _USUAL_FACTS)):
        plain["facts"] = facts
    if call.decision is not None:
        plain["decision"] = call.decision.to_plain()
    return plain


def from_plain(plain: Mapping[str, Any]) -> Call:
    """The call that `to_plain` wrote. Raises ValueError for a schema this code cannot read."""
    if plain.get("v") != SCHEMA:
        raise ValueError(f"call state has schema {plain.get('v')}, this server reads {SCHEMA}")
    decision = plain.get("decision")
    return Call(
        id=plain["id"],
        caller=plain["caller"],
        dialled=plain["dialled"],
        language=plain["language"],
        at=plain["at"],
        plan=plain["plan"],
        started=datetime.fromisoformat(plain["started"]),
        turn=plain["turn"],
        over=plain.get("over", False),
        tries=Tries(**plain.get("tries", {})),
        facts=_facts(plain.get("facts", {})),
        decision=Decision.from_plain(decision) if decision else None,
    )


_FORMER: Final = frozenset({"spoken"})
"""Facts that calls of earlier versions hold, which nothing asks for any more."""


def _facts(plain: Mapping[str, Any]) -> Facts:
    read = {name: fact for name, fact in plain.items() if name not in _FORMER}
    if "order" in read:
        read["order"] = tuple(Target.from_plain(item) for item in read["order"])
    for name in ("declined", "legs"):
        if name in read:
            read[name] = tuple(read[name])
    if "kind" in read:
        read["kind"] = Kind(read["kind"])
    if "about" in read:
        read["about"] = About(read["about"])
    for name in ("due", "asked_due"):
        if name in read:
            read[name] = datetime.fromisoformat(read[name])
    return Facts(**read)
