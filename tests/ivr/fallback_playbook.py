"""Plays a golden call of the plan when all fails, as `playbook` plays one of the script: what the
line hears and presses in, what is heard and kept out. `> nothing can be kept` breaks the spool."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ivr.carrier.twiml import TwimlDocuments
from ivr.flow.event import LineEvent
from ivr.flow.fallback import Line, Place, Spoken, keeps
from ivr.flow.instruction import Language
from ivr.flow.world import Plan, World
from tests.ivr.playbook import Direct, Story, StoryError, begin, read_event, spoken
from tests.ivr.wire import BASE, Wire

LANGUAGES: dict[str, Language] = {"zh": "zh-CN", "en": "en"}


@dataclass
class Outage:
    """A call on the plan alone, over a carrier's wire if there is one. `told` grows by the lines
    of the story."""

    plan: Plan
    line: Line
    now: datetime
    story: Story
    wire: Wire | None = None
    at: Place | None = None
    broken: bool = False
    told: list[str] = field(default_factory=list)

    def open(self, language: Language | None = None) -> None:
        """The first document."""
        self._take(self.plan.fallback.opening(self.line, language, self.now))

    def hear(self, event: LineEvent) -> None:
        """One event."""
        if self.at is None:
            raise StoryError("the call is over")
        plan, place = self.plan.fallback, self.at
        if self.wire is not None:
            event = self.wire.receive(event, World(self.plan, self.now), self.story.call)
        if not keeps(event):
            self._take(plan.hear(place, self.line, event, self.now))
        elif self.broken:
            self.told.append("! not kept")
            self._take(plan.unsure(place))
        else:
            self.told.append(f"! kept: {event.recording} of {event.seconds} s")
            self._take(plan.kept(place, self.line, event.end, self.now))

    def _take(self, answer: Spoken) -> None:
        lines = spoken(answer.say)
        if self.wire is not None:
            documents = TwimlDocuments(self.wire.profile, BASE)
            lines = self.wire.read(documents.fallback(answer.say, answer.then))
        self.told.extend(f"< {line}" for line in lines)
        self.at = answer.then
        self.now += timedelta(seconds=10)


def perform(text: str, plan: Plan, wire: Wire | None = None) -> str:
    """The whole story as it plays now."""
    lines: list[str] = []
    outage: Outage | None = None
    for line in text.splitlines():
        if line.startswith(("<", "!")):
            continue
        lines.append(line)
        if line.startswith("call "):
            outage = _begin(line, plan, wire)
        elif line == "> nothing can be kept" and outage is not None:
            outage.broken = True
        elif line.startswith("> ") and outage is not None:
            event = read_event(line[2:], outage.story)
            if event is None:
                raise StoryError(f"nobody can play {line!r} on the plan")
            outage.hear(event)
        if outage is not None:
            lines.extend(outage.told)
            outage.told.clear()
    if outage is None:
        raise StoryError("the story has no `call` line")
    return "\n".join(lines) + "\n"


def _begin(line: str, plan: Plan, wire: Wire | None) -> Outage:
    """`call DIALLED from CALLER at ISO`, and ` in en` where the caller's language is known."""
    rung, known, language = line.partition(" in ")
    story = begin(rung, plan, Direct())
    dialled = "" if story.call.dialled == "unknown" else story.call.dialled
    outage = Outage(plan, Line(dialled, story.call.caller), story.now, story, wire)
    outage.open(LANGUAGES[language] if known else None)
    return outage
