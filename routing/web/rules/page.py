"""All pages of rules together: what `server.py` mounts."""

from typing import Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.web.layout import Link
from routing.web.rules.desk import RULES_PAGES, Looked, RulesDesk
from routing.web.rules.editing import edit_routes
from routing.web.rules.lists import list_routes
from routing.web.rules.trying import try_routes

__all__ = ["RULES_LINK", "RULES_PAGES", "Looked", "RulesDesk", "rules_routes"]

RULES_LINK: Final = Link("/admin/rules", "rules.title", MAY[Act.READ_PLAN])


def rules_routes(desk: RulesDesk) -> list[web.RouteDef]:
    """The list, the form, trying and examples."""
    return [*list_routes(desk), *edit_routes(desk), *try_routes(desk)]
