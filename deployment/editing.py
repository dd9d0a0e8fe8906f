"""What the pages that edit the plan have at hand, put together: the draft, and the newest plan's
body as JSON values."""

import json
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from deployment.house import House
from routing.drafts.kinds import Document
from routing.web.register.page import RegisterDesk
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans


def newest_of(house: House) -> Callable[[], Awaitable[tuple[int, Document]]]:
    """The number and the body of the newest plan. One was published before a page can be asked
    for."""
    stored = StoredPlans(house.database, house.clock)

    async def newest() -> tuple[int, Document]:
        published = await stored.latest()
        if published is None:
            raise LookupError("no plan is published")
        return published.number, json.loads(published.body)

    return newest


def register_desk(house: House) -> RegisterDesk:
    """Of the register's pages."""
    zone = ZoneInfo(house.settings.time_zone)
    return RegisterDesk(StoredDrafts(house.database), newest_of(house), house.clock, zone)
