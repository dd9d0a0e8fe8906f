"""What each webhook is noted with: a count by route and status, a duration, and a line of the log
where it is asked for. Wraps the carrier's routes; read by `metrics`."""

import time
from collections import Counter
from typing import Final

import structlog
from aiohttp import web

from ivr.conversation.trace import WEBHOOK
from storage.durations import Durations

LOG: Final = structlog.get_logger()
CUT_OFF: Final = 499
"""Counted where the other side went away before the answer."""
FAILED: Final = 500


class Webhooks:
    """One route's: how many by status, and how long they took."""

    __slots__ = ("durations", "statuses")

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.durations = Durations()

    def note(self, status: int, seconds: float) -> None:
        """One more."""
        self.statuses[status] += 1
        self.durations.note(seconds)


def measured(route: web.RouteDef, seen: Webhooks, *, access: bool) -> web.RouteDef:
    """The same route, each of whose requests is noted in `seen`, and with `access` logged by the
    route's template: no address, number or key of it."""
    handler = route.handler
    name = template(route)

    async def noted(request: web.Request) -> web.StreamResponse:
        WEBHOOK.set(None)  # the connection's last one, until this one is found genuine
        began, status = time.perf_counter(), CUT_OFF
        try:
            answer: web.StreamResponse = await handler(request)
        except web.HTTPException as refused:
            status = refused.status
            raise
        except Exception:
            status = FAILED
            raise
        else:
            status = answer.status
            return answer
        finally:
            took = time.perf_counter() - began
            seen.note(status, took)
            if access:
                LOG.debug("webhook", route=name, status=status, ms=round(took * 1000, 2))

    return web.RouteDef(route.method, route.path, noted, route.kwargs)


def template(route: web.RouteDef) -> str:
    """The route's path as it is shown: `{call}`, not what it must look like."""
    resource = web.UrlDispatcher().add_resource(route.path)
    return resource.canonical
