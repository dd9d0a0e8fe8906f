"""A webhook's body as its fields: a form, or JSON where a carrier is set to send it. Every webhook
pays for this, so it is done here in half the time of `Request.post()`; the standard library's
parse_qsl is the tests' oracle."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote

import orjson
from multidict import MultiDict

MOST_FIELDS: Final = 1_000
"""A webhook has about 30; parsing a body of nothing but separators must not hold up calls."""

Fields = Mapping[str, str]
"""The fields as sent: a dict, or a MultiDict where a name repeats."""


class FormError(ValueError):
    """A body that cannot be read; the sentence says what to send."""


def read_form(body: bytes) -> Fields:
    """Names and values, decoded as parse_qsl does with blank values kept. Raises FormError."""
    if body.count(b"&") >= MOST_FIELDS:
        raise FormError(f"at most {MOST_FIELDS} fields are read")
    try:
        text = body.rstrip().decode()
    except UnicodeDecodeError as wrong:
        raise FormError("the fields must be UTF-8 text") from wrong
    # The + of a phone number is the one escape of most webhooks: taken out for all at once.
    plain = text.replace("+", " ").replace("%2B", "+")
    pairs = [pair for pair in plain.split("&") if pair]
    fields = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if "%" in pair:
            name, value = unquote(name), unquote(value)
        fields[name] = value
    if len(fields) < len(pairs):
        return MultiDict(parse_qsl(text, keep_blank_values=True))
    return fields


def read_json(body: bytes) -> Fields:
    """The members of one JSON object, as a form would have them: what is nested stays JSON.
    Raises FormError."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise FormError("the body must be JSON") from wrong
    if not isinstance(read, dict):
        raise FormError("the JSON must be one object of names and values")
    if len(read) > MOST_FIELDS:
        raise FormError(f"at most {MOST_FIELDS} fields are read")
    return {name: _told(value) for name, value in read.items()}


def _told(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
