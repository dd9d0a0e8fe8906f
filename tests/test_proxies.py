"""The proxies of docs/replicas.md, as they stand there, before two servers: one is killed while a
call is being recorded, and the caller notices nothing."""

import asyncio
import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from routing.web.register.importing import MOST_SENT
from server import MOST_BODY
from tests.cluster import ROOT, Cluster, cluster
from tests.deadline import DEADLINE
from tests.ivr.carrier.signed import LINE
from tests.ports import free_port
from tests.whole_call import hang_up, one_whole_case, recorded, until_recorded
from tools.guard import KILL, Guard
from tools.postgres import Postgres

PAGE = ROOT / "docs" / "replicas.md"
FOUND_AT = "/usr/sbin"
CALLS = 20
NGINX = """
daemon off;
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {page}
}}
"""
CADDY = "{{\n admin off\n auto_https off\n}}\n{page}"
CADDYS_WORDS = ["run", "--adapter", "caddyfile", "--config"]

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="replicas want a PostgreSQL"),
]


def of_page(language: str, port: int, servers: tuple[str, str]) -> str:
    """The page's own text, with our addresses and without the certificate."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    text = found[1]
    for theirs, ours in zip(("10.0.0.11:8080", "10.0.0.12:8080"), servers, strict=True):
        assert theirs in text
        text = text.replace(theirs, ours.removeprefix("http://"))
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    text = text.replace("phone.example.gov.cn {", f"http://127.0.0.1:{port} {{")
    return re.sub(r"^ *ssl_certificate.*$", "", text, flags=re.MULTILINE)


@contextlib.contextmanager
def standing(kind: str, port: int, servers: tuple[str, str]) -> Iterator[None]:
    """The proxy, until the block ends. Skips the test where there is none, which CI does not
    bear."""
    path = os.pathsep.join((os.environ.get("PATH", ""), FOUND_AT))
    program = shutil.which(kind, path=path)
    if program is None:
        pytest.skip(f"no {kind} here: on Debian, apt install {kind}")
    folder = Path(tempfile.mkdtemp(prefix=f"zt-{kind}-"))
    folder.chmod(0o755)  # as root, nginx's own processes are somebody else's
    form, words = (NGINX, ["-c"]) if kind == "nginx" else (CADDY, CADDYS_WORDS)
    settings = folder / "settings"
    settings.write_text(form.format(folder=folder, page=of_page(kind, port, servers)))
    home = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    running = subprocess.Popen(
        [program, *words, settings], env={**os.environ, **home},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with Guard(KILL, running.pid):
            yield
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(DEADLINE)
        shutil.rmtree(folder)


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
async def test_a_server_dies_behind_it(tmp_path: Path, postgres: Postgres, kind: str) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with cluster(tmp_path, postgres, None, None, settings={"PUBLIC_URL": url}) as both:
        one, other = (replica.url for replica in both.replicas)
        with standing(kind, port, (one, other)):
            await until_up(url)
            call, _ = await until_recorded(both)
            await both.replicas[0].end(signal.SIGKILL)

            assert "<Dial" in (await recorded(both, call)).text
            await hang_up(both, call)
            await one_whole_case(both)
            answers = await asyncio.gather(*(ring(both, f"CA9{n:031}") for n in range(CALLS)))
            assert all(answers)
            assert await hidden(url)
            assert await answered(f"{url}/admin/import", MOST_SENT) == 303
            assert await answered(f"{url}/voice/answer", MOST_BODY + 1) in {413, 415}
            assert await ring(both, f"CA9{CALLS:031}")  # whom such a body was for is not given up


async def answered(url: str, size: int) -> int:
    """The status of a body of so many bytes, by one who is not signed in."""
    kind = {"Content-Type": "application/octet-stream"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            url, data=io.BytesIO(bytes(size)), headers=kind, allow_redirects=False
        ) as answer,
    ):
        return answer.status


async def hidden(url: str) -> bool:
    """Whether the proxy itself shows nothing that is not for the internet: the servers' own 404
    has other words."""
    pages = ("/metrics", "/ledger", "/ledger?lang=en", "/ledger/work/7/again", "/undelivered")
    async with aiohttp.ClientSession() as session:
        for path in pages:
            async with session.get(url + path) as page:
                if page.status != 404 or "404: Not Found" in await page.text():
                    return False
    return True


async def until_up(url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(DEADLINE):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/healthz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)


async def ring(both: Cluster, sid: str) -> str | None:
    """Where a call goes on after its first key."""
    who = {"From": f"+86139{sid[-8:]}", "To": LINE}
    first = await both.line.spoken("/voice/answer", sid, **who)
    return both.line.next_of(
        await both.line.spoken(both.line.next_of(first) or "", sid, **who, Digits="2")
    )
