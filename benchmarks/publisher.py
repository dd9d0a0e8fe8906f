"""The admin of `publishing` and `activation`, inside the server: a plan of as many rules as are
asked for, one of them changed in the draft and published as the pages do it, or committed straight
away; how long the loop was held up, and when each plan came into use here."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle, islice, product
from typing import Any, Final

from aiohttp import web

from deployment.house import HOUSE, House
from routing.audit import Action, Entry
from routing.drafts.body import CutBody
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from routing.publishing.release import NewRelease, Way
from routing.register import Directory
from routing.rules.document import Written
from routing.rules.parts import Part

ADMIN = Author("bench", "bench")
TICK: Final = 0.001
"""Seconds between two looks at the loop and at the plan."""


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


@dataclass(slots=True)
class Probe:
    """How long the loop was held up at most since it was last asked, in seconds: by the clock, and
    of this process's own CPU, which is what it would be on a machine that nobody else keeps busy.
    At which moment (of the machine's own clock) each plan was found in use."""

    longest: float = 0.0
    own: float = 0.0
    used: dict[int, float] = field(default_factory=dict)

    async def run(self, house: House) -> None:
        """Until cancelled."""
        while True:
            begun, spent = time.monotonic(), time.process_time()
            await asyncio.sleep(TICK)
            now = time.monotonic()
            self.longest = max(self.longest, now - begun - TICK)
            self.own = max(self.own, time.process_time() - spent)
            self.used.setdefault(house.plans.current.number, now)

    def taken(self) -> dict[str, float]:
        """The longest holds, from now on anew."""
        told = {"held": self.longest, "own": self.own}
        self.longest = self.own = 0.0
        return told

    async def when_used(self, number: int) -> float:
        """The moment at which this plan, or a later one, was in use."""
        while not any(known >= number for known in self.used):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(TICK)
        return min(at for known, at in self.used.items() if known >= number)


PROBE: Final = web.AppKey("probe", Probe)


async def _probing(app: web.Application) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        probing = group.create_task(app[PROBE].run(app[HOUSE]))
        yield
        probing.cancel()


def publisher_routes(app: web.Application) -> list[web.RouteDef]:
    """Answered once the plan takes calls here; `used` tells another server's moment."""
    app[PROBE] = probe = Probe()
    app.cleanup_ctx.append(_probing)

    async def fill(request: web.Request) -> web.Response:
        house = app[HOUSE]
        rules = rules_of(house.plans.current.directory, int(request.match_info["rules"]))
        text = Written({rule["id"]: rule for rule in rules}).to_text()
        newest = await house.publishing().releases.newest()
        number = await _commit(house, newest.number, {**newest.document, "rules": text})
        await probe.when_used(number)
        return web.json_response({"number": number})

    async def change(request: web.Request) -> web.Response:
        house, began = app[HOUSE], time.monotonic()
        probe.taken()
        desk = house.publishing()
        key = f"r{int(request.match_info['rules']) // 2}"
        newest = await desk.releases.newest()
        base = await house.apart(partial(entity_of, newest.document, "rule", key))
        edit = Edit("rule", key, {**(base or {}), "note": f"{newest.number}"}, base, newest.number)
        seen = await desk.drafts.save([edit], ADMIN, house.clock.now())
        outcome = await desk.publish(seen, "benchmark", ADMIN)
        published = time.monotonic()
        used = await probe.when_used(outcome.number or 0)
        return web.json_response(
            {"published": published - began, "in use": used - published, **probe.taken()}
        )

    async def commit(request: web.Request) -> web.Response:
        house = app[HOUSE]
        newest = await house.publishing().releases.newest()
        number = await _commit(house, newest.number, _one_renamed(newest.document, newest.number))
        return web.json_response({"number": number, "committed": time.monotonic()})

    async def used(request: web.Request) -> web.Response:
        at = await probe.when_used(int(request.match_info["number"]))
        return web.json_response({"used": at, **probe.taken()})

    return [
        web.post("/fill/{rules}", fill),
        web.post("/publish/{rules}", change),
        web.post("/commit", commit),
        web.get("/used/{number}", used),
    ]


async def _commit(house: House, over: int, document: Any) -> int:
    """Published as it is, without looking at it."""
    now = house.clock.now()
    entry = Entry(ADMIN.account, Action.PLAN_PUBLISHED, "plan", now, {})
    new = NewRelease(document, over, Way.PUBLISHED, ADMIN, "benchmark", now, entry)
    return await house.publishing().releases.publish(new)


def _one_renamed(document: Any, number: int) -> CutBody:
    """The body with another name of one rule, in one of its parts."""
    if not isinstance(document, CutBody):
        raise TypeError("fill it with more rules first")
    parts = [*document.parts]
    at = 1 + number % (len(parts) - 2)
    parts[at] = Part.of(parts[at].text.replace('"name": "Rule', f'"name": "{number} Rule', 1))
    return replace(document, parts=tuple(parts))
