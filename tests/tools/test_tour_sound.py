"""The sounds of the README's tour are there, short, and what callers hear today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.carrier.local.mulaw import from_mulaw_wav
from ivr.carrier.local.recordings import loudness
from ivr.flow.instruction import Language
from ivr.flow.world import Plan
from tools.tour_sound import SOUNDS, scenes

ROOT = Path(__file__).resolve().parents[2]


def test_each_is_linked_heard_and_small() -> None:
    linked = re.findall(r"docs/tour/(\w+\.\w+\.wav)", (ROOT / "README.md").read_text("utf-8"))
    kept = {path.name: path.read_bytes() for path in SOUNDS.glob("*.wav")}

    assert set(linked) == set(kept)
    assert len(kept) == 6
    for name, wav in kept.items():
        heard = from_mulaw_wav(wav)
        assert 4 < len(heard) / 16_000 < 25, name
        assert loudness(heard) > 800, name
    assert sum(map(len, kept.values())) < 1_200_000


@pytest.mark.parametrize(
    ("language", "case"),
    [
        ("zh-CN", "工单编号，四六二七，零三九幺；查询码，幺八二幺。"),
        (
            "en",
            "Case number, four six two seven, zero three nine one; PIN, one eight two one.",
        ),
    ],
)
def test_a_scene_says_what_a_call_says(demo_plan: Plan, language: Language, case: str) -> None:
    """As in tests/ivr/calls, from the phrases of today."""
    made = scenes(demo_plan, language)

    assert made["case"][1] == (case, language)
    assert made["greeting"][1][1] != language  # the other language is offered in its own
    assert all(text and "{" not in text for prompts in made.values() for text, _ in prompts)
