"""The allow-list is what the library that is installed says, and the tool finds the whole of it."""

from tools.allow_list import SCHEMA, tables, written


def test_the_file_is_what_the_library_says() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == written(), "run tools/allow_list.py and read it"


def test_text_is_no_attribute_and_names_are_those_of_the_markup() -> None:
    holds, takes = tables()

    assert takes["Say"] == ["language", "loop", "voice"]
    assert takes["Play"] == ["digits", "loop"]
    assert takes["Number"][-1] == "url"
    assert {"actionOnEmptyResult", "speechTimeout"} <= set(takes["Gather"])
    assert holds["Gather"] == ["Pause", "Play", "Say"]
    assert {"say-as", "break"} <= set(holds["Say"])
    assert "Transcription" in holds["Start"]
    assert "statusCallbackUrl" in takes["Transcription"]
