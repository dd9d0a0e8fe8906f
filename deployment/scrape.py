"""`/metrics`: to whoever holds the token; without one, to this machine alone. How many people call,
and when, is nobody's business elsewhere. Mounted by `server.py`."""

import hmac
import ipaddress

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from deployment.metrics import Metrics
from routing.web.guard import of_this_machine


def metrics_routes(metrics: Metrics, token: str) -> list[web.RouteDef]:
    """The one door. `token` is a bearer's, "" where there is none: then who comes from elsewhere,
    or through a proxy, is told that there is no such page."""

    async def show(request: web.Request) -> web.Response:
        if token and not _bears(request, token):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        if not token and not (_from_loopback(request) and of_this_machine(request)):
            raise web.HTTPNotFound
        body = await metrics.text()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_1_0_0})

    return [web.get("/metrics", show)]


def _bears(request: web.Request, token: str) -> bool:
    """In constant time; a header may hold any bytes."""
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(told.strip().encode(errors="replace"), token.encode())
    return same and kind.lower() == "bearer"


def _from_loopback(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
