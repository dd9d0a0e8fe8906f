"""The admin of `publishing`, inside the server: a plan of as many rules as are asked for, and one
of them changed in the draft and published, as the pages do it."""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle, islice, product
from typing import Any

from aiohttp import web

from deployment.house import HOUSE, House
from routing.audit import Action, Entry
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from routing.publishing.release import NewRelease, Way
from routing.register import Directory
from routing.rules.document import Written

ADMIN = Author("bench", "bench")


def rules_of(directory: Directory, many: int) -> Iterator[dict[str, Any]]:
    """Rules by topic, district, language and number; some with a week, some with dates."""
    districts = sorted({office.district for office in directory.offices.values()})
    facts = product(directory.topics, districts, ("zh-CN", "en"), directory.numbers)
    offices = cycle(directory.offices)
    for at, (topic, district, language, dialled) in enumerate(islice(cycle(facts), many)):
        when: dict[str, Any] = {"topic": [topic], "district": [district]}
        when |= {"language": [language], "dialled": [dialled]}
        if at % 3 == 1:
            when["weekly"] = "Mon-Fri 08:30-12:00 14:30-17:30"
        if at % 5 == 2:
            when |= {"from": f"2027-01-{1 + at % 28:02}T00:00", "until": "2027-02-01T00:00"}
        then = {"office": next(offices)}
        yield {"id": f"r{at}", "name": f"Rule {at}", "when": when, "then": then}


def publisher_routes(app: web.Application) -> list[web.RouteDef]:
    """Answered once the plan takes calls."""

    async def fill(request: web.Request) -> web.Response:
        house = app[HOUSE]
        rules = rules_of(house.plans.current.directory, int(request.match_info["rules"]))
        text = Written({rule["id"]: rule for rule in rules}).to_text()
        desk, now = house.publishing(), house.clock.now()
        newest = await desk.releases.newest()
        number = await desk.releases.publish(
            NewRelease(
                {**newest.document, "rules": text}, newest.number, Way.PUBLISHED, ADMIN, "filled",
                now, Entry(ADMIN.account, Action.PLAN_PUBLISHED, "plan", now, {}),
            )
        )  # fmt: skip
        await _in_use(house, number)
        return web.Response()

    async def change(request: web.Request) -> web.Response:
        house, began = app[HOUSE], time.monotonic()
        desk = house.publishing()
        key = f"r{int(request.match_info['rules']) // 2}"
        newest = await desk.releases.newest()
        base = await asyncio.to_thread(entity_of, newest.document, "rule", key)
        edit = Edit("rule", key, {**(base or {}), "note": f"{newest.number}"}, base, newest.number)
        seen = await desk.drafts.save([edit], ADMIN, house.clock.now())
        outcome = await desk.publish(seen, "benchmark", ADMIN)
        published = time.monotonic()
        await _in_use(house, outcome.number or 0)
        took = {"published": published - began, "in use": time.monotonic() - published}
        return web.json_response(took)

    return [web.post("/fill/{rules}", fill), web.post("/publish/{rules}", change)]


async def _in_use(house: House, number: int) -> None:
    while house.plans.current.number < number:  # noqa: ASYNC110 - nobody is told of it
        await asyncio.sleep(0.02)
