"""What is said only under a condition, and what is refused because nothing fills it."""

from dataclasses import replace

import pytest

from ivr.flow.call import Call, from_plain, to_plain, with_facts
from ivr.flow.effect import AttachRecording, Notify, OpenCase
from ivr.flow.event import DialEnded, MatterFound, Recorded, RecordingEnd, Silence, Spoke
from ivr.flow.instruction import Dial, Language, Record
from ivr.flow.matter import Taken, register
from ivr.flow.node import Area, Confirm, Prompt, Purpose, Text, When
from ivr.flow.node import Record as RecordNode
from ivr.flow.phrasebook import Phrase, Phrasebook
from ivr.flow.sayings import LATER, STEP_PHRASES
from ivr.flow.slots import UnknownSlot, slot
from ivr.flow.speech import holds, say, say_all, words
from ivr.flow.steps import acts, area, confirm, reach
from ivr.flow.world import Draws, Plan, World
from routing.cases.case import Confidentiality
from routing.cases.kinds import Kind
from tests.ivr.flow.wandering import (
    FARMING,
    LINE,
    MOBILE,
    NIGHT,
    PIN,
    SAID,
    TUESDAY,
    go,
    ring,
    rung,
    said,
)
from tests.ivr.playbook import on_policy
from tests.ivr.town import Town

WITHDRAWN, CLOSED_FOR_EVER, NEVER_OPEN = "+865580000024", "市统计局", "+865580000039"


@pytest.fixture
def world(demo_plan: Plan) -> World:
    return World(demo_plan, TUESDAY)


@pytest.fixture
def call(demo_plan: Plan) -> Call:
    return ring(demo_plan).call


def test_a_condition_holds_or_does_not(world: World, call: Call) -> None:
    """Each of the closed set, both ways."""
    decided = go(ring(world.plan), "2", "3", "1").call
    hidden = replace(call, caller=None)
    assert decided.decision is not None
    never = replace(decided, decision=replace(decided.decision, office=CLOSED_FOR_EVER))
    rows: dict[When, tuple[Call, Call]] = {
        When.TWO_LANGUAGES: (replace(call, dialled="12345"), call),
        When.HEARS: (call, with_facts(call, keys_only=True)),
        When.WITHHELD: (hidden, call),
        When.MOBILE: (call, with_facts(call, anonymous=True)),
        When.NOT_MOBILE: (replace(call, caller="+865580012345"), call),
        When.HELP: (with_facts(call, danger=True), call),
        When.DANGER: (with_facts(call, danger=True), call),
        When.PROTECTED: (decided, call),
        When.NAMED: (call, with_facts(call, anonymous=True)),
        When.UNNAMED: (hidden, call),
        When.REOPENS: (decided, never),
        When.NO_REOPENING: (never, decided),
        When.UNTOLD: (with_facts(call, reference="46270395"), call),
        When.AFTER_LANGUAGE: (go(ring(world.plan), "9").call, call),
    }
    one = replace(world.plan.directory.numbers[LINE], languages=("zh-CN",))
    numbers = {**world.plan.directory.numbers, LINE: one}
    plan = replace(world.plan, directory=replace(world.plan.directory, numbers=numbers))
    world = replace(world, plan=plan)

    assert set(rows) == set(When)
    for when, (yes, no) in rows.items():
        assert holds(world, yes, when), when
        assert not holds(world, no, when), when


def test_a_state_that_is_not_known_is_not_told(world: World, call: Call) -> None:
    assert say_all(world, call, (Prompt("progress.state"), Prompt("check.verdict"))) == ()


def test_slots_of_a_line_and_of_a_case(world: World, call: Call) -> None:
    assert slot(world, call, "zh-CN", "page").isdigit()
    unlisted = replace(call, dialled="+8613912345678")

    for refused, name in ((unlisted, "line"), (call, "office"), (call, "due"), (call, "nothing")):
        with pytest.raises(UnknownSlot):
            slot(world, refused, "zh-CN", name)


def test_a_phrase_without_slots_may_not_ask_for_any(world: World, call: Call) -> None:
    line = {"kind.none": Phrase.of("{line}")}
    book = Phrasebook({"zh-CN": line, "en": line})
    plan = replace(world.plan, phrases=book)

    with pytest.raises(UnknownSlot, match="takes no slots"):
        slot(replace(world, plan=plan), call, "zh-CN", "kind")


def test_an_office_that_never_opens_has_no_next_time(world: World) -> None:
    call = go(ring(world.plan), "2", "1", SAID).call
    assert call.decision is not None
    never = replace(call, decision=replace(call.decision, office=CLOSED_FOR_EVER))

    with pytest.raises(UnknownSlot, match="nobody knows"):
        slot(world, never, "en", "reopens")


