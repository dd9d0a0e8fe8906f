"""Golden calls through random outages: a step may be kept, fail, or be kept while its answer comes
too late; the process may die in the middle of the drain. Nobody hears silence or an exception, and
each recording that was accepted is one case."""

import asyncio
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.local.verbs import Dial, Gather, Hangup, Record, Say
from ivr.conversation.errors import ConversationError
from ivr.conversation.outage import Caller
from ivr.flow.event import DialEnded, HungUp, LineEvent, Recorded, RecordingEnd
from ivr.flow.fallback import Line, Place, Step
from ivr.flow.world import Plan
from ivr.ports.journal import Origin, Reply
from ivr.ports.journal import Step as Kept
from ivr.ports.recordings import RecordingRef
from storage.errors import StorageError
from storage.tables.cases import cases, recordings
from tests.ivr.desk import ACCOUNT, call_of
from tests.ivr.playbook import Direct, StoryError, begin, read_event
from tests.ivr.ruin import Fuse, Killed, Ruin, ruined

CALLS = sorted((Path(__file__).parents[1] / "calls").glob("*.call"))
SECRET = "nobody may hear of this"
KEPT = ("已收到", "Received")
ROUNDS = 60
CLOUDS = st.lists(st.sampled_from(["GONE", "LATE", "FINE"]), min_size=1, max_size=3)
MOMENTS = st.integers(0, 10**6)
STEPS_OF_STORIES = {"call ", "> ans", "> pre", "> say", "> sil", "> rec", "> dia", "> han"}
Story = tuple[Path, int, list[str]]


class Weather(Enum):
    """What becomes of one step."""

    FINE = "kept and answered"
    GONE = "not kept"
    LATE = "kept, but answered too late"


def weather_of(path: Path, moment: int, clouds: list[str]) -> list[Weather]:
    """Fine until some event of the story; most moments are those in which something was said."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line[:5] in STEPS_OF_STORIES]
    said = [at for at, line in enumerate(lines) if line.startswith("> record")]
    moments = [*range(len(lines)), *said * 8]
    fine = moments[moment % len(moments)]
    return [Weather.FINE] * fine + [Weather[name] for name in clouds]


@dataclass
class Storm:
    """A golden call that is played through it."""

    ruin: Ruin
    plan: Plan
    sid: str
    weather: list[Weather]
    line: Line
    call: str = ""
    turn: int = 0
    place: Place | None = None
    over: bool = False
    gone: bool = False
    accepted: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)

    async def answer(self) -> None:
        """The call comes in."""
        origin = Origin(ACCOUNT, self.sid)
        conversation = self.ruin.desk.conversation
        body = await self._through(conversation.answer(origin, self.line.caller, self.line.dialled))
        if body is None:
            await self._plan(None, None)
        else:
            self._go_on(body)

    async def hear(self, event: LineEvent, ref: RecordingRef | None) -> None:
        """One event of the line, wherever the call is by now."""
        self.gone = gone(event)
        if self.place is not None:
            await self._on_plan(event, ref)
            return
        conversation = self.ruin.desk.conversation
        ours = Origin(ACCOUNT, self.sid).__eq__
        body = await self._through(conversation.turn(self.call, self.turn, ours, event, ref))
        if body is None:
            await self._plan(event, ref)
            return
        if isinstance(event, Recorded) and event.seconds > 0:
            self._note(event, body)
        self._go_on(body)

    async def _through(self, step: Any) -> bytes | None:
        """The step's document; None where the plan must answer."""
        weather = self.weather.pop(0) if self.weather else Weather.FINE
        journal = self.ruin.desk.conversation._stores.journal
        append = journal.append

        async def gone(_: Kept) -> Reply:
            raise StorageError(SECRET)

        async def late(kept: Kept) -> Reply:
            await append(kept)
            raise TimeoutError(SECRET)

        with pytest.MonkeyPatch.context() as patch:
            if weather is not Weather.FINE:
                patch.setattr(journal, "append", gone if weather is Weather.GONE else late)
            try:
                body: bytes = await step
            except ConversationError:  # a story that goes on where this call has gone elsewhere
                self.over = self.gone = True
                return b"<Response><Hangup/></Response>"
            except (StorageError, TimeoutError):
                return None
        return body

    def _caller(self) -> Caller:
        known = self.ruin.desk.conversation.remembered(self.call)
        language = None if known is None else known.language
        matter = (self.call, self.turn) if self.call else None
        return Caller(Origin(ACCOUNT, self.sid), self.line, language, matter)

    async def _plan(self, event: LineEvent | None, ref: RecordingRef | None) -> None:
        body = await self.ruin.outage.answer(self._caller(), event, ref)
        self._accept(event, body)
        self._follow(body)

    async def _on_plan(self, event: LineEvent, ref: RecordingRef | None) -> None:
        assert self.place is not None
        caller = Caller(Origin(ACCOUNT, self.sid), self.line)
        body = await self.ruin.outage.following(caller, self.place, event, ref)
        self._accept(event, body)
        self._follow(body)

    def _accept(self, event: LineEvent | None, body: bytes) -> None:
        """What the caller was told is kept must be."""
        if isinstance(event, Recorded) and any(word in body.decode() for word in KEPT):
            self.accepted.add(event.recording)

    def _note(self, event: Recorded, body: bytes) -> None:
        if "已登记" in body.decode() or "Registered" in body.decode():
            self.accepted.add(event.recording)

    def _follow(self, body: bytes) -> None:
        """Where the plan goes on, as its addresses say."""
        verbs = self._heard(body)
        text = body.decode()
        self.over = isinstance(verbs[-1], Hangup)
        if not self.over:
            tag, step = text.rpartition("/voice/fallback/")[2].split("/")[:2]
            step = step.partition("#")[0].partition('"')[0]
            self.place = Place("en" if tag == "en" else "zh-CN", Step(step))

    def _go_on(self, body: bytes) -> None:
        verbs = self._heard(body)
        self.over = self.over or isinstance(verbs[-1], Hangup)
        if not self.over:
            self.call = call_of(body)
            self.turn += 1

    def _heard(self, body: bytes) -> tuple[Any, ...]:
        """Words, and then something that waits or ends; never an exception's."""
        verbs = read_twiml(body.decode()).verbs
        assert SECRET not in body.decode()
        assert isinstance(verbs[-1], Gather | Record | Dial | Hangup)
        self.heard.append(body.decode())
        assert self.gone or any(isinstance(verb, Say | Gather) for verb in verbs), body
        return verbs


