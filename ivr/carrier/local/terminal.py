"""The terminal phone: rings a number of a running server from lines of text.

Counterpart of the phone page. Typed by hand each line is done at once; from a
pipe the next line is taken when the line is listening.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp

from ivr.carrier.local.story import Story
from ivr.carrier.local.telephone import Heard, PhoneClosed, Telephone
from ivr.carrier.local.typed import understood

HELP = """\
ring +865580000021 [as +8613900000012]   ring a number (as whom; `as withheld` too)
ring 0558-0000021                        numbers as they are written, here and as keys
1   *   0#                               press keys
say 我家停水了                           speak
wait                                     stay silent until the line asks again
hold +8613900000034 [1]                  a second phone: it answers and presses these keys
hold +8613900000034 decline              a second phone: it declines
hang up                                  also 挂机; and 拨, 说, 等待, 帮助"""
_KEYS = re.compile(r"[0-9*#]+")
_RING = re.compile(r"ring (\+?[0-9]+)(?: as (\+?[0-9]+|withheld))?")
_HOLD = re.compile(r"hold (\+?[0-9]+)(?: ([0-9*#]+|decline))?")
_IN_A_CALL = re.compile(r"hang up|wait|say .*|[0-9*#]+")
_RETURN_WITHIN = 60.0  # the exchange keeps a call so long for its phone
_HANG_UP_WITHIN = 5.0  # who has hung up does not wait long to be told so

_ONE_CALL = "! --save keeps one call: leave out the second `ring`, or save it by itself"

Write = Callable[[str], None]


@dataclass(slots=True)
class Wiring:
    """What a rehearsal runs on: where the server is, whence lines, whereto words."""

    base_url: str
    lines: AsyncIterator[str]
    write: Write
    now: Callable[[], datetime]
    caller: str = "+8613900000012"
    save: Path | None = None
    at_once: bool = False
    patience: float = 120.0


async def rehearse(wiring: Wiring) -> int:
    """Run the lines; 0 when all were done, 1 when one was not understood or refused,
    or the line was not listening within ``patience`` seconds."""
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        stage = _Stage(wiring, session, group)
        try:
            return await stage.run()
        except (aiohttp.ClientError, PhoneClosed):
            wiring.write(f"! no connection to {wiring.base_url}; is the server running?")
            return 1
        finally:
            await stage.leave()


@dataclass(slots=True)
class _Stage:
    wiring: Wiring
    session: aiohttp.ClientSession
    group: asyncio.TaskGroup
    story: Story = field(default_factory=Story)
    phone: Telephone | None = None
    call: str | None = None
    failed: bool = False
    extras: list[asyncio.Task[None]] = field(default_factory=list)
    phones: list[Telephone] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stays: bool = False
    rung: bool = False

    async def run(self) -> int:
        self.phone = self._new_phone(self.wiring.caller)
        await self.phone.connect()
        self.extras.append(self.group.create_task(self._listen(self.phone)))
        await self._listening()
        async for line in self.wiring.lines:
            if line.strip() and not line.lstrip().startswith("--"):
                await self._do(line.strip())
                if not self.wiring.at_once and not await self._listening():
                    break
        await self._finish()
        if self.wiring.save is not None:
            self._keep(self.wiring.save)
        return int(self.failed)

    def _keep(self, save: Path) -> None:
        """Half a call is no test."""
        if self.story.begun and not self.failed:
            save.write_text(self.story.text(), encoding="utf-8")
            return
        why = "the call did not come to its end" if self.story.begun else "no number was rung"
        self.wiring.write(f"! {save} was not written: {why}")
        self.failed = True

    async def leave(self) -> None:
        """Put down all phones."""
        for task in self.extras:
            task.cancel()
        await asyncio.gather(*self.extras, return_exceptions=True)
        for phone in self.phones:
            await phone.close()

    def _new_phone(self, number: str) -> Telephone:
        phone = Telephone(self.session, self.wiring.base_url, number)
        self.phones.append(phone)
        return phone

    async def _finish(self) -> None:
        """After the last line the caller hangs up, and hears that it was done."""
        if self.call is None or self.phone is None:
            return
        await self.phone.send("hangup")
        heard = True
        while heard and self.call is not None:  # what was on its way comes first
            self._busy()
            heard = await self._listening(within=_HANG_UP_WITHIN)

    async def _listening(self, within: float | None = None) -> bool:
        """Until the next line may be taken; False (and failed) if that takes too long."""
        try:
            async with asyncio.timeout(within or self.wiring.patience):
                await self.ready.wait()
        except TimeoutError:
            self.wiring.write("! the line did not listen again in time")
            self.failed = True
        return not self.failed

    async def _do(self, line: str) -> None:
        """Carry out one line of the script."""
        assert self.phone is not None
        typed, line = line, understood(line)
        if ring := _RING.fullmatch(line):
            await self._ring(ring[1], ring[2])
        elif hold := _HOLD.fullmatch(line):
            await self._hold(hold[1], hold[2] or "")
        elif self._over() and _IN_A_CALL.fullmatch(line):
            self._too_late(line)
        elif line == "hang up":
            self._busy()
            await self.phone.send("hangup")
        elif line == "wait":
            self._busy()
        elif line.startswith("say "):
            self.story.typed = line[4:].strip()
            if not self.stays:
                self._busy()
            await self.phone.send("words", text=self.story.typed)
        elif _KEYS.fullmatch(line):
            self.story.typed = line
            self._busy()
            await self.phone.send("digits", digits=line)
        elif line == "help":
            self.wiring.write(HELP)
        else:
            self._refuse(f"! not understood: {typed}\n{HELP}")

    async def _ring(self, number: str, caller: str | None) -> None:
        assert self.phone is not None
        if self.wiring.save is not None and self.story.begun:
            self._refuse(_ONE_CALL)
            return
        from_ = {None: self.wiring.caller, "withheld": "anonymous"}.get(caller, caller)
        await self._become("" if from_ == "anonymous" else str(from_))
        self._busy()
        self.story.begin(number, str(from_), self.wiring.now().isoformat())
        await self.phone.send("dial", to=number, from_=from_)

    async def _become(self, number: str) -> None:
        """The phone answers for whoever rings, so that his texts reach it, and no other's."""
        assert self.phone is not None
        if number == self.phone.number or self.call is not None:
            return
        self.phone.number = number
        self.rung = False
        self._busy()
        await self.phone.send("hold", number=number)
        await self._listening()

    async def _hold(self, number: str, then: str) -> None:
        self.story.declined = then == "decline"
        other = self._new_phone(number)
        await other.connect()
        self.extras.append(self.group.create_task(self._official(other, then)))

    def _over(self) -> bool:
        """No call, nor one on its way: dialling makes the line busy until it is answered."""
        return self.call is None and self.ready.is_set()

    def _too_late(self, line: str) -> None:
        """Nothing would ever answer; only hanging up has been done already."""
        if line != "hang up":
            self._refuse("! there is no call; ring a number first")

    def _refuse(self, why: str) -> None:
        """By hand it can be typed again."""
        self.wiring.write(why)
        self.failed = not self.wiring.at_once

    def _busy(self) -> None:
        self.ready.clear()
        self.stays = False

    async def _listen(self, phone: Telephone) -> None:
        """The caller's ear; a lost connection is made again."""
        while True:
            try:
                heard = await phone.next()
            except PhoneClosed:
                if not await self._return(phone):
                    self.failed = True
                    self.wiring.write("! the server is gone")
                    self.ready.set()
                    return
                continue
            if isinstance(heard, dict):
                self._hear(heard)

    async def _return(self, phone: Telephone) -> bool:
        """Connect again, with growing pauses, as long as the call may be kept."""
        pause, end = 0.3, asyncio.get_running_loop().time() + _RETURN_WITHIN
        while self.call is not None and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 3.0)
            try:
                await phone.connect(self.call)
            except aiohttp.ClientError:
                continue
            self.wiring.write("… connected again")
            return True
        return False

    def _hear(self, heard: Heard) -> None:
        self.story.hear(heard)
        of_earlier = heard["type"] == "sms" and not self.rung
        if not of_earlier and (shown := show(heard)) is not None:
            self.wiring.write(shown)
        match heard["type"]:
            case "calling":
                self.call = heard["call"]
                self.rung = True
            case "hungup":
                self.call = None
                self._ready(stays=False)
            case "waiting" | "attached" if heard.get("call") is None:
                self._ready(stays=False)
            case "bridged":
                self._ready(stays=True)
            case "listening" if heard["kind"] == "record":
                self._ready(stays=True)
            case "error":
                self.failed = not self.wiring.at_once
                self._ready(stays=self.stays)

    def _ready(self, *, stays: bool) -> None:
        self.stays = stays
        self.ready.set()

    async def _official(self, phone: Telephone, then: str) -> None:
        """The second phone: answers when it rings and presses its keys in the whisper."""
        while True:
            try:
                heard = await phone.next()
            except PhoneClosed:
                return
            if not isinstance(heard, dict):
                continue
            if (shown := show(heard)) is not None:
                self.wiring.write(f"    {phone.number}: {shown}")
            if heard["type"] == "ringing":
                await phone.send("decline" if then == "decline" else "answer")
            elif heard["type"] == "waiting" and then:
                await phone.send("digits", digits=then)


