"""A durable, signed step against bare aiohttp and against a step of SDK and ORM on the same
database, in interleaved rounds of one run: the real script, routing, journal row and stored reply,
each commit flushed. `python -m benchmarks.step [--database postgresql]`; exits 1 where a goal is
missed (performance §4)."""

import argparse
import contextlib
import statistics
import sys
from typing import Final

from benchmarks.caller import checks, matters
from benchmarks.databases import CALLER_CORE, Databases, ask_database, databases
from benchmarks.machine import facts, pin
from benchmarks.rounds import BUSY, CONNECTIONS, WARM, Line, answered, judged, measure, ratio
from benchmarks.servers import Running, alone, running

GOAL_BARE, AIM_BARE = 0.20, 0.25
GOAL_ORM, AIM_ORM = 6.0, 8.0
STRIDE: Final = 1_000_000
"""Calls of one round, at most."""


def lines() -> dict[str, Line]:
    """What is compared. `calls`: every fourth states a matter, every eighth asks after a case, the
    others check. `jobs`: the texts, mails and recordings that they leave are sent and fetched
    meanwhile, by and from the same process, since it is its own carrier here."""
    return {
        "bare": Line("bare", checks),
        "menus and checks": Line("steps", checks),
        "calls": Line("steps", matters),
        "calls and jobs": Line("ours", matters),
        "SDK + ORM, checks": Line("sdk-orm", checks),
        "SDK + ORM, calls": Line("sdk-orm", matters),
    }


def jobs(server: Running, data: Databases) -> tuple[int, int]:
    """The outbox's jobs: finished, and still waiting."""
    found = data.ask(server.place, "SELECT state, count(*) FROM outbox GROUP BY state")
    states = {state: int(count) for state, count in found}
    done = states.pop("done", 0) + states.pop("dead", 0)
    return done, sum(states.values())


def rounds(compared: dict[str, Line], data: Databases, count: int, seconds: float) -> None:
    """The rounds, after one that warms up."""
    with contextlib.ExitStack() as stack:
        servers = {
            kind: stack.enter_context(running(kind, data.new(kind.replace("-", "_"))))
            for kind in dict.fromkeys(line.kind for line in compared.values())
        }
        start = 0
        for number in range(count + 1):
            for name, line in compared.items():
                server = servers[line.kind]
                with alone(server, servers):
                    seen = measure(
                        line, server, data, seconds if number else min(seconds, WARM), start
                    )
                start += STRIDE
                print(f"round {number}  {name:18} {seen}", flush=True)
        done, waiting = jobs(servers["ours"], data)
    print(f"texts, mails and recordings of these calls: {done} jobs done beside, {waiting} wait")


def main() -> int:
    """Run the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    ask_database(parser)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    compared = lines()
    with databases(asked.database) as data:
        rounds(compared, data, asked.rounds, asked.seconds)
    return verdict(compared, asked.database)


def verdict(compared: dict[str, Line], database: str) -> int:
    """The goals, judged by the lower of both ratios."""
    bare, menus, calls, working, orm_menus, orm_calls = compared.values()
    print(
        f"{CONNECTIONS} connections, server on one core, {database}, every commit flushed; ratios"
    )
    print("by rate, by the server's CPU a step, and by that with PostgreSQL's; the lower of the")
    print("first two is judged")
    goals = (
        ("menus and checks / bare aiohttp", ratio(menus, bare), GOAL_BARE, AIM_BARE),
        ("calls with matters / bare aiohttp", ratio(calls, bare), GOAL_BARE, AIM_BARE),
        ("menus and checks / SDK + ORM", ratio(menus, orm_menus), GOAL_ORM, AIM_ORM),
        ("calls with matters / SDK + ORM", ratio(calls, orm_calls), GOAL_ORM, AIM_ORM),
    )
    met = [
        judged(f"{name:34} {found}", found.worst, goal, least=True, rest=f", aim {aim:g}")
        for name, found, goal, aim in goals
    ]
    print(f"{'calls and their jobs / bare aiohttp':34} {ratio(working, bare)}")
    if min(statistics.median(line.core[1:]) for line in compared.values()) < BUSY:
        print("a server's core was not full: something else limited it, rates say less than CPU")
    return 0 if answered(compared.values()) and all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
