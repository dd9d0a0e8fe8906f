"""Who a request is from, once `routing.web.entry` has found out: for the layout, which shows the
name, and for whoever renders."""

from typing import Final

from aiohttp import web

from routing.accounts.account import Account, Session

SESSION: Final = web.RequestKey("session", Session)


def someone(request: web.Request) -> Account | None:
    """Who it is, None where nobody is signed in or nobody has asked."""
    session = request.get(SESSION)
    return None if session is None else session.account
