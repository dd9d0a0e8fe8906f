"""What a carrier tells of words while it records (twilio-voice §1, §5 Start)."""

import pytest

from ivr.carrier.inbound import MalformedWebhook, read_piece
from ivr.conversation.pieces import Piece

HEARD: dict[str, str] = {
    "TranscriptionSid": "GT1",
    "TranscriptionEvent": "transcription-content",
    "TranscriptionData": '{"transcript": " 路灯坏了\\u0000 ", "confidence": 0.91}',
    "Final": "true",
    "Track": "inbound\0_track",
    "SequenceId": "3",
    "LanguageCode": "cmn-Hans-CN",
}


def test_a_piece_of_what_is_being_said() -> None:
    assert read_piece(HEARD) == Piece("GT1", "inbound_track", 3, "路灯坏了")


@pytest.mark.parametrize(
    "changed",
    [
        {"TranscriptionEvent": "transcription-started"},
        {"TranscriptionEvent": "transcription-stopped"},
        {"TranscriptionEvent": "transcription-error"},
        {"Final": "false"},
        {"TranscriptionData": '{"transcript": " "}'},
    ],
)
def test_what_is_no_piece(changed: dict[str, str]) -> None:
    assert read_piece(HEARD | changed) is None


@pytest.mark.parametrize("data", ["", "路灯", "[]", "{}", '{"transcript": 5}', "null"])
def test_a_piece_that_cannot_be_read_is_refused(data: str) -> None:
    with pytest.raises(MalformedWebhook, match="TranscriptionData"):
        read_piece(HEARD | {"TranscriptionData": data})


def test_a_piece_without_order_or_name() -> None:
    """Engines may leave out what they do not have; only the name is needed to keep it once."""
    loose = {name: value for name, value in HEARD.items() if name not in {"SequenceId", "Track"}}
    assert read_piece(loose) == Piece("GT1", "", 0, "路灯坏了")
    with pytest.raises(MalformedWebhook, match="TranscriptionSid"):
        read_piece(HEARD | {"TranscriptionSid": ""})
