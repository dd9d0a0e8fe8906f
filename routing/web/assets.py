"""Static files under addresses that change with their content, so that browsers may keep them
for a year. The hash is that of the whole tree: modules can then import each other by name."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

KINDS: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".wav": "audio/wav",
    }
)
"""What may be served; anything else in a static folder (licences, notes) is left out."""

_KEEP = "public, max-age=31536000, immutable"


class Assets:
    """The static files of several folders, each folder under its own name."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._files = {
            f"{name}/{path.relative_to(folder).as_posix()}": path
            for name, folder in folders.items()
            for path in sorted(folder.rglob("*"))
            if path.suffix in KINDS
        }
        self._tree = _tree_hash(self._files)

    def url(self, name: str) -> str:
        """The address of one file, as `house/house.css`. Raises KeyError for a file not there."""
        if name not in self._files:
            raise KeyError(f"no static file {name!r}; there are {', '.join(sorted(self._files))}")
        return f"/static/{self._tree}/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /static/{tree}/{name}: only names that were found at the start, no paths."""
        path = self._files.get(request.match_info["name"])
        if path is None or request.match_info["tree"] != self._tree:
            raise web.HTTPNotFound(text="no such file\n")
        headers = {
            "Cache-Control": _KEEP,
            "Content-Type": f"{KINDS[path.suffix]}; charset=utf-8",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
        }
        return web.FileResponse(path, headers=headers)


def _tree_hash(files: Mapping[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
