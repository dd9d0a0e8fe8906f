"""Twilio's published contract as a server: Prism answers what the contract allows and refuses the
rest; a tap before it notes parameters that the contract does not name, and ends its lists."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.outside import OUTSIDE
from tests.ports import free_port

ROOT: Final = Path(__file__).parents[3]
PACKAGE: Final = "@stoplight/prism-cli@5.16.0"
FOLDER: Final = ROOT / ".cache" / "npm"
NAMED: Final = "ZHITONG_TWILIO_CONTRACT"


def contract() -> Path:
    """The OpenAPI file; skips where there is none: it is Twilio's, not part of this repository."""
    path = Path(os.environ.get(NAMED) or ROOT.parent / "shared/data/twilio_api_v2010.json")
    if not path.is_file():
        pytest.skip(f"{OUTSIDE}: Twilio's contract; {NAMED} may name the file")
    return path


def prism() -> Path:
    """Prism's command, installed once into the clone's own cache; skips without Node."""
    command = FOLDER / "node_modules/.bin/prism"
    if command.exists():
        return command
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Prism, which speaks Twilio's contract, wants node and npm")
    FOLDER.parent.mkdir(exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="npm.", dir=FOLDER.parent))
    install = [npm, "install", "--prefix", str(fresh), "--no-audit", "--no-fund", PACKAGE]
    done = subprocess.run(
        [*install, "--no-package-lock", "--ignore-scripts"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        shutil.rmtree(fresh)
        pytest.skip(f"{OUTSIDE}: npm did not bring Prism: {done.stderr.strip()[-200:]}")
    with contextlib.suppress(OSError):  # another worker was faster
        fresh.replace(FOLDER)
    return command


@contextlib.contextmanager
def mock_server(path: Path, command: Path) -> Iterator[str]:
    """Prism with this contract on a port of this machine."""
    port = free_port()
    arguments = [str(command), "mock", "-h", "127.0.0.1", "-p", str(port), str(path)]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "Prism is listening" in line:
                    break
            else:
                pytest.fail("Prism ended before it listened")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@dataclass
class Tap:
    """Hands requests on; `asked` are method and path of the contract, `refused` what it did not
    allow, with why."""

    upstream: str
    paths: dict[str, dict[str, Any]]
    asked: set[tuple[str, str]] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    base: str = ""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Tap"]:
        """Serve until the block ends."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._hand_on)
        async with TestServer(app, host="127.0.0.1") as before:
            self.base = str(before.make_url("")).rstrip("/")
            yield self

    async def _hand_on(self, request: web.Request) -> web.Response:
        template = next(one for one in self.paths if _pattern(one).fullmatch(request.path))
        operation = self.paths[template][request.method.lower()]
        self.asked.add((request.method, template.removeprefix("/2010-04-01/Accounts")))
        unknown = {*request.query, *await request.post()} - _names(operation)
        if unknown:
            self.refused.append(f"{request.method} {template}: {sorted(unknown)} are not in it")
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in ("Authorization", "Content-Type")
        }
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method,
                self.upstream + request.raw_path,
                data=await request.read(),
                headers=headers,
            ) as answer,
        ):
            body = await answer.read()
            if answer.status >= 400:
                self.refused.append(f"{request.method} {template}: {body.decode()[-400:]}")
            return web.Response(status=answer.status, body=_paged(request, body))


def _names(operation: dict[str, Any]) -> set[str]:
    """What an operation may be told: in its query, and in its form."""
    form = operation.get("requestBody", {}).get("content", {})
    fields = form.get("application/x-www-form-urlencoded", {}).get("schema", {})
    query = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
    return query | set(fields.get("properties", {}))


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)))


def _paged(request: web.Request, body: bytes) -> bytes:
    """The contract's examples name each the same next page, for ever: here the second is last."""
    if b"next_page_uri" not in body:
        return body
    query = {**request.query, "Page": "1", "PageToken": "PAx"}
    following = None if "Page" in request.query else str(URL(request.path).with_query(query))
    return json.dumps(json.loads(body) | {"next_page_uri": following}).encode()


def paths_of(path: Path) -> dict[str, dict[str, Any]]:
    """The contract's paths, the longer ones first, as `{Sid}.json` also fits those below it."""
    paths: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["paths"]
    return dict(sorted(paths.items(), key=lambda item: -len(item[0])))
