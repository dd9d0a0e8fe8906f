"""How a text is cut into what is spoken in one go."""

import pytest

from ivr.carrier.local.speech.pieces import Piece, pieces
from ivr.flow.instruction import Language


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        (
            "您好，市公安局公开电话，见2月8日《云岭日报》。",
            "zh-CN",
            [["您好，市公安局公开电话，", "见2月8日《云岭日报》。"]],
        ),
        (
            "工单编号，四六二七，零三九幺；查询码，幺八二幺。再见。",
            "zh-CN",
            [["工单编号，", "四六二七，", "零三九幺；", "查询码，", "幺八二幺。"], ["再见。"]],
        ),
        (
            "Case number, four six two seven; PIN, one eight two one.",
            "en",
            [["Case number, four six two seven;", "PIN, one eight two one."]],
        ),
        ("A, b.", "en", [["A, b."]]),
    ],
)
def test_a_piece_ends_at_a_comma_unless_it_is_too_short(
    text: str, language: Language, said: list[list[str]]
) -> None:
    assert [[piece.text for piece in cut] for cut in pieces(text, language)] == said


def test_a_piece_knows_how_its_own_names_are_read() -> None:
    lexicon = [("涡河", "zh-CN", "guō hé"), ("Guohe", "en", "gwaw huh")]

    cut = pieces("由涡河县政府办理，请您等候。", "zh-CN", lexicon)

    assert cut == (
        (
            Piece("由涡河县政府办理，", "zh-CN", (("涡河", "guō hé"),)),
            Piece("请您等候。", "zh-CN"),
        ),
    )


def test_a_text_without_an_end_is_left_to_others() -> None:
    assert pieces("长" * 500, "zh-CN") == ()
