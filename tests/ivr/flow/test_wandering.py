"""Random events on random lines: no call crashes, each ends within its bounds, and no recording
is ever two cases."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ivr.flow.event import (
    CaseFound,
    DialEnded,
    HungUp,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    Silence,
    Spoke,
)
from ivr.flow.world import Plan
from routing.cases.case import CaseState
from tests.ivr.flow.wandering import LEADER, LINE, MOBILE, Wanderer, ring
from tests.ivr.playbook import on_policy
from tests.ivr.town import Town

bounded = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ONE_KEY = st.sampled_from("1234567890*#")
NUMBERS = st.sampled_from(
    ["13912345678", "05580000021", "0000021", "110", "12345", "139", "0", "00", "462703951820",
     "46270395", "*", "12*", "*0", "5" * 32, "5" * 64, "057188888888", "0085512345678"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["我要投诉", "停水", "救命", "着火了", "help", "fire", "人工", "operator", "再说一遍", "结束",
     "bye", "一三九一二三四五六七八", "零零零零零二一", "one three nine", "看病", "二", "😀",
     "'; DROP TABLE calls; --", "<Hangup/>", "{case}", "％", "property"]
)  # fmt: skip
KEYS = st.builds(Pressed, ONE_KEY.map(lambda key: key.strip("#")), st.booleans())
EVENTS: SearchStrategy[LineEvent] = st.one_of(
    KEYS,
    KEYS,
    KEYS,
    st.builds(Pressed, NUMBERS, st.booleans()),
    st.builds(Pressed, st.text("0123456789*#ABCD", max_size=70), st.booleans()),
    st.builds(Spoke, WORDS | st.text(max_size=20)),
    st.just(Silence()),
    st.builds(
        Recorded,
        st.sampled_from(["RE1", "RE2"]),
        st.sampled_from([0, 1, 9, 10, 11, 40, 300, 86_400]),
        st.sampled_from(RecordingEnd),
    ),
    st.builds(DialEnded, st.booleans(), st.booleans(), st.sampled_from([False] * 5 + [True])),
)
DIALLED = st.sampled_from(
    [LINE, LEADER, "+865580000013", "+865580000075", "+865580000081", "+8613912345678", "12345",
     "", "anonymous", "😀" * 64, "sip:a@b", "9" * 64, "+"]
)  # fmt: skip
CALLERS = st.sampled_from(
    [
        MOBILE,
        None,
        "+865580012345",
        "+447700900123",
        "+865580000002",
        "+865580020007",
        "10086",
        "sip:x@y.z",
        "<&>",
    ]
)


class City:
    """The plan, without its half a million characters in every report of a failure."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan


@pytest.fixture(scope="module")
def city(demo_plan: Plan) -> City:
    return City(demo_plan)


def towns() -> SearchStrategy[Town]:
    """What a database might say."""
    found = st.builds(
        CaseFound,
        st.just("46270395"),
        st.sampled_from(CaseState),
        st.just("公安"),
        st.just("2026-11-26T09:30:00+00:00"),
    )
    return st.builds(
        lambda case, live, recent, locked, in_vain: Town(
            {"46270395": ("1820", case)}, live, recent, locked, in_vain={0: in_vain, 1: in_vain}
        ),
        found,
        st.sampled_from([0, 4]),
        st.sampled_from([0, 0, 5]),
        st.booleans(),
        st.sampled_from([0, 0, 6]),
    )


@bounded
@given(
    st.lists(st.tuples(EVENTS, st.integers(0, 90)), min_size=15, max_size=15),
    DIALLED,
    CALLERS,
    towns(),
)
def test_any_events_end_within_the_bounds(
    city: City,
    events: list[tuple[LineEvent, int]],
    dialled: str,
    caller: str | None,
    town: Town,
) -> None:
    """`hear` asserts what holds of every turn: a last instruction that waits or ends, phrases
    filled, one case a recording, nothing secret beside the words, and a state that reads back."""
    plan = on_policy(offices_known(city.plan, town), most_turns=14, longest_call=600)
    wanderer = ring(plan, dialled, caller, town)
    for event, seconds in events:
        if wanderer.call.over:
            break
        started = wanderer.now
        wanderer.hear(event, seconds)
        beyond = wanderer.now - wanderer.call.started >= timedelta(seconds=600)
        assert wanderer.call.over or not beyond, (started, event)

    assert wanderer.call.over
    assert len(wanderer.turns) <= 15


def offices_known(plan: Plan, town: Town) -> Plan:
    """The town's case is of an office that the plan has."""
    office = next(iter(plan.directory.offices))
    for reference, (pin, case) in town.cases.items():
        known = CaseFound(case.reference, case.state, office, case.due)
        town.cases[reference] = (pin, known)
    return plan


@bounded
@given(st.lists(EVENTS, max_size=6), DIALLED, CALLERS, towns())
def test_a_caller_who_falls_silent_is_let_go(
    city: City, events: list[LineEvent], dialled: str, caller: str | None, town: Town
) -> None:
    """From every state that events lead to, without the bound on turns."""
    wanderer = ring(offices_known(city.plan, town), dialled, caller, town)
    for event in events:
        if not wanderer.call.over:
            wanderer.hear(event)

    fall_silent(wanderer)

    assert wanderer.call.over


def fall_silent(wanderer: Wanderer) -> None:
    for _ in range(25):
        if wanderer.call.over:
            return
        wanderer.hear(wanderer.patience())


@bounded
@given(st.lists(EVENTS, max_size=6), EVENTS)
def test_a_call_that_is_over_stays_over(
    city: City, events: list[LineEvent], late: LineEvent
) -> None:
    """Whatever still arrives: nothing is done, and the answer hangs up."""
    wanderer = ring(city.plan)
    for event in events:
        wanderer.hear(event)
    wanderer.hear(HungUp())
    over = wanderer.call

    again = wanderer.hear(late)

    assert (wanderer.call, again.do) == (over, ())