def gone(event: LineEvent) -> bool:
    """Whether nobody is there any more to hear the answer."""
    left = isinstance(event, DialEnded) and (event.caller_gone or event.accepted)
    hung_up = isinstance(event, Recorded) and event.end is RecordingEnd.HANGUP
    return left or hung_up or isinstance(event, HungUp)


async def play(ruin: Ruin, plan: Plan, path: Path, weather: list[Weather], number: int) -> Storm:
    """The events of a story, as far as the call goes."""
    storm = Storm(ruin, plan, f"CA{number}", weather, Line("", None))
    story, made = None, 0
    for text in path.read_text(encoding="utf-8").splitlines():
        if text.startswith("call "):
            story = begin(text, plan, Direct())
            storm.line = Line(story.call.dialled, story.call.caller)
            await storm.answer()
        elif text.startswith("> ") and story is not None and not storm.over:
            try:
                event = read_event(text[2:], story)
            except StoryError:
                continue
            if event is None:
                continue
            ref = None
            if isinstance(event, Recorded):
                made += 1
                event = Recorded(f"RE{number}x{made}", event.seconds, event.end)
                ref = RecordingRef(event.recording, "http://127.0.0.1/x", event.seconds)
            await storm.hear(event, ref)
    if not storm.over:
        await storm.hear(HungUp(), None)
    return storm


async def drained(ruin: Ruin, deaths: list[int]) -> None:
    """By processes that die after so many writes, then by one that lives."""
    for writes in deaths:
        ruin.restart(Fuse(writes))
        try:
            await ruin.drain()
        except Killed:
            continue
    ruin.restart()
    await ruin.drain(2)


async def one_storm(folder: Path, plan: Plan, stories: list[Story], deaths: list[int]) -> None:
    async with ruined(folder / "house.db", folder / "spool", plan) as ruin:
        storms = [
            await play(ruin, plan, path, weather_of(path, moment, clouds), number)
            for number, (path, moment, clouds) in enumerate(stories)
        ]
        await drained(ruin, deaths)
        accepted = set().union(*(storm.accepted for storm in storms))
        joined = {row.sid: row.reference for row in await ruin.desk.rows(recordings)}
        opened = Counter(row.reference for row in await ruin.desk.rows(cases))

        assert accepted <= {sid for sid, reference in joined.items() if reference is not None}
        assert set(opened.values()) <= {1}
        assert opened.keys() == {each for each in joined.values() if each is not None}
        assert not list((folder / "spool").glob("*.jsonl"))


class Folder:
    """What each example begins with; shown, it says nothing."""

    def __init__(self, migrated: Path, plan: Plan) -> None:
        self.migrated = migrated
        self.plan = plan

    def __repr__(self) -> str:
        return "Folder()"


@pytest.fixture(scope="module")
def fresh(migrated: Path, demo_plan: Plan) -> Folder:
    return Folder(migrated, demo_plan)


@given(
    st.lists(
        st.tuples(st.sampled_from(CALLS), MOMENTS, CLOUDS),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.integers(min_value=1, max_value=6), max_size=3),
)
@settings(
    max_examples=ROUNDS,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_nobody_hears_silence_and_nothing_accepted_is_lost(
    fresh: Folder, stories: list[Story], deaths: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copy(fresh.migrated, folder / "house.db")
        asyncio.run(one_storm(folder, fresh.plan, stories, deaths))
