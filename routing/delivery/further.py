"""The further ways by which a post is told: its phone and its channel, each as work of its own, so
that one that fails neither delays nor repeats another. Used by `telling`: they follow its job."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from routing.delivery.letter import News, is_open, news_id
from routing.ports import Clock, JobKind, NewJob, OfficeCase, Share
from routing.register import Contact

TEXTS_A_DAY: Final = 40
"""Texts to one phone about the cases of one day: more than a person reads. Its mail goes on."""
TEXTED: Final = frozenset({News.CASE, News.DANGER, News.ESCALATED})
"""What is worth a text; the words of a recording are no news on a small screen."""
Texted = Callable[[OfficeCase, News], str]
"""The text of this news."""


@dataclass(frozen=True, slots=True)
class Further:
    """The work of telling a post by all ways but mail."""

    text: Texted
    clock: Clock

    def __call__(
        self, contact: Contact, case: OfficeCase, news: News, *, of: str = ""
    ) -> Iterator[NewJob]:
        """Nothing where it has no such way; the same keys where it was told already."""
        told = {"reference": case.reference, "office": case.office, "news": news.value}
        now = self.clock.now()
        if contact.channel:
            payload: dict[str, object] = {**told, "channel": contact.channel, "of": of}
            key = channel_key(contact.channel, news_id(news, case.reference, of))
            yield NewJob(JobKind.TELL_CHANNEL, payload, key, now, case.reference)
        if contact.phone and news in TEXTED:
            prefix = _texts_key(contact.phone, case.opened_at)
            payload = {**told, "to": contact.phone, "from": case.dialled}
            payload |= {"text": self.text(case, news), "open": is_open(case)}
            key = f"{prefix}{news_id(news, case.reference, of)}"
            share = Share(prefix, TEXTS_A_DAY)
            yield NewJob(JobKind.TEXT_OFFICE, payload, key, now, case.reference, share)


def channel_key(channel: str, id: str) -> str:
    """The key of the work that tells a channel the news of this id."""
    return f"channel:{channel}:{id}"


def _texts_key(phone: str, opened: datetime) -> str:
    """What the keys of a phone's texts about the cases of one day begin with. By the case's day and
    not by today's: work that is told of again after midnight must find its key."""
    whose = hashlib.sha256(f"{opened:%Y-%m-%d} {phone}".encode()).hexdigest()[:32]
    return f"office_text:{whose}:"
