"""Our reading of a webhook's body against the standard library's as oracle."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import MultiDict

from ivr.carrier.form import MOST_FIELDS, FormError, read_form, read_json

ESCAPES = st.sampled_from(
    ["%2B", "%2b", "%", "%2", "%%2B", "%252B", "+", "%20", "%E6", "%E6%88%91", "&", "=", ";", "%26"]
)
PIECES = st.one_of(ESCAPES, st.text(max_size=4))


@given(st.lists(PIECES, max_size=30).map("".join))
@example("a=%2B86&b=1+2&c=%2B")
@example("a=%2%2B41")
@example("=&=&a&&b=")
def test_any_text_reads_as_the_standard_library_reads_it(text: str) -> None:
    body = text.encode(errors="replace").rstrip()

    fields = read_form(body)

    expected = parse_qsl(body.decode(), keep_blank_values=True)
    if isinstance(fields, MultiDict):
        assert list(fields.items()) == expected
    else:
        assert list(fields.items()) == list(dict(expected).items())
        assert len(fields) == len(expected)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=40))
def test_what_a_carrier_encodes_comes_back(fields: dict[str, str]) -> None:
    assert read_form(urlencode(fields).encode()) == fields


def test_a_repeated_name_keeps_each_value() -> None:
    assert list(read_form(b"a=1&a=2&a=1").items()) == [("a", "1"), ("a", "2"), ("a", "1")]


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(FormError, match="UTF-8"):
        read_form(b"Digits=\xff")


def test_json_reads_as_a_form_of_the_same_fields() -> None:
    body = b'{"Digits": 12, "Final": true, "None": null, "AddOns": {"a": [1.5]}, "To": "+86"}'

    assert read_json(body) == {
        "Digits": "12",
        "Final": "true",
        "None": "",
        "AddOns": '{"a":[1.5]}',
        "To": "+86",
    }


@pytest.mark.parametrize("body", [b"", b"[]", b'"a"', b"{", b'{"a": "\\ud800"}', b"\xff"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(FormError, match="JSON"):
        read_json(body)


def test_an_object_of_too_many_fields_is_refused() -> None:
    many = "{" + ",".join(f'"{n}":1' for n in range(MOST_FIELDS + 1)) + "}"
    with pytest.raises(FormError, match=str(MOST_FIELDS)):
        read_json(many.encode())


def test_a_body_of_separators_is_refused() -> None:
    with pytest.raises(FormError, match=str(MOST_FIELDS)):
        read_form(b"&" * 60_000)
