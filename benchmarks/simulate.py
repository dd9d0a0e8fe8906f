"""Thousands of calls through the real routes, conversation and storage in simulated time, over a
line that doubles, drops, delays and reorders, with clocks that jump, tokens that change and kills;
then the laws of `benchmarks.simulation.laws`. `python -m benchmarks.simulate --calls 2000`; exits 1
if one is broken."""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from benchmarks.simulation.caller import LINES, SimulatedCall
from benchmarks.simulation.carrier import Carrier, Faults
from benchmarks.simulation.house import House
from benchmarks.simulation.laws import Kept, broken, lost, tried
from benchmarks.simulation.timeline import JumpingClock, Timeline
from routing.ledger import Gap, GapKind
from storage.schema import migrate

OLD, NEW, BOTH = "the old token", "the new token", "the new token,the old token"
A_CALL: Final = 20
"""Seconds from one call to the next, in the mean."""
AFTERWARDS: Final = 3 * 3600
"""Seconds after the last call within which all is to be mended: longer than any work's tries."""
LAST_TRIES: Final = 3 * 3600
"""Seconds more for what began late in them and met an outage: work, and a text's arrival."""
BETWEEN_TRIES: Final = 300
WORKS, SWEEPS, RECOVERS, FORGETS, LOOKS = 20, 120, 60, 900, 1_800
"""Seconds between rounds of the outbox, the ledger, recovery and retention, and between a person's
looks at what was given up."""


@dataclass
class Outcome:
    """What came of a simulation. `missing` is what the ledger counts at the end, `lost` what the
    carrier lost for good: both must be the same."""

    calls: int = 0
    steps: int = 0
    cases: int = 0
    texts: int = 0
    kills: int = 0
    asked: int = 0
    gaps: Sequence[Gap] = ()
    missing: Mapping[GapKind, int] = field(default_factory=dict)
    lost: Mapping[GapKind, int] = field(default_factory=dict)
    most_gaps: int = 0
    broken: list[str] = field(default_factory=list)


