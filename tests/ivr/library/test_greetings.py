"""What is made before anybody rings is what callers hear, word for word."""

from __future__ import annotations

from datetime import date

from ivr.flow.world import Plan
from ivr.library.greetings import greetings
from routing.directory import ListingStatus


def test_each_published_line_is_greeted_as_a_call_is(demo_plan: Plan) -> None:
    said = [
        text for text, language in greetings(demo_plan, date(2026, 11, 24)) if language == "zh-CN"
    ]
    listed = [
        entry
        for entry in demo_plan.directory.numbers.values()
        if entry.status is ListingStatus.PUBLISHED
    ]

    assert (
        "您好，市公安局公开电话，见2月8日《云岭日报》。" in said
    )  # tests/ivr/calls/bounds_zh.call
    assert "正在接通市公安局；您挂机，事项也照办。" in said
    assert len(said) == len(listed) + len(demo_plan.directory.offices)
