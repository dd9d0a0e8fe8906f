"""The JSON Schema of a plan's file, for editors that complete and check what is typed, and for
programs that write plans. It says how things are called and what may be left out; whether a plan
can be used is said by `review` alone. Written to docs/plan.schema.json by `tools.plan_schema`."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from routing.cases.kinds import About, Kind
from routing.drafts.change import MOST_KEY
from routing.drafts.kinds import KINDS
from routing.exchange.document import FORMAT, SETTINGS, VERSION
from routing.register import LANGUAGES
from routing.rules.condition import CallerKind
from routing.rules.faults import LONGEST_TEXT
from routing.rules.fields import LONGEST_NAME, LONGEST_NOTE, THEN_FIELDS, WHEN_FIELDS
from routing.rules.quota import MOST_TOKENS
from routing.rules.ruleset import How
from routing.sheets.entities import SHAPES, EntityKind
from routing.sheets.headings import COLUMN_NAMES
from routing.worktime.calendar import LONGEST_NOTE as LONGEST_NOTE_OF_DAYS
from routing.worktime.orders import LONGEST_REASON
from routing.worktime.overrides import What

Schema = Mapping[str, Any]
TEXT: Final[Schema] = {"type": "string"}
SCALAR: Final[Schema] = {"type": ["string", "integer", "number", "boolean", "null"]}
"""A cell is the text that was written; 1 and 110 need no quotes (0558 does for other readers)."""
DAY: Final[Schema] = {"type": "string", "format": "date"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}


def plan_schema() -> Schema:
    """As one JSON value, by JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "直通方案 A plan of Zhitong",
        "description": "server.py plan --export FILE (.yaml, .zip), plan --import FILE --check",
        **_object(
            {
                FORMAT: {"const": VERSION, "description": "格式的版本 the version of this format"},
                "settings": _object(dict.fromkeys(SETTINGS, TEXT)),
                **{name: _entities(_of_kind(name)) for name in KINDS},
            },
            needed=[FORMAT],
        ),
    }


def _entities(entity: Schema) -> Schema:
    """Key -> entity, in order."""
    names = {"minLength": 1, "maxLength": MOST_KEY}
    return {"type": "object", "propertyNames": names, "additionalProperties": entity}


def _of_kind(name: str) -> Schema:
    if name in frozenset(EntityKind):
        return _row(EntityKind(name))
    return WRITTEN[name]


def _row(kind: EntityKind) -> Schema:
    """A row of the register; what it means is in docs/operating.md."""
    columns = {
        column: {**SCALAR, "description": f"{says['zh-CN']} {says['en']}"}
        for column, says in COLUMN_NAMES[kind].items()
    }
    return _object(columns, needed=SHAPES[kind].key)


def _object(properties: Mapping[str, Any], needed: Iterable[str] = ()) -> Schema:
    found: dict[str, Any] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return {**found, "required": [*needed]} if needed else found


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _named(fields: Iterable[str]) -> Schema:
    return _object(dict.fromkeys(sorted(fields), True))


def _one_of(values: Iterable[str], *more: None) -> Schema:
    return {"enum": [*map(str, values), *more]}


_COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": MOST_TOKENS}
_WORDS: Final = _object(dict.fromkeys(LANGUAGES, TEXT))
_SIGNED: Final[Schema] = {"type": "object", "description": "谁、何时 who and when"}

WRITTEN: Final[Mapping[str, Schema]] = {
    "phrase": {**_WORDS, "description": "每种语言的话术 the words in each language"},
    "recording": _object(
        {
            "text": {**TEXT, "description": "录音念的这句话 the sentence that was recorded"},
            "sha256": {
                **TEXT,
                "description": "录音的散列值，ZIP里是recordings/散列值.wav "
                "the hash of its sound, in a zip recordings/<hash>.wav",
            },
            "length": {"type": "number", "description": "秒 seconds"},
        },
        needed=["text", "sha256", "length"],
    ),
    "script": _object({"text": {**TEXT, "description": "菜单（TOML） the menus, as TOML"}}),
    "rule": _object(
        {
            "id": TEXT,
            "name": {**TEXT, "maxLength": LONGEST_NAME},
            "note": {**TEXT, "maxLength": LONGEST_NOTE},
            "enabled": {"type": "boolean"},
            "when": _named(WHEN_FIELDS),
            "then": _named(THEN_FIELDS),
        },
        needed=["name", "then"],
    ),
    "rule_order": _object({"order": _list(TEXT), "drawn": {"type": "boolean"}}),
    "scenario": _object(
        {
            "name": TEXT,
            "facts": _object(
                {
                    "dialled": {**SCALAR, "description": "所拨公开号码 the number dialled"},
                    "at": MOMENT,
                    "language": _one_of(LANGUAGES),
                    "kind": _one_of(Kind, None),
                    "about": _one_of(About, None),
                    "topic": {"type": ["string", "null"]},
                    "group": {"type": ["integer", "null"]},
                    "caller_kind": _one_of(CallerKind),
                },
                needed=["dialled", "at"],
            ),
            "expected": _object(
                {"office": TEXT, "how": _one_of(How, None), "open": {"type": ["boolean", "null"]}},
                needed=["office"],
            ),
        },
        needed=["name", "facts", "expected"],
    ),
    "calendar": {
        "description": "一段日子，或notice-年份的放假通知 days, or under notice-YEAR its notice",
        "anyOf": [
            _object(
                {
                    "office": {**TEXT, "description": "省去即全市 left out: the whole city"},
                    "first": DAY,
                    "last": DAY,
                    "what": _one_of(What),
                    "hours": {**TEXT, "description": "09:00-12:00 14:00-17:00"},
                    "note": {**TEXT, "maxLength": LONGEST_NOTE_OF_DAYS},
                },
                needed=["first", "what"],
            ),
            _object(
                {"year": {"type": ["integer", "string"]}, "off": _list(DAY), "make_up": _list(DAY)},
                needed=["year", "off", "make_up"],
            ),
        ],
    },
    "roster": _object(
        {
            "name": {**TEXT, "maxLength": LONGEST_TEXT},
            "name_en": {**TEXT, "maxLength": LONGEST_TEXT},
            "office": TEXT,
            "members": _list(
                _object(
                    {"id": TEXT, "name": TEXT, "name_en": TEXT, "phone": TEXT, "official": TEXT},
                    needed=["id", "name", "name_en"],
                )
            ),
            "shifts": _list(
                _object(
                    {"member": TEXT, "hours": TEXT, "since": DAY, "until": DAY},
                    needed=["member", "hours"],
                )
            ),
            "covers": _list(
                _object(
                    {"member": TEXT, "by": TEXT, "since": DAY, "until": DAY},
                    needed=["member", "by", "until"],
                )
            ),
        },
        needed=["name", "name_en", "office", "members"],
    ),
    "quota": _object(
        {
            "live": _COUNT,
            "burst": _COUNT,
            "escalations": _COUNT,
            "hours": _list(_object({"day": DAY, "time": TEXT}, needed=["day", "time"])),
        }
    ),
    "closure": _object(
        {
            "scope": _list(TEXT),
            "start": MOMENT,
            "end": MOMENT,
            "reason": {**TEXT, "maxLength": LONGEST_REASON},
            "words": _object(dict.fromkeys(LANGUAGES, TEXT), needed=LANGUAGES),
            "ordered": _SIGNED,
            "ended": {"anyOf": [_SIGNED, {"type": "null"}]},
        },
        needed=["scope", "start", "end", "reason", "words", "ordered"],
    ),
}
"""Of the kinds that are no rows; a test asks for each."""
