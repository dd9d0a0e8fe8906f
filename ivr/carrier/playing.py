"""Recorded sentences for a carrier outside: what `<Play>` names, and the route that it is fetched
from. The counterpart of `local.bank`, which holds them."""

import asyncio
from collections.abc import Mapping
from typing import Final, Self

from aiohttp import ETag, web

from ivr.carrier.local.bank import Bank, frames
from ivr.carrier.local.recordings import to_wav
from ivr.carrier.local.stretching import slower
from ivr.carrier.text import escape
from ivr.flow.instruction import Language
from ivr.library.sentences import parted

PATH: Final = "/voice/sounds"
PACE: Final = 0.8
"""Of the voice's own speed, as `<prosody>` has it too, once a caller asked for `*`: at nine tenths
nobody noticed that it was slower."""
SLOWER: Final = f"-slower{PACE * 100:.0f}"  # another pace is another sound, which is kept for good
_FOR_GOOD: Final = "public, max-age=31536000, immutable"  # the name is the hash of the sound
_NEVER_A_PAGE: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""An admin's recording may be bytes that are a page or a script too."""


class Sounds:
    """The address of each recorded sentence, ready for a document, without its ending."""

    __slots__ = ("_addresses", "_bank", "_base", "_edition", "_mark", "_stem")

    def __init__(self, bank: Bank, base: str, edition: str = "") -> None:
        self._bank = bank
        self._base = base
        self._edition = edition
        self._stem = escape(f"{base.rstrip('/')}{PATH}")
        self._mark = ""
        self._addresses: Mapping[tuple[Language, str], str] = {}

    @classmethod
    def of(cls, bank: Bank, base: str) -> Self:
        """Those of a bank, served under our own address."""
        return cls(bank, base)

    @property
    def addresses(self) -> Mapping[tuple[Language, str], str]:
        """As the bank is now: put together once for each of its editions."""
        mark = self._bank.mark(self._edition)
        if self._mark != mark:
            name, stem, paths = self._bank.name, self._stem, self._bank.paths_in(self._edition)
            self._addresses = {said: f"{stem}/{name(path)}" for said, path in paths.items()}
            self._mark = mark
        return self._addresses

    def edition(self, name: str) -> "Sounds":
        """Those of an earlier plan."""
        return Sounds(self._bank, self._base, name)

    def parts(self, text: str, language: Language, *, slow: bool) -> list[tuple[str, str | None]]:
        """The text in its order, with the address of what is recorded."""
        ending = f"{SLOWER}.wav" if slow else ".wav"
        addresses = self.addresses
        if (whole := addresses.get((language, text))) is not None:  # as most are
            return [(text, f"{whole}{ending}")]
        return [
            (said, address and f"{address}{ending}")
            for said, address in parted(text, language, addresses)
        ]


class SoundRoutes:
    """Serves what a bank holds and nothing else: a name is looked up, never a path."""

    def __init__(self, bank: Bank) -> None:
        self._paths = bank.named
        self._slower: dict[str, bytes] = {}  # bound: as large as the bank
        self._stretching = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """For the application's router."""
        return [web.get(f"{PATH}/{{name}}.wav", self.sound)]

    async def sound(self, request: web.Request) -> web.StreamResponse:
        """GET `/voice/sounds/{name}.wav`: public words, so without a signature."""
        name = request.match_info["name"]
        if name.removesuffix(SLOWER) not in self._paths:
            raise web.HTTPNotFound(text="there is no such recorded sentence")
        headers = {"Cache-Control": _FOR_GOOD, "ETag": f'"{name}"'}
        if ETag(name) in (request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        try:
            wav = await self._wav(name)
        except FileNotFoundError:  # of a plan that was the newest days ago
            raise web.HTTPNotFound(text="there is no such recorded sentence any more") from None
        headers |= _NEVER_A_PAGE
        return web.Response(body=wav, content_type="audio/wav", headers=headers)

    async def _wav(self, name: str) -> bytes:
        path = self._paths[name.removesuffix(SLOWER)]
        if not name.endswith(SLOWER):
            return await asyncio.to_thread(path.read_bytes)
        async with self._stretching:  # one at a time, and each once: it takes a core for 0.2 s
            if name not in self._slower:
                spoken = await asyncio.to_thread(frames, path)
                stretched = await asyncio.to_thread(slower, spoken, PACE)
                self._slower[name] = to_wav(stretched)
            return self._slower[name]
