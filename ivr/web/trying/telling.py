"""A call that was played, in the words of the page: a bubble for all that is heard, done and
keyed, what counts now, and what the rules were asked. Counterpart of `play`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ivr.flow.call import with_facts
from ivr.flow.effect import (
    AttachRecording,
    Effect,
    EndRound,
    FlagPressure,
    MakeAnonymous,
    NoteRing,
    NoteStray,
    NoteTaken,
    NoteVerdict,
    Notify,
    OpenCase,
    ReturnToken,
    RingLeg,
    SendCopy,
    TakeToken,
    TellOffice,
    WithdrawCase,
)
from ivr.flow.instruction import Ask, Dial, Hangup, Hold, Join, Leave, Record, Reject, Say, Tone
from ivr.flow.labels import read_out
from ivr.flow.listening import keys_offered
from ivr.flow.node import Area, Confirm, Menu
from ivr.flow.steps.reach import at_work, phones_of
from ivr.flow.world import Plan
from ivr.web.trying.moves import WRITTEN, Deed, Key, Words
from ivr.web.trying.play import Ignored, Played, Ringing, Shown, is_over
from routing.cases.reference import spaced
from routing.numbers.forms import mask_all, masked
from routing.rules.ruleset import How
from routing.rules.targets import Role, Target
from routing.rules.wording import Wording
from routing.web.moments import written
from routing.web.wording import Tongue

Speak = Callable[..., str]
"""The words of an id with its slots, in the visitor's language."""
PERSON, AGAIN = "0", "*"


