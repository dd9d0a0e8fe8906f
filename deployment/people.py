"""People who sign in: what that needs, put together, and its pages. Used by `server.py` and by the
command `account`."""

import secrets
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from deployment.clock import SystemClock
from deployment.settings import Settings
from routing.signing_in import SigningIn
from routing.web.account.own import own_routes
from routing.web.account.sign_in import ACCOUNT_PAGES, sign_in_routes
from routing.web.entry import FRONT_DOOR, Cookies, FrontDoor
from routing.web.layout import Chapter, Link
from storage.accounts import StoredAccounts
from storage.engine import Database
from storage.errors import StorageError
from storage.passwords import ArgonPasswords
from storage.sealing import Sealing
from storage.sessions import StoredSessions, StoredTries

BEHIND_SIGN_IN: Final[tuple[Chapter, ...]] = (ACCOUNT_PAGES,)
"""The chapters of pages that ask who it is; each part adds its own here."""
LINKS: Final[tuple[Link, ...]] = ()
"""Their places in the navigation, each for the roles that may go there."""


def signing_in_of(database: Database, sealing: Sealing, clock: SystemClock) -> SigningIn:
    """The use cases over their stores."""
    return SigningIn(
        people=StoredAccounts(database, clock),
        sessions=StoredSessions(database),
        tries=StoredTries(database, sealing),
        passwords=ArgonPasswords(),
        clock=clock,
        draw=secrets.token_bytes,
    )


def mount_people(app: web.Application, settings: Settings, signing_in: SigningIn) -> None:
    """The front door and its own pages. The layout must be there, or come."""
    secure = urlsplit(settings.base).scheme == "https"
    app[FRONT_DOOR] = FrontDoor(signing_in, Cookies(secure), (StorageError,))
    app.add_routes(sign_in_routes())
    app.add_routes(own_routes())
