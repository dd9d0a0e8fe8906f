"""One piece of news of a case for a further channel, and its form for machines. The counterpart of
`letter`, which is for people: what either may hold of a case is the same (ADR 25)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from routing.delivery.letter import MOST_WORDS, News, is_open, news_id
from routing.directory import Directory, Office
from routing.ports import OfficeCase


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told. `page` is the address of the case's page, None for whoever may not
    open it; `of` tells the news from others of its kind, as in a letter."""

    case: OfficeCase
    office: Office
    directory: Directory
    page: str | None
    news: News
    of: str = ""

    @property
    def id(self) -> str:
        """The same for the same news, by whatever channel."""
        return news_id(self.news, self.case.reference, self.of)


def as_json(notice: Notice) -> bytes:
    """As docs/webhook.md describes it."""
    case, told = notice.case, is_open(notice.case) and notice.news is not News.MOVED
    return orjson.dumps(
        {
            "id": notice.id,
            "news": notice.news.value,
            "reference": case.reference,
            "office": {"id": notice.office.id, **notice.office.name},
            "danger": case.danger or notice.news is News.DANGER,
            "left_in_outage": case.left_in_outage,
            "sealed": not is_open(case),
            "kind": case.kind.value if told and case.kind else None,
            "topic": _topic(notice) if told else None,
            "due": _instant(case.due) if told else None,
            "caller": case.caller if told else None,
            "words": _words(case) if told else [],
            "corrections": _corrections(case) if told else [],
            "link": notice.page,
        }
    )


def _topic(notice: Notice) -> Mapping[str, str] | None:
    topic = notice.directory.topics.get(notice.case.topic or "")
    return None if topic is None else {"id": topic.id, **topic.names}


def _corrections(case: OfficeCase) -> list[dict[str, str]]:
    """What a person heard in each recording: the newest alone, as in a letter."""
    return [
        {
            "recording": sound.sid,
            "text": latest.text,
            "by": latest.by,
            "at": latest.at.isoformat(timespec="seconds"),
        }
        for sound in case.recordings
        for latest in sound.corrections[:1]
    ]


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _words(case: OfficeCase) -> list[dict[str, Any]]:
    """By recording and by who heard them, as much as a letter holds."""
    found: list[dict[str, Any]] = []
    left = MOST_WORDS
    for sound in case.recordings:
        for words in sound.words:
            text = words.text[:left]
            left -= len(text)
            if text:
                heard = {"source": words.source, "confidence": words.confidence}
                found.append({"recording": sound.sid, "text": text, **heard})
    return found
