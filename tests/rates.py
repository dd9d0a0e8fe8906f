"""How many calls are answered, as a test says it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from routing.publishing.answering import Answered, CityTime, Span

SUNDAY: Final = 6


def _works(day: date) -> bool:
    return day.weekday() < SUNDAY


BEIJING: Final = CityTime(ZoneInfo("Asia/Shanghai"), _works)
"""A city that rests on Sundays alone."""


@dataclass
class Rates:
    """Implements `routing.publishing.answering.AnswerRates`; far fewer than usual unless said."""

    ours: Answered = field(default_factory=lambda: Answered(30, 0))
    usual: Answered = field(default_factory=lambda: Answered(200, 120))

    async def since(self, at: datetime, plan: int) -> Answered:
        return self.ours

    async def of_spans(self, spans: Sequence[Span]) -> Answered:
        return self.usual
