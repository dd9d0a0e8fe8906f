"""How offices are told, put together from the settings. Used by `server.py`."""

from collections.abc import Mapping

from deployment.house import House
from deployment.mail_url import relay_of
from deployment.settings import Settings
from routing.delivery.console import ConsolePost
from routing.delivery.escalating import Escalating, Town
from routing.delivery.telling import Post, Telling
from routing.handoff import Handler
from routing.ports import JobKind
from routing.web.demo.office import address, readable_address
from storage.escalations import StoredEscalations


def telling(house: House) -> Mapping[str, Handler]:
    """Who tells an office of a case, and of its words."""
    settings = house.settings
    shown = address if settings.smtp_url else readable_address
    told = Telling(
        house.cases,
        house.directory,
        _post(settings, house),
        lambda office: settings.base + shown(office),
    )
    climbing = Escalating(
        told.cases,
        lambda: _town(house),
        told.post,
        told.page,
        StoredEscalations(house.database),
        house.clock,
    )
    return {
        JobKind.TELL_OFFICE: climbing.beginning(told.of_case),
        JobKind.TELL_WORDS: told.of_words,
        JobKind.ESCALATE: climbing.of_rung,
    }


def _town(house: House) -> Town:
    plan = house.plans.current
    return Town(plan.directory, plan.open.get)


def _post(settings: Settings, house: House) -> Post:
    """Mail programs follow an address up to its first letter of another script, so mail that is
    sent has it encoded; what is shown here stands as people read it."""
    if not settings.smtp_url:
        return ConsolePost(house.mails.write, house.clock)
    from routing.delivery.smtp import SmtpPost  # noqa: PLC0415 - 0.1 s for a start that mails

    post = SmtpPost(relay_of(settings.smtp_url), settings.mail_from, house.clock)
    house.at_end.push_async_callback(post.close)
    return post
