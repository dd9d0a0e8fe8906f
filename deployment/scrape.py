"""`/metrics`, for those who watch the line. Mounted by `server.py`; the counters are `metrics`."""

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from deployment.metrics import Metrics
from deployment.watchers import watchers_only


def metrics_routes(metrics: Metrics, token: str) -> list[web.RouteDef]:
    """The one door; `token` is METRICS_TOKEN, "" where there is none."""

    async def show(_: web.Request) -> web.StreamResponse:
        body = await metrics.text()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_1_0_0})

    return [web.get("/metrics", watchers_only(token)(show))]
