"""All pages of the register together: what `server.py` mounts."""

from typing import Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.web.layout import Link
from routing.web.register.desk import REGISTER_PAGES, RegisterDesk
from routing.web.register.entity import entity_routes
from routing.web.register.exporting import export_routes
from routing.web.register.importing import import_routes
from routing.web.register.lists import list_routes
from routing.web.register.suspending import suspend_routes

__all__ = ["REGISTER_LINK", "REGISTER_PAGES", "RegisterDesk", "register_routes"]

REGISTER_LINK: Final = Link("/admin/numbers", "reg.title", MAY[Act.READ_PLAN])


def register_routes(desk: RegisterDesk) -> list[web.RouteDef]:
    """Lists, forms, import, export, and suspending in a hurry."""
    return [
        *list_routes(desk),
        *entity_routes(desk),
        *import_routes(desk),
        *export_routes(desk),
        *suspend_routes(desk),
    ]
