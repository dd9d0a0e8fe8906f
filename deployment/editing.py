"""What the pages that edit the plan have at hand, put together."""

from zoneinfo import ZoneInfo

from deployment.house import House
from routing.web.register.page import RegisterDesk


def register_desk(house: House) -> RegisterDesk:
    """Of the register's pages."""
    return RegisterDesk(house.publishing(), ZoneInfo(house.settings.time_zone))
