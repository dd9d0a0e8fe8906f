"""A warm start: from the process's first instruction to the first answered webhook, against
importing aiohttp, sqlalchemy and twilio. `python -m benchmarks.start`; exits 1 over twice."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Final

from benchmarks.caller import Account, fields
from benchmarks.machine import facts, usual
from benchmarks.servers import KEY, ROOT, SID, TOKEN, free_port
from ivr.carrier.signature import SIGNATURE

GOAL: Final = 2.0
IMPORTS: Final = "import aiohttp.web, sqlalchemy.ext.asyncio, twilio.rest"


def imports() -> float:
    """Seconds of a process that only imports."""
    begun = time.perf_counter()
    subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", IMPORTS], check=True, cwd=ROOT, env=usual()
    )
    return time.perf_counter() - begun


def first_answer(folder: Path) -> float:
    """Seconds from the start of `server.py` to its first document."""
    port = free_port()
    account = Account(f"http://127.0.0.1:{port}", SID, TOKEN)
    posted = webhook(account)
    environment = {
        **usual(),
        "ZHITONG_DATA_DIR": str(folder),
        "ZHITONG_PORT": str(port),
        "ZHITONG_ACCOUNT_SID": SID,
        "ZHITONG_AUTH_TOKEN": TOKEN,
        "ZHITONG_SECRET_KEY": KEY,
    }
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "server.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - begun < 30:
            try:
                with urllib.request.urlopen(posted, timeout=5) as answer:  # noqa: S310 - loopback
                    if answer.status == 200:
                        return time.perf_counter() - begun
            except urllib.error.URLError:
                time.sleep(0.005)
        raise SystemExit("the server did not answer within 30 s")
    finally:
        process.kill()
        process.wait()


def webhook(account: Account) -> urllib.request.Request:
    """A signed `/voice/answer`."""
    from twilio.request_validator import RequestValidator  # noqa: PLC0415 - not in the time that is measured

    form = fields(account, f"{time.time_ns():032x}", {"CallStatus": "ringing"})
    url = f"{account.base}/voice/answer"
    body = urllib.parse.urlencode(form).encode()
    headers = {SIGNATURE: RequestValidator(account.token).compute_signature(url, form)}
    return urllib.request.Request(url, body, headers)  # noqa: S310 - loopback


def main() -> int:
    """Interleaved rounds and the ratio of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    print(facts())
    with tempfile.TemporaryDirectory(prefix="zhitong-start-") as folder:
        first_answer(Path(folder))  # the first start migrates and compiles byte code
        imports()
        pairs = [(imports(), first_answer(Path(folder))) for _ in range(asked.rounds)]
    ratio = statistics.median(ours / theirs for theirs, ours in pairs)
    theirs, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"imports {theirs:.2f} s, first answered webhook {ours:.2f} s")
    print(f"ratio {ratio:.2f}, goal {GOAL:g}")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