@pytest.mark.parametrize(
    ("before", "heard"),
    [
        ((), "现在不办公，恢复时间另行公告。"),
        (("9",), "The office is closed until further notice."),
    ],
)
def test_who_asks_for_a_person_where_nobody_ever_is_hears_a_sentence(
    demo_plan: Plan, before: tuple[str, ...], heard: str
) -> None:
    wanderer = go(ring(demo_plan, NEVER_OPEN), *before, "0")
    assert wanderer.call.at == "person_duty"
    assert wanderer.words.startswith(heard)

    go(wanderer, "#")
    assert wanderer.call.at == "desk_message"
    assert heard not in wanderer.words  # said once is enough


def test_a_withdrawn_number_names_the_one_that_replaced_it(demo_plan: Plan) -> None:
    entry = replace(demo_plan.directory.numbers[WITHDRAWN], replaced_by=FARMING)
    numbers = {**demo_plan.directory.numbers, WITHDRAWN: entry}
    plan = replace(demo_plan, directory=replace(demo_plan.directory, numbers=numbers))

    assert said(go(ring(plan), "1", f"0{WITHDRAWN[3:]}#"), "check.replaced")
    assert said(ring(plan, WITHDRAWN), "check.replaced")


def test_who_asks_about_a_withdrawn_number_is_not_sent_to_the_paper_that_lists_it_still(
    demo_plan: Plan,
) -> None:
    checked = go(ring(demo_plan), "1", f"0{WITHDRAWN[3:]}#")
    assert said(checked, "check.hotline")
    assert "报纸" not in checked.words

    go(checked, "3")
    texts = [do.phrase for do in checked.last.do if isinstance(do, Notify)]
    assert texts == ["sms.check.hotline"]


def test_no_call_code_is_named_while_none_is_given_out(demo_plan: Plan) -> None:
    """An official who has none to tell would be taken for a swindler."""
    checked = go(ring(demo_plan, FARMING), "1", "#")

    assert said(checked, "check.ring_back")
    assert "核验码" not in checked.words


def test_no_text_goes_to_a_landline_or_without_a_number(world: World, call: Call) -> None:
    node = Text("check_text", "check_more")
    landline = with_facts(replace(call, caller="+865580012345"), checked="110")

    for nobody in (call, landline, replace(landline, caller=None)):
        step = acts.text(world, nobody, node, ())
        assert (step.say, step.do) == ((), ())


def test_nodes_that_serve_a_check_must_name_one(world: World, call: Call) -> None:
    """`review` finds it beforehand; a state that gets there all the same is a failure."""
    with pytest.raises(TypeError, match="must name a node of kind check"):
        area.hear(world, call, Area("area", "main"), Silence())
    with pytest.raises(TypeError, match="must name a node of kind check"):
        confirm._check(world, Confirm("confirm", "main"))


def test_a_line_of_many_topics_asks_within_its_group(demo_plan: Plan) -> None:
    grouped = next(
        entry
        for entry in demo_plan.directory.numbers.values()
        if entry.topic is None and entry.topic_group
    )

    assert go(ring(demo_plan, grouped.e164), "2", "1").call.at.startswith("topic_")


def test_after_two_silences_2_is_a_message_wherever_it_is_no_key(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, town=Town(recent=5)), "2")
    assert wanderer.call.at == "limit"

    go(wanderer, Silence(), Silence(), "2")

    assert wanderer.call.at == "record"
    assert isinstance(wanderer.last.say[-1], Record)


@pytest.mark.parametrize(
    ("words", "kind", "topic"),
    [
        ("我要投诉", Kind.COMPLAINT, None),
        ("家里停水", None, "water"),
        ("我想求助", Kind.HELP, None),
    ],
)
def test_words_state_what_keys_would(
    demo_plan: Plan, words: str, kind: Kind | None, topic: str | None
) -> None:
    facts = go(ring(demo_plan, "+865580000001"), Spoke(words)).call.facts

    assert (facts.kind, facts.topic) == (kind, topic)


def test_words_of_two_topics_lead_to_their_group(demo_plan: Plan) -> None:
    words = demo_plan.vocabulary.languages["zh-CN"].topics
    of_group: dict[int, list[str]] = {}
    for word, meaning in words.items():
        of_group.setdefault(meaning.group, []).append(word)  # type: ignore[union-attr]  # topics mean groups
    pair = next(
        (one, two)
        for group in of_group.values()
        for one in group
        for two in group
        if len(one) == len(two) and words[one] != words[two]
    )

    facts = go(ring(demo_plan, "+865580000001"), Spoke("、".join(pair))).call.facts

    assert facts.topic is None
    assert facts.group is not None


def test_nobody_is_rung_without_a_decision(world: World, call: Call) -> None:
    assert reach.phones_of(world, call, person=True) == ()


