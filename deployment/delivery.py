"""How offices are told, put together from the settings. Used by `server.py`."""

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from deployment.bounces import tags_of
from deployment.channels import Channel, Chat
from deployment.house import House
from deployment.mail_url import relay_of
from deployment.settings import Settings
from ivr.carrier.client import Messages
from ivr.carrier.office_texts import OfficeTexts, office_text
from routing.delivery.channels import Channels, Door
from routing.delivery.console import ConsolePost
from routing.delivery.escalating import Escalating, Town
from routing.delivery.further import Further
from routing.delivery.letter import News
from routing.delivery.notify import PACE, NotifyPost
from routing.delivery.telling import Post, Telling
from routing.delivery.webhook import Endpoint, WebhookPost
from routing.handoff import Handler
from routing.ports import Clock, Job, JobKind, OfficeCase
from routing.web.desk.desk import case_address
from storage.sealing import Sealing

MAILED: Final = frozenset(
    {
        JobKind.TELL_OFFICE,
        JobKind.TELL_MOVED,
        JobKind.TELL_COPY,
        JobKind.TELL_WORDS,
        JobKind.ESCALATE,
    }
)
"""The work that is done by mail: it has hands of its own, which no carrier and no channel holds."""


def telling(house: House, messages: Messages) -> Mapping[str, Handler]:
    """Who tells an office of a case, and of its words, by each way there is."""
    text, base = _text(house), house.settings.base

    def page(reference: str) -> str:
        return base + case_address(reference)

    further = Further(text, house.clock)
    post = _post(house.settings, house)
    climbing = Escalating(house.cases, lambda: _town(house), post, page, house.clock, further)
    told = Telling(house.cases, house.directory, post, page, further, climbing.begin)
    doors = {name: _door(channel, house.clock) for name, channel in house.channels.items()}
    paces = {name: PACE for name, channel in house.channels.items() if isinstance(channel, Chat)}

    async def taken(job: Job, sid: str) -> None:
        await house.answers.text_taken(job, sid, house.clock.now())

    return {
        JobKind.TELL_OFFICE: told.of_case,
        JobKind.TELL_MOVED: told.of_move,
        JobKind.TELL_COPY: told.of_copy,
        JobKind.TELL_WORDS: told.of_words,
        JobKind.ESCALATE: climbing.of_rung,
        JobKind.TELL_CHANNEL: Channels(doors, house.cases, house.directory, page, paces),
        JobKind.TEXT_OFFICE: OfficeTexts(messages, house.cases.case, text, taken),
    }


def _door(channel: Channel, clock: Clock) -> Door:
    match channel:
        case Endpoint():
            return WebhookPost(channel, clock)
        case Chat(url):
            return NotifyPost(url)
        case _:
            assert_never(channel)


def _text(house: House) -> Callable[[OfficeCase, News], str]:
    """Today's words for a text to an office."""

    def text(case: OfficeCase, news: News) -> str:
        plan = house.plans.current
        return office_text(case, news, plan.phrases, plan.zone)

    return text


def _town(house: House) -> Town:
    plan = house.plans.current
    return Town(plan.directory, plan.open.get)


def _post(settings: Settings, house: House) -> Post:
    """Kept here where the settings name no mail server."""
    if not settings.smtp_url:
        return ConsolePost(house.mails.write, house.clock)
    from routing.delivery.smtp import SmtpPost  # noqa: PLC0415 - 0.1 s for a start that mails

    post = SmtpPost(relay_of(settings.smtp_url), settings.mail_from, house.clock)
    house.at_end.push_async_callback(post.close)
    return tags_of(Sealing(house.secrets.key)).on(post)
