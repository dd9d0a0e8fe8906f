"""People who sign in: what that needs, put together, and its pages. Used by `server.py` and by the
command `account`."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web

from deployment.clock import SystemClock
from deployment.proxies import networks
from deployment.settings import LOOPBACK, Settings
from ivr.web.spoken.desk import PHRASES_LINK, SCRIPTS_LINK, SPOKEN_PAGES
from ivr.web.trying.page import TRYING_PAGES
from routing.accounts.passkeys import Place
from routing.directory import Directory
from routing.publishing.release import Unfinished
from routing.second_factors import SecondFactors
from routing.signing_in import SigningIn
from routing.web.account.kept import keep, kept_routes
from routing.web.account.own import own_routes
from routing.web.account.people import ACCOUNTS_LINK, people_routes
from routing.web.account.second import second_routes
from routing.web.account.sign_in import ACCOUNT_PAGES, sign_in_routes
from routing.web.audit.page import AUDIT_LINK, AUDIT_PAGES
from routing.web.desk.office import DESK_LINK, DESK_PAGES
from routing.web.entry import FRONT_DOOR, HERE, Cookies, FrontDoor
from routing.web.layout import Chapter, Link
from routing.web.missing import as_page
from routing.web.plan.desk import PLAN_LINKS, PLAN_PAGES
from routing.web.register.page import REGISTER_LINK, REGISTER_PAGES
from routing.web.rosters.page import ROSTER_LINK, ROSTER_PAGES
from routing.web.rosters.quotas import QUOTA_LINK
from routing.web.rules.page import RULES_LINK, RULES_PAGES
from routing.web.undelivered.page import AT_DESK_LINK
from routing.web.worktime.desk import CALENDARS_LINK, CLOSURES_LINK, WORKTIME_PAGES
from storage.accounts import StoredAccounts
from storage.audit import StoredAudit
from storage.engine import Database
from storage.errors import StorageError
from storage.factors import StoredFactors
from storage.passwords import ArgonPasswords
from storage.sealing import Sealing
from storage.sessions import StoredSessions, StoredTries

BEHIND_SIGN_IN: Final[tuple[Chapter, ...]] = (
    ACCOUNT_PAGES,
    DESK_PAGES,
    PLAN_PAGES,
    AUDIT_PAGES,
    REGISTER_PAGES,
    ROSTER_PAGES,
    WORKTIME_PAGES,
    RULES_PAGES,
    SPOKEN_PAGES,
    TRYING_PAGES,
)
"""The chapters of pages that ask who it is; each part adds its own here."""
LINKS: Final[tuple[Link, ...]] = (
    DESK_LINK,
    AT_DESK_LINK,
    CLOSURES_LINK,
    CALENDARS_LINK,
    REGISTER_LINK,
    ROSTER_LINK,
    QUOTA_LINK,
    RULES_LINK,
    PHRASES_LINK,
    SCRIPTS_LINK,
    *PLAN_LINKS,
    ACCOUNTS_LINK,
    AUDIT_LINK,
)
"""Their places in the navigation, each for the roles that may go there: cases, what is in a hurry,
who answers when, what is said, the draft and its versions, and who did it."""


def signing_in_of(database: Database, sealing: Sealing, clock: SystemClock) -> SigningIn:
    """The use cases over their stores."""
    return SigningIn(
        people=StoredAccounts(database, clock),
        sessions=StoredSessions(database, sealing),
        tries=StoredTries(database, sealing),
        passwords=ArgonPasswords(),
        log=StoredAudit(database),
        clock=clock,
        draw=secrets.token_bytes,
    )


def factors_of(
    settings: Settings, database: Database, sealing: Sealing, signing_in: SigningIn
) -> SecondFactors:
    """What is asked after a password. Passkeys are of PUBLIC_URL's host; on this machine of
    `localhost`, since a browser takes no bare address for a host of theirs."""
    parts = urlsplit(settings.base)
    host = "localhost" if parts.hostname in LOOPBACK else parts.hostname or "localhost"
    port = "" if parts.port is None else f":{parts.port}"
    return SecondFactors(
        signing_in=signing_in,
        factors=StoredFactors(database, sealing),
        draw=secrets.token_bytes,
        marked=sealing.digest,
        place=Place(host, f"{parts.scheme}://{host}{port}"),
        aside=asyncio.to_thread,
    )


TROUBLES: Final = (StorageError, Unfinished)
"""What a page says shortly and in words: nothing of it was done, and it may be tried again."""


def front_door(settings: Settings, signing_in: SigningIn, factors: SecondFactors) -> FrontDoor:
    """What the pages behind sign-in ask."""
    secure, zone = urlsplit(settings.base).scheme == "https", ZoneInfo(settings.time_zone)
    proxies = networks(settings.trusted_proxies) or HERE
    return FrontDoor(signing_in, factors, Cookies(secure), zone, keep, TROUBLES, proxies)


def mount_people(app: web.Application, door: FrontDoor, directory: Callable[[], Directory]) -> None:
    """The front door and its own pages. The layout must be there, or come."""
    app.on_response_prepare.append(as_page)
    app[FRONT_DOOR] = door
    app.add_routes([*sign_in_routes(), *second_routes(), *own_routes(), *kept_routes()])
    app.add_routes(people_routes(directory))
