"""A recording is of the words that it was made for: it goes with them, and a finding says so."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ivr.flow.instruction import Language
from ivr.library.recordings import meant, not_kept, read_recordings, recordings_to_renew
from ivr.library.wording import load_phrases
from routing.rules.faults import EntityError

PHRASES: Mapping[Language, str] = {
    "zh-CN": '"end.bye" = "谢谢来电。{line}，再见。保存{days}天。"',
    "en": '"end.bye" = "Bye."',
}
SHA = "ab" * 32


def body(words: str, **more: Any) -> dict[str, Any]:
    return {"text": words, "sha256": SHA, "length": 1.5, **more}


def test_it_is_played_for_just_its_words() -> None:
    book = load_phrases(PHRASES)
    found = read_recordings(
        json.dumps(
            {
                "zh-CN/end.bye.1": body("谢谢来电。"),
                "zh-CN/end.bye.3": body("保存90天。"),
                "en/end.bye.1": body("Goodbye."),
                "zh-CN/end.bye.2": body("市长热线，再见。"),
                "en/gone.1": body("Gone."),
            }
        )
    )

    assert meant(found, book, 90) == {("zh-CN", "谢谢来电。"): SHA, ("zh-CN", "保存90天。"): SHA}
    assert list(meant(found, book, 30)) == [("zh-CN", "谢谢来电。")]
    said = {
        (one.place.kind, one.place.key, one.place.field): one.says["en"]
        for one in recordings_to_renew(found, book, 90)
    }
    assert said == {
        ("phrase", "end.bye", "en"): "the words are “Bye.” now, and the recording says “Goodbye.”: "
        "record it anew",
        (
            "phrase",
            "end.bye",
            "zh-CN",
        ): "the recording of “市长热线，再见。” is of no fixed sentence any more: take it out",
        ("phrase", "gone", "en"): "the recording of “Gone.” is of no fixed sentence any more: "
        "take it out",
    }


def test_a_sound_that_is_not_kept_here_is_told() -> None:
    found = read_recordings(json.dumps({"en/end.bye.1": body("Bye.")}))
    assert not list(not_kept(found, frozenset({SHA})))
    assert [one.code for one in not_kept(found, frozenset())] == ["recording_lost"]


@pytest.mark.parametrize(
    ("key", "fields", "field", "code"),
    [
        ("../../etc/passwd", {}, "", "key"),
        ("en/end.bye.1", {"sha256": "../secret"}, "sha256", "shape"),
        ("en/end.bye.1", {"sha256": ""}, "sha256", "empty"),
        ("en/end.bye.1", {"text": 7}, "text", "empty"),
        ("en/end.bye.1", {"length": "2"}, "length", "number"),
        ("en/end.bye.1", {"path": "x"}, "path", "unknown_field"),
    ],
)
def test_what_cannot_be_a_recording_is_a_fault_at_its_field(
    key: str, fields: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(EntityError) as wrong:
        read_recordings(json.dumps({key: body("Bye.", **fields)}))
    assert [(one.kind, one.key, one.field, one.code) for one in wrong.value.faults] == [
        ("recording", key, field, code)
    ]