@pytest.mark.parametrize("keys", [("0",), ("2", "1", "#"), ("2", "2", "#"), ("9", "0")])
def test_without_a_whisper_only_a_desk_with_somebody_at_it_rings(
    demo_plan: Plan, keys: tuple[str, ...]
) -> None:
    """On every published number: never an official's phone, a stand-in or another office."""
    plan = on_policy(demo_plan, whispers=False)
    attended = {o.pool_number for o in plan.directory.offices.values() if o.attended}
    rang: set[str] = set()
    for number in plan.directory.numbers:
        wanderer = go(ring(plan, number), *keys)
        while isinstance(wanderer.last.say[-1], Record):
            go(wanderer, Recorded("RE1", 20, RecordingEnd.FINISHED))
        while isinstance(dial := wanderer.last.say[-1], Dial):
            assert not dial.whisper
            rang.add(dial.number)
            go(wanderer, DialEnded(accepted=False, declined=False))

    assert rang
    assert rang <= attended


def test_a_desk_that_may_not_be_rung_is_not_said_to_be_busy(demo_plan: Plan) -> None:
    """The case stands; nobody hears that somebody is being called, or that nobody answers."""
    plan = on_policy(demo_plan, whispers=False)
    wanderer = go(ring(plan, "+865580000022"), "2", "1")
    go(wanderer, Recorded("RE1", 20, RecordingEnd.FINISHED))

    assert said(wanderer, "case.read")
    assert not said(wanderer, "none.case")
    assert wanderer.call.at == "case_only"


def test_who_waits_for_the_second_phone_is_told(demo_plan: Plan) -> None:
    """The pool does not answer: the stand-in rings, and the caller knows."""
    wanderer = go(ring(demo_plan), "0")
    first = wanderer.last.say[-1]
    go(wanderer, DialEnded(accepted=False, declined=False))
    second = wanderer.last.say[-1]

    assert isinstance(first, Dial)
    assert isinstance(second, Dial)
    assert first.number != second.number
    assert said(wanderer, "put.stand_in")
    same = replace(wanderer.call.facts.order[0], number="+865580099999")
    wanderer.call = with_facts(wanderer.call, order=(same, same, same), rung=1)
    go(wanderer, DialEnded(accepted=False, declined=False))
    assert said(wanderer, "person.wait")


def test_nobody_is_rung_on_the_phone_they_call_from(demo_plan: Plan) -> None:
    """An official rings a line that would forward to that same phone: the next one rings."""
    office = demo_plan.directory.offices[demo_plan.directory.numbers[LINE].office]
    assert rung(go(ring(demo_plan), "0")) == office.pool_number

    assert rung(go(ring(demo_plan, caller=office.pool_number), "0")) == office.stand_in_number


def test_a_fire_told_by_an_anonymous_caller_stays_anonymous(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, FARMING, now=NIGHT), "2", "1", SAID, "2")
    assert wanderer.call.facts.anonymous

    go(wanderer, Spoke("着火了"), "#", SAID)

    opened = [effect for effect in wanderer.last.do if isinstance(effect, OpenCase)]
    assert [case.confidentiality for case in opened] == [Confidentiality.ANONYMOUS]
    assert [case.caller for case in opened] == [None]
    assert not any(isinstance(effect, Notify) for effect in wanderer.last.do)


def test_a_recording_whose_webhooks_never_came_is_a_case_without_it(world: World) -> None:
    call = go(ring(world.plan), "2", "1").call
    node = world.plan.script.nodes["record"]
    assert isinstance(node, RecordNode)
    world = replace(world, draws=Draws("46270395", PIN))

    known, effects = register(world, call, node, Taken(None, 0), MatterFound(None, None))

    assert known.facts.reference == "46270395"
    assert not any(isinstance(effect, AttachRecording) for effect in effects)
    more = replace(node, purpose=Purpose.MORE)
    assert register(world, known, more, Taken(None, 0), MatterFound(None, None))[1] == ()


def test_a_state_of_another_schema_is_refused(call: Call) -> None:
    with pytest.raises(ValueError, match="schema 99"):
        from_plain({**to_plain(call), "v": 99})


def test_a_carrier_that_hears_no_words_is_offered_none(demo_plan: Plan) -> None:
    plan = on_policy(demo_plan, hears=False)
    wanderer = ring(plan, caller=MOBILE)

    assert not said(wanderer, "menu.say")
    assert say(World(plan, TUESDAY), wanderer.call, "menu.say").text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_phrase_is_heard_with_a_brace_in_it(demo_plan: Plan, language: Language) -> None:
    """Every phrase that is said today, in a call that knows all that a call can know."""
    call = replace(go(ring(demo_plan), "2", "2", SAID).call, language=language)
    told = with_facts(call, asked="46270395", asked_office="市公安局", asked_due=TUESDAY)
    book = demo_plan.phrases.texts[language]
    for phrase in book.keys() - LATER.keys():
        given = dict.fromkeys(STEP_PHRASES.get(phrase, ()), "X")
        text = words(World(demo_plan, NIGHT), told, phrase, given)

        assert text, phrase
        assert not {"{", "}"} & set(text), phrase
