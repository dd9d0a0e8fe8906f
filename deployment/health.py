"""What a supervisor asks: is the server there, and can it take a call the normal way. Mounted by
`server.py`; the checks are `readiness`."""

from collections.abc import Sequence

from aiohttp import web

from deployment.readiness import Check, State
from deployment.shared import SharedAnswer

FIRST = {
    State.OK: "ready",
    State.WARNING: "ready, but somebody should look",
    State.FAILED: "not ready: a new call cannot be answered the normal way",
}


def health_routes(checks: SharedAnswer[Sequence[Check]]) -> list[web.RouteDef]:
    """`/healthz` says that the process is alive, `/readyz` what each check found, in a line: 503
    where a new call could not be answered the normal way, and only there."""

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        found = await checks.now()
        worst = max((check.state for check in found), default=State.OK)
        lines = [FIRST[worst], *(f"{check.name}: {check.text}" for check in found)]
        status = 503 if worst is State.FAILED else 200
        return web.Response(status=status, text="\n".join(lines) + "\n")

    return [web.get("/healthz", alive), web.get("/readyz", ready)]
