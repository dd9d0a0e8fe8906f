"""`/metrics`, for those who watch the line. Mounted by `server.py`; the counters are `metrics`."""

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from deployment.metrics import Metrics
from deployment.watchers import watchers_only


def metrics_routes(metrics: Metrics, token: str, *, public: bool = False) -> list[web.RouteDef]:
    """The one door, for whom `watchers` let in."""

    async def show(_: web.Request) -> web.StreamResponse:
        body = await metrics.text()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_1_0_0})

    return [web.get("/metrics", watchers_only(token, public=public)(show))]