class World:
    """One simulation; the same seed is the same calls and the same line."""

    def __init__(
        self, folder: Path, seed: int, calls: int, faults: Faults, *, sweeps: bool = True
    ) -> None:
        self.sweeps = sweeps
        self.chance = random.Random(seed)
        self.timeline = Timeline()
        self.clock = JumpingClock(self.timeline)
        self.carrier = Carrier(self.timeline, random.Random(seed + 1), faults)
        self.house = House(folder, self.carrier, self.clock)
        self.token, self.tokens = OLD, OLD
        self.span = calls * A_CALL
        self.rung = [self._call(number) for number in range(calls)]
        self.outcome = Outcome(calls)
        self._ends: dict[str, str] = {}
        self._folder = folder

    def _call(self, number: int) -> SimulatedCall:
        call = SimulatedCall(
            number,
            self.carrier,
            self.house,
            random.Random(self.chance.random()),
            lambda: self.token,
        )
        self.timeline.later(self.chance.randint(1, self.span), call.ring)
        return call

    async def run(self) -> Outcome:
        """All of it."""
        await asyncio.to_thread(migrate, self._folder / "zhitong.db")
        await self.house.start(self.tokens)
        try:
            await self._live()
            await self._judge()
        finally:
            await self.house.stop()
        return self.outcome

    async def _live(self) -> None:
        """Calls, with what happens to the house between them; then quiet."""
        for every, round_ in (
            (WORKS, self.house.work),
            (SWEEPS, self._sweep if self.sweeps else self.house.work),
            (RECOVERS, self.house.recover),
            (FORGETS, self.house.forget),
            (LOOKS, self.house.look_after),
        ):
            self._regularly(every, round_, self.span + AFTERWARDS)
        for second, event in sorted(self._events(), key=lambda event: event[0]):
            await self.timeline.run(second)
            await event()
        await self.timeline.run(self.span + AFTERWARDS)
        await self._try_the_last()

    async def _try_the_last(self) -> None:
        while self.timeline.second < self.span + AFTERWARDS + LAST_TRIES:
            kept, missing = await Kept.of(self.house), await self.house.ledger.counts()
            if not self.sweeps or (not tried(kept) and missing == lost(kept, self.carrier)):
                return
            await self.timeline.run(self.timeline.second + BETWEEN_TRIES)
            await self.house.look_after()
            await self.house.work()
            await self.house.sweep()

    def _regularly(self, every: int, round_: Callable[[], Awaitable[None]], until: int) -> None:
        async def again() -> None:
            if self.timeline.second + every <= until:
                self.timeline.later(every, again)
            await round_()

        self.timeline.later(every, again)

    def _events(self) -> list[tuple[int, Callable[[], Awaitable[None]]]]:
        """What happens to the house: tokens, kills, jumps of its clock."""
        parts = [self.span * n // 8 for n in range(8)]
        kills = [self.chance.randint(1, self.span) for _ in range(1 + self.span // 3_600)]
        return [
            (parts[2], lambda: self._begin_anew(BOTH)),
            (parts[3], self._rotate),
            (parts[5], lambda: self._begin_anew(NEW)),
            (parts[1], lambda: self._jump(3_600)),
            (parts[4], lambda: self._jump(-60)),
            (parts[6], lambda: self._jump(-3_540)),
            (parts[7], self._meet_strangers),
            *((at, self._kill) for at in kills),
        ]

    async def _begin_anew(self, tokens: str) -> None:
        self.tokens = tokens
        await self.house.stop()
        await self.house.start(tokens)

    async def _meet_strangers(self) -> None:
        self.carrier.meets_strangers(LINES[0])

    async def _rotate(self) -> None:
        self.token = NEW

    async def _jump(self, seconds: int) -> None:
        self.clock.jump(seconds)

    async def _kill(self) -> None:
        await self.house.killed_at_work(self.tokens, self.chance.randint(1, 40))
        self.outcome.kills += 1

    async def _sweep(self) -> None:
        await self.house.sweep()
        gaps = await self.house.ledger.gaps()
        self.outcome.most_gaps = max(self.outcome.most_gaps, len(gaps))
        ends = (await Kept.of(self.house)).ends if self.timeline.second % 600 == 0 else {}
        for call, end in ends.items():
            before = self._ends.setdefault(call, end)
            if before not in (end, "lost"):
                self.outcome.broken.append(f"the end of {call} went from {before} to {end}")

    async def _judge(self) -> None:
        out = self.outcome
        kept = await Kept.of(self.house)
        out.steps = sum(len(call.replies) for call in self.rung)
        out.cases, out.texts = len(kept.cases), len(self.carrier.texts)
        out.asked = self.carrier.asked
        out.gaps = await self.house.ledger.gaps()
        out.missing = await self.house.ledger.counts()
        out.lost = lost(kept, self.carrier)
        if dict(out.missing) != dict(out.lost):
            out.broken.append(f"{dict(out.missing)} is missing, {dict(out.lost)} was lost")
        out.broken.extend(broken(kept, self.carrier, self.rung))


async def simulate(
    folder: Path, seed: int, calls: int, faults: Faults | None = None, *, sweeps: bool = True
) -> Outcome:
    """One simulation in an empty folder; without `sweeps` it shows what they are for."""
    return await World(folder, seed, calls, faults or Faults(), sweeps=sweeps).run()


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=1, help="so many seeds, one after another")
    parser.add_argument("--loses", type=float, default=0.0, help="what the carrier loses, 0 to 1")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    faults = Faults(lost_media=asked.loses, lost_calls=asked.loses, strangers=int(9 * asked.loses))
    bad = 0
    for seed in range(asked.seed, asked.seed + asked.worlds):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="zhitong-simulate-") as folder:
            out = asyncio.run(simulate(Path(folder), seed, asked.calls, faults))
        bad += len(out.broken)
        print(
            f"seed {seed}: {out.calls} calls, {out.steps} steps, {out.cases} cases, {out.texts} "
            f"texts, {out.kills} kills, {out.asked} requests to the carrier; at most "
            f"{out.most_gaps} gaps on the way, {sum(out.missing.values())} at the end, "
            f"{sum(out.lost.values())} lost by the carrier; "
            f"{len(out.broken)} laws broken; {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        for sentence in out.broken[:20]:
            print("  ", sentence)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
