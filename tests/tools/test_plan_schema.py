"""The published schema is that of this version, and a plan that goes out is what it says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ivr.library.plans import Inputs
from routing.drafts.kinds import KINDS
from routing.exchange.document import exported
from routing.exchange.schema import plan_schema
from tools.plan_schema import FILE, text

KNOWN = {
    "$schema", "title", "description", "type", "properties", "additionalProperties", "required",
    "propertyNames", "items", "format", "maxLength", "minLength", "const", "anyOf",
    "enum", "minimum", "maximum",
}  # fmt: skip
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "null": (type(None),), "integer": (int,), "number": (int, float),
}  # fmt: skip


def values(value: Any, schema: Any, path: str) -> Iterator[str]:
    """Where it is another value than those that may stand here."""
    if "const" in schema and value != schema["const"]:
        yield f"{path} is not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is none of them"
    if "maximum" in schema and not schema["minimum"] <= value <= schema["maximum"]:
        yield f"{path} is out of its bounds"
    if "anyOf" in schema and all([*breaches(value, one)] for one in schema["anyOf"]):
        yield f"{path} is none of them"
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield f"{path} is too long"


def breaches(value: Any, schema: Any, path: str = "") -> Iterator[str]:
    """Where a value is not what a schema says, for the words of JSON Schema that ours has."""
    if schema is True:
        return
    if schema is False:
        yield f"{path} is not known"
        return
    assert set(schema) <= KNOWN, path
    types = schema.get("type", [])
    named = [types] if isinstance(types, str) else types
    if named and not any(isinstance(value, TYPES[name]) for name in named):
        yield f"{path} is no {named}"
    yield from values(value, schema, path)
    if isinstance(value, dict):
        yield from (
            f"{path}/{name} is missing" for name in schema.get("required", ()) if name not in value
        )
        others = schema.get("additionalProperties", True)
        for name, each in value.items():
            yield from breaches(name, schema.get("propertyNames", True), f"{path} {name}")
            of = schema.get("properties", {}).get(name, others)
            yield from breaches(each, of, f"{path}/{name}")
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from breaches(each, schema.get("items", True), f"{path}/{at}")


def test_the_published_schema_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == text(), "run `uv run python -m tools.plan_schema`"


def test_the_demonstration_citys_plan_is_what_the_schema_says(demo_inputs: Inputs) -> None:
    plan = yaml.safe_load(exported(json.loads(demo_inputs.to_text())))
    assert [*breaches(plan, json.loads(text()))] == []


WHOLE: dict[str, dict[str, Any]] = {
    "scenario": {
        "s1": {
            "name": "夜间求助",
            "facts": {
                "dialled": "+865580000021", "at": "2026-12-01T10:00:00+08:00", "language": "en",
                "kind": "help", "about": None, "topic": None, "group": 2, "caller_kind": "mobile",
            },
            "expected": {"office": "市公安局", "how": "case_only", "open": True},
        }
    },
    "calendar": {
        "d1": {"first": "2026-12-01", "what": "hours", "hours": "09:00-12:00"},
        "notice-2027": {"year": "2027", "off": ["2027-01-01"], "make_up": []},
    },
    "roster": {
        "night": {
            "name": "夜班", "name_en": "Night", "office": "市公安局",
            "members": [{"id": "a", "name": "甲", "name_en": "A", "phone": "+8613800000101"}],
            "shifts": [{"member": "a", "hours": "Mon-Sun 00:00-24:00", "since": "2026-11-01"}],
            "covers": [{"member": "a", "by": "b", "until": "2026-11-02"}],
        }
    },
    "quota": {
        "+865580000021": {
            "live": 4, "burst": 8, "escalations": 3,
            "hours": [{"day": "2026-12-01", "time": "15:00-16:00"}],
        }
    },
}  # fmt: skip


def test_every_kind_has_its_fields() -> None:
    assert [*breaches({"zhitong_plan": 1, **WHOLE}, json.loads(text()))] == []
    for name in KINDS:
        of_kind = plan_schema()["properties"][name]["additionalProperties"]
        shapes = of_kind.get("anyOf", [of_kind])
        assert all(shape.get("properties") for shape in shapes), name


@pytest.mark.parametrize("kind", WHOLE)
def test_a_field_that_is_unknown_or_lacking_is_found(kind: str) -> None:
    for key, body in WHOLE[kind].items():
        for wrong in ({**body, "nonsense": 1}, {"nonsense": 1}):
            plan = {"zhitong_plan": 1, kind: {key: wrong}}
            assert [*breaches(plan, plan_schema())] != []


def test_what_is_misspelt_is_found() -> None:
    plan = {
        "zhitong_plan": 2,
        "numbers": {},
        "office": {"x": {"offise": "x"}},
        "rule": {"a": {"when": {"never": 1}}},
    }
    assert [*breaches(plan, plan_schema())] == [
        "/zhitong_plan is not 1",
        "/numbers is not known",
        "/office/x/office is missing",
        "/office/x/offise is not known",
        "/rule/a/name is missing",
        "/rule/a/then is missing",
        "/rule/a/when/never is not known",
    ]
