"""The first lines that are read of a server: a newcomer's, or those of several processes that one
watches. Used by `server.serve` and `workers`."""

from typing import Final

from deployment import supervisor
from deployment.settings import Settings
from routing.signing_in import FIRST_NAME

FIRST: Final = "first "
"""What a worker says before the first admin's one-time password, where it made that account."""
READY: Final = "ready "
"""What a worker says once it answers, before how many numbers are published."""


def welcome(settings: Settings, numbers: int, first: str | None = None) -> None:
    """A few lines that say where everything is; and at the first start the first admin's one-time
    password, which is nowhere else."""
    base = settings.base
    lines = [f"直通 Zhitong answers {numbers} published numbers at {base}"]
    if settings.shows_demo:
        lines += [
            f"  电话 the phone          {base}/phone",
            f"  核对 what is missing    {base}/ledger",
            f"  未送达 not delivered    {base}/undelivered",
            "  终端 from a terminal    uv run server.py rehearse",
        ]
    else:
        here = f"http://127.0.0.1:{settings.port}"
        lines += [
            f"  核对 what is missing    {here}/ledger",
            f"  未送达 not delivered    {here}/undelivered",
        ]
        if settings.is_public and not settings.metrics_token:
            lines.append("  先设口令 shown to nobody until ZHITONG_METRICS_TOKEN is set")
    lines += [
        f"  工单 offices' cases     {base}/desk",
        f"  登录 sign in            {base}/sign-in",
    ]
    if first is not None:
        lines += [
            f"  首次登录 first sign-in  {FIRST_NAME}  {first}",
            "  只显示这一次，登录后请立即修改 shown this once; you choose your own as you sign in",
        ]
    print("\n".join(lines), flush=True)
    supervisor.tell(supervisor.READY)


def ready(numbers: int, first: str | None = None) -> None:
    """A worker's words to the one that started it, which shows them."""
    if first is not None:
        print(f"{FIRST}{first}", flush=True)
    print(f"{READY}{numbers}", flush=True)