async def stdin_lines() -> AsyncIterator[str]:
    """Lines of standard input, whatever it is (terminal, pipe, file), until its end.

    A thread reads, as not every input can be waited for; it is a daemon, so that a
    half-typed line does not keep the program from ending. An end in the middle of a line
    is the end: a terminal would read on, and want to be told twice more.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def hand_over(line: str) -> None:
        with suppress(RuntimeError):  # nobody listens any more: the loop is closed
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        with suppress(OSError, ValueError):  # the terminal is gone, or was closed
            for line in sys.stdin:
                hand_over(line)
                if not line.endswith("\n"):
                    break
        hand_over("")

    threading.Thread(target=read, daemon=True, name="standard input").start()
    while line := await lines.get():
        yield line


def show(heard: Heard) -> str | None:
    """What the terminal prints for a message; None for what nobody would notice."""
    form = _SHOWN.get(heard["type"])
    return None if form is None else form(heard)


def _prompt(heard: Heard) -> str | None:
    if heard["kind"] == "say":
        return f"< [{heard['language']}] {heard['text']}"
    return f"< (plays {heard['url']})" if heard["kind"] == "play" else None


def _fault(heard: Heard) -> str:
    return f"! {heard['code']}: {heard['text']}" if heard["code"] else f"! {heard['text']}"


_SHOWN: Mapping[str, Callable[[Heard], str | None]] = {
    "say": _prompt,
    "beep": lambda _: "< (beep)",
    "recording": lambda heard: (
        f"< (recording {'on' if heard['on'] else 'off'}, {heard['seconds']:.0f} s)"
    ),
    "ringing": lambda heard: f"< (rings: {heard['from']})",
    "ringback": lambda heard: "< (ringing)" if heard["on"] else None,
    "bridged": lambda _: "< (connected: speak to each other)",
    "unbridged": lambda heard: f"< (the talk is over, {heard['seconds']} s)",
    "sms": lambda heard: f"< (text message) {heard['text']}",
    "hungup": lambda heard: f"< (hung up: {heard['reason']})",
    "warning": _fault,
    "error": _fault,
}
