"""The published schema is that of this version, and a plan that goes out is what it says."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from ivr.library.plans import Inputs
from routing.exchange.document import exported
from routing.exchange.schema import plan_schema
from tools.plan_schema import FILE, text

KNOWN = {
    "$schema", "title", "description", "type", "properties", "additionalProperties", "required",
    "propertyNames", "items", "format", "maxLength", "minLength", "const", "anyOf",
}  # fmt: skip
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "null": (type(None),), "integer": (int,), "number": (int, float),
}  # fmt: skip


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
    if "const" in schema and value != schema["const"]:
        yield f"{path} is not {schema['const']}"
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield f"{path} is too long"
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