@dataclass(frozen=True, slots=True)
class Bubble:
    """One line of the call: `kind` is `say` (the line), `you` (the caller), `them` (who is rung)
    or `note`; `lang` the language that it is in."""

    kind: str
    text: str
    lang: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A move that counts now: what it adds to the line, and what it does."""

    move: str
    label: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Puts a call into words; `t` speaks the page's own."""

    plan: Plan
    t: Speak
    tongue: Tongue

    @property
    def wording(self) -> Wording:
        """Names of offices and topics."""
        return Wording(self.plan.directory)

    def bubbles(self, played: Played) -> Iterator[Bubble]:
        """All of the call, in order."""
        for one in played.shown:
            yield from self._bubbles(one)
        if played.keyed:
            yield self._note("keyed", keys=played.keyed)

    def _bubbles(self, one: Shown) -> Iterator[Bubble]:  # noqa: C901, PLR0912 - one arm a thing shown
        match one:
            case Say():
                yield Bubble("say", one.text, one.language)
            case Ask():
                yield from (Bubble("say", said.text, said.language) for said in one.prompts)
            case Record():
                yield self._note("records", most=one.longest)
            case Ringing():
                yield from self._ringing(one)
            case Hangup():
                yield self._note("ends")
            case Reject(reason):
                yield self._note(f"never_{reason.value}")
            case Key(key):
                yield Bubble("you", self.t("trying.pressed", key=key), self.tongue)
            case Words(text):
                yield Bubble("you", text, self.tongue)
            case Deed():
                kind = "them" if one in _THEIRS else "you"
                yield Bubble(kind, self.t(f"trying_deed.{_word(one)}"), self.tongue)
            case Ignored(move):
                what = WRITTEN[move][self.tongue] if isinstance(move, Deed) else _typed(move)
                yield self._note("ignored", what=what)
            case Hold():
                yield self._note("together")
            case Dial() | Join() | Tone() | Leave():
                pass  # shown as Ringing, or heard by whoever waits and whoever is rung
            case _:
                yield from self._done(one)

    def _ringing(self, one: Ringing) -> Iterator[Bubble]:
        who = self.t("trying.somebody") if one.target is None else self.who(one.target)
        number = masked(one.number)
        yield self._note("rings", who=who, number=number, seconds=one.seconds)
        yield from (Bubble("them", said.text, said.language) for said in one.heard)

    def who(self, target: Target) -> str:
        """Whose phone it is."""
        office = self.wording.office(target.office)[self.tongue]
        entry = self.plan.directory.numbers.get(target.official or "")
        if target.role is Role.OFFICIAL and entry is not None:
            return entry.post[self.tongue]
        if target.service is not None:
            return self.plan.directory.public_services[target.service][self.tongue]
        return self.t(
            f"trying_role.{target.role.value}", office=office, member=self._member(target)
        )

    def _member(self, target: Target) -> str:
        """The roster's name and the member's post."""
        roster = self.plan.rosters.get(target.roster or "")
        if roster is None:
            return ""
        posts = (one.post[self.tongue] for one in roster.members if one.id == target.member)
        return f"{roster.names[self.tongue]} {next(posts, '')}".rstrip()

    def _done(self, done: Effect) -> Iterator[Bubble]:  # noqa: C901 - one arm an effect
        match done:
            case OpenCase():
                yield self._case(done)
            case AttachRecording():
                yield self._note("attached", seconds=done.seconds)
            case MakeAnonymous():
                yield self._note("anonymous")
            case WithdrawCase():
                yield self._note("withdrawn")
            case FlagPressure():
                yield self._note("pressure")
            case Notify():
                yield self._note("texted", to=masked(done.to), text=self._text(done))
            case TellOffice(office=office):
                yield self._note("told", office=self.wording.office(office)[self.tongue])
            case SendCopy(office=office):
                yield self._note("copied", office=self.wording.office(office)[self.tongue])
            case NoteVerdict(verdict):
                yield self._note("verdict", verdict=self.t(f"trying_verdict.{verdict}"))
            case TakeToken():
                yield self._note("token")
            case ReturnToken():
                yield self._note("token_back")
            case NoteStray() | NoteRing() | NoteTaken() | RingLeg() | EndRound():
                pass  # counted, and nothing that anybody hears or gets

    def _case(self, case: OpenCase) -> Bubble:
        topic = self.plan.directory.topics.get(case.topic or "")
        return self._note(
            "case_opened",
            reference=spaced(case.reference),
            office=self.wording.office(case.office)[self.tongue],
            kind=self.t(f"trying_kind.{case.kind.value}"),
            topic=self.t("trying.no_topic") if topic is None else topic.names[self.tongue],
            due=written(case.due, self.plan.zone, self.tongue),  # type: ignore[arg-type]  # a ZoneInfo
            sealed=self.t(f"trying_sealed.{case.confidentiality.value}"),
        )

    def _text(self, text: Notify) -> str:
        slots = text.slots
        return mask_all(self.plan.phrases.say(text.phrase, text.language, slots.__getitem__))

    def _note(self, word: str, **slots: object) -> Bubble:
        return Bubble("note", self.t(f"trying.{word}", **slots), self.tongue)

    def offers(self, played: Played) -> Iterator[Offer]:
        """The keys and deeds that count now."""
        match played.waits:
            case Ask():
                yield from self._keys(played)
                yield from self._deeds(Deed.SILENCE, Deed.HANG_UP)
            case Record():
                yield Offer("#", self.t("trying.finished"))
                yield Offer(PERSON, self.t("trying.person"))
                yield from self._deeds(Deed.SILENCE, Deed.HANG_UP)
            case Dial(whisper=whisper):
                asked = (Deed.DECLINE,) if whisper else ()
                yield from self._deeds(Deed.ACCEPT, *asked, Deed.NO_ANSWER, Deed.HANG_UP)
            case Hold():
                yield from self._deeds(Deed.ACCEPT, Deed.DECLINE, Deed.NO_ANSWER, Deed.HANG_UP)
            case _:
                return

    def _keys(self, played: Played) -> Iterator[Offer]:
        node = played.world.plan.script.nodes[played.call.at]
        if isinstance(node, Confirm) or (isinstance(node, Menu) and played.call.facts.guess):
            yield Offer("1", self.t("trying.right"))
            yield Offer("2", self.t("trying.wrong"))
        elif isinstance(node, Area):
            yield Offer("1", self.t("trying.right"))
        elif isinstance(node, Menu):
            yield from self._options(played, node)
        yield Offer(PERSON, self.t("trying.person"))
        yield Offer(AGAIN, self.t("trying.again"))

    def _options(self, played: Played, node: Menu) -> Iterator[Offer]:
        labels = {key: label for label, key in read_out(played.world, played.call, node)}
        keys = keys_offered(played.world, played.call, node)
        for key in (*keys, "#") if node.none and "#" not in keys else keys:
            yield Offer(key, labels.get(key, ""))

    def _deeds(self, *deeds: Deed) -> Iterator[Offer]:
        for deed in deeds:
            yield Offer(WRITTEN[deed][self.tongue], self.t(f"trying_deed.{_word(deed)}"))

    def phones(self, played: Played) -> Iterator[str]:
        """Whom the decision rings, in order, and who of them was not at work when it fell: a call
        may last beyond an office's hours. A case alone rings nobody; whoever asks for a person then
        sees in the call who is rung."""
        settled = played.settled
        if settled is None or settled.decision.how is How.CASE_ONLY:
            return
        call = with_facts(replace(played.call, decision=settled.decision), declined=())
        world = replace(played.world, now=settled.facts.at)
        phones = phones_of(world, call, person=settled.person)
        there = at_work(world, phones)
        for target in phones:
            word = "trying.phone" if target in there else "trying.phone_off"
            yield self.t(word, who=self.who(target), number=masked(target.number))


_THEIRS: Final = frozenset({Deed.ACCEPT, Deed.DECLINE, Deed.NO_ANSWER})


def _word(deed: Deed) -> str:
    return deed.value.replace("-", "_")


def _typed(move: Key | Words) -> str:
    return move.key if isinstance(move, Key) else move.text


def hears(played: Played) -> Mapping[str, bool]:
    """Which fields of the page take something now."""
    waits = played.waits
    asks = isinstance(waits, Ask)
    words = isinstance(waits, Record) or (isinstance(waits, Ask) and waits.speech)
    return {"keys": asks, "words": words, "over": is_over(played)}
