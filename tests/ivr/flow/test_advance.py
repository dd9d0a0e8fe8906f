"""Where each event leads, for what the stories in `calls/` do not reach: one row a way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.flow.advance import Endless, advance
from ivr.flow.call import Call
from ivr.flow.effect import FlagPressure, NoteVerdict, Notify, OpenCase, WithdrawCase
from ivr.flow.event import (
    Answered,
    DialEnded,
    Found,
    HungUp,
    MatterFound,
    Silence,
    Spoke,
)
from ivr.flow.instruction import Dial, Hangup, Record
from ivr.flow.matter import Taken, register
from ivr.flow.node import Act, Do, Purpose
from ivr.flow.node import Record as RecordNode
from ivr.flow.speech import say
from ivr.flow.verdict import verdict_parts
from ivr.flow.world import Plan, World
from routing.cases.kinds import Kind
from tests.ivr.flow.wandering import (
    FARMING,
    LEADER,
    LINE,
    MINE,
    MOBILE,
    NIGHT,
    PIN,
    SAID,
    TUESDAY,
    Way,
    go,
    hidden,
    key,
    ring,
    rung,
    said,
    strays,
)
from tests.ivr.playbook import on_policy
from tests.ivr.town import Town

WITHDRAWN, SUSPENDED = "+865580000024", "+865580000044"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("way", [("1", "139"), ("3", "4627"), ("7", "8"), ("2", "3", "3", "4")])
def test_each_language_has_its_own_words(demo_plan: Plan, language: str, way: Way) -> None:
    wanderer = ring(demo_plan)
    if language == "en":
        wanderer.hear(key("9"))
    go(wanderer, *way)

    assert wanderer.call.language == language
    assert wanderer.words.isascii() is (language == "en")


def test_a_fire_in_english_leads_straight_to_the_tone(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), "9", Spoke("there is a fire in my house"))

    assert (wanderer.call.at, wanderer.call.facts.danger) == ("record", True)
    assert wanderer.call.facts.kind is Kind.HELP
    assert said(wanderer, "matter.danger")
    assert isinstance(wanderer.last.say[-1], Record)


def test_what_a_node_does_not_list_is_noted(demo_plan: Plan) -> None:
    dialling = go(ring(demo_plan), "0", Silence())

    assert strays(go(ring(demo_plan), SAID).last) == ["Recorded"]
    assert strays(go(ring(demo_plan), "3", SAID).last) == ["Recorded"]
    assert strays(go(ring(demo_plan), "2", "1", "5").last) == ["Pressed"]
    assert strays(dialling.last) == ["Silence"]
    assert isinstance(dialling.last.say[-1], Dial)


@pytest.mark.parametrize(
    ("dialled", "caller", "at"),
    [
        (WITHDRAWN, MOBILE, "withdrawn"),
        (SUSPENDED, None, "suspended"),
        ("+8613912345678", None, "unlisted"),
        ("12345", MOBILE, "unlisted"),
        (LINE, LEADER, "loop"),
    ],
)
def test_where_a_call_begins(demo_plan: Plan, dialled: str, caller: str | None, at: str) -> None:
    wanderer = ring(demo_plan, dialled, caller)
    assert wanderer.call.at == at
    if not wanderer.call.over:
        go(wanderer, "1", "#")
        assert wanderer.call.at == "check_next"


def test_an_answering_call_hears_nothing_but_its_answer(demo_plan: Plan) -> None:
    call = Call("c0ffee00", MOBILE, LINE, "zh-CN", "answer", 1, TUESDAY)

    turn = advance(World(demo_plan, TUESDAY), call, Silence())

    assert (turn.call.over, turn.say) == (True, (Hangup(),))


def test_a_line_whose_first_language_is_english_greets_in_it(demo_plan: Plan) -> None:
    entry = replace(demo_plan.directory.numbers[LINE], languages=("en",))
    numbers = {**demo_plan.directory.numbers, LINE: entry}
    plan = replace(demo_plan, directory=replace(demo_plan.directory, numbers=numbers))

    wanderer = ring(plan)

    assert wanderer.call.language == "en"
    assert wanderer.words.isascii()
    assert go(wanderer, "9").call.at == "main"


@pytest.mark.parametrize(
    ("keys", "verdict"),
    [
        (f"0{LINE[3:]}#", "genuine"),
        (f"0{WITHDRAWN[3:]}#", "withdrawn"),
        (f"0{SUSPENDED[3:]}#", "suspended"),
        ("13912345678#", "not_listed"),
        ("110#", "public"),
        ("12345#", "public"),
    ],
)
def test_a_checked_number_is_counted_and_never_called_fake(
    demo_plan: Plan, keys: str, verdict: str
) -> None:
    wanderer = go(ring(demo_plan), "1", keys)

    assert NoteVerdict(verdict) in wanderer.last.do
    assert "12345" in wanderer.words or verdict in ("genuine", "public")
    assert not any(word in wanderer.words for word in ("假", "骗"))
    assert wanderer.matters == []


def test_a_verdict_without_a_number_says_nothing(demo_plan: Plan) -> None:
    call = ring(demo_plan).call

    assert list(verdict_parts(World(demo_plan, TUESDAY), call)) == []


def test_a_result_is_texted_once_a_number_and_to_mobiles_alone(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), "1", "13912345678#", "3")
    first = wanderer.last.do
    again = go(wanderer, "3").last.do

    assert first == again
    assert isinstance(first[0], Notify)
    assert first[0].to == MOBILE
    landline = go(ring(demo_plan, caller="+865580012345"), "1", "110#", "3")
    assert landline.last.do == ()
    assert landline.call.at == "check_next"


def test_nobody_is_left_after_the_last_quota(demo_plan: Plan) -> None:
    """The official's phone alone, and today's calls are used up: the case stands."""
    office = demo_plan.directory.numbers[LEADER].office
    alone = replace(demo_plan.directory.offices[office], pool_number=None, stand_in_number=None)
    offices = {**demo_plan.directory.offices, office: alone}
    plan = replace(demo_plan, directory=replace(demo_plan.directory, offices=offices))

    wanderer = go(ring(plan, LEADER, town=Town(live_calls=4)), "2", "1", "#", SAID)

    assert wanderer.call.at == "none_case"
    assert said(wanderer, "none.case")
    assert go(ring(plan, LEADER), "0").call.at == "none_message"


def test_who_comes_after_a_used_up_quota_is_named_once(demo_plan: Plan) -> None:
    """Nobody was rung yet, so nobody has failed to answer."""
    office = demo_plan.directory.numbers[LEADER].office
    alone = replace(demo_plan.directory.offices[office], stand_in_number=None)
    offices = {**demo_plan.directory.offices, office: alone}
    plan = replace(demo_plan, directory=replace(demo_plan.directory, offices=offices))

    wanderer = go(ring(plan, LEADER, town=Town(live_calls=4)), "2", "1", "#", SAID)

    assert rung(wanderer) == alone.pool_number
    assert said(wanderer, "put.full")
    assert not said(wanderer, "put.next")


def test_who_declined_is_not_rung_again(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), "2", "1", SAID)
    first = rung(wanderer)
    go(wanderer, DialEnded(accepted=False, declined=True))
    assert rung(wanderer) != first

    go(wanderer, DialEnded(accepted=False, declined=False))
    assert wanderer.call.at == "none_case"
    go(wanderer, "0")
    assert rung(wanderer) not in (first, None)


def test_a_talk_has_its_bound(demo_plan: Plan) -> None:
    for bound in (None, 600):
        plan = demo_plan if bound is None else on_policy(demo_plan, longest_talk=bound)
        dial = go(ring(plan), "0").last.say[-1]

        assert isinstance(dial, Dial)
        assert dial.longest == (bound or 7200)


def test_a_caller_who_hangs_up_while_it_rings_leaves_the_case(demo_plan: Plan) -> None:
    gone = DialEnded(accepted=False, declined=False, caller_gone=True)
    wanderer = go(ring(demo_plan), "2", "1", SAID, gone)

    assert (wanderer.call.over, wanderer.matters) == (True, [3])


def test_without_a_whisper_only_an_attended_office_rings(demo_plan: Plan) -> None:
    plan = on_policy(demo_plan, whispers=False)
    assert go(ring(plan, LEADER), "0").call.at == "person"
    unattended = next(
        entry.e164
        for entry in plan.directory.numbers.values()
        if not plan.directory.offices[entry.office].attended and entry.topic
    )
    wanderer = go(ring(plan, unattended), "0")

    assert wanderer.call.at in {"person", "none_message", "hours_message"}
    dial = wanderer.last.say[-1]
    assert not isinstance(dial, Dial) or not dial.whisper


def test_a_report_leaves_nothing_behind_for_the_matter_that_follows(demo_plan: Plan) -> None:
    """Whoever reports a caller and then states a matter is asked for its kind and topic."""
    wanderer = go(ring(demo_plan, FARMING), "1", "13912345678#", "2", SAID)
    assert wanderer.call.at == "report_thanks"

    go(wanderer, "2")

    assert wanderer.call.at == "kind"
    go(wanderer, "1", SAID)
    opened = [effect for turn in wanderer.turns for effect in turn.do]
    cases = [effect for effect in opened if isinstance(effect, OpenCase)]
    assert [case.kind for case in cases] == [Kind.REPORT, Kind.ENQUIRY]
    assert [case.topic for case in cases] == ["safety", "agriculture"]


def test_acts_need_a_case(demo_plan: Plan) -> None:
    """At progress they are of the case asked for; without any case nothing is written."""
    known = go(ring(demo_plan, town=MINE), "3", "46270395" + PIN)
    assert go(known, "8").last.do == (FlagPressure("46270395"),)
    assert go(known, "3").last.do == ()
    assert go(known, "1").last.do == (WithdrawCase("46270395"),)

    for act in Act:
        nodes = {**demo_plan.script.nodes, "missed": Do("missed", act, "main_again")}
        plan = replace(demo_plan, script=replace(demo_plan.script, nodes=nodes))
        assert go(ring(plan), "5").last.do == ()


def test_an_anonymous_case_stays_so_to_the_end_of_the_call(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, FARMING, now=NIGHT), "2", "1", SAID, "2", "1", SAID)

    assert wanderer.call.facts.anonymous
    assert not any(isinstance(effect, Notify) for effect in wanderer.last.do)
    assert all(MOBILE not in text for text in hidden(wanderer.last.say, wanderer.last.do))


@pytest.mark.parametrize(("seconds", "over"), [(1700, False), (1801, True)])
def test_time_is_up(demo_plan: Plan, seconds: int, over: bool) -> None:
    wanderer = ring(demo_plan)
    wanderer.hear(Silence(), seconds)

    assert wanderer.call.over is over
    assert said(wanderer, "end.time") is over


def test_what_was_said_when_time_was_up_is_a_case_and_is_told(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), "2", "1")
    wanderer.hear(SAID, 1900)

    assert wanderer.matters == [3]
    assert said(wanderer, "case.read")
    assert said(wanderer, "end.time")
    assert not said(wanderer, "put.now")
    assert wanderer.call.over


def test_a_talk_may_be_longer_than_a_call_without_one(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), "0")
    wanderer.hear(DialEnded(accepted=True, declined=False), 1900)

    assert said(wanderer, "end.bye")
    assert not said(wanderer, "end.time")
    assert wanderer.call.facts.accepted


def test_nobody_else_is_rung_when_time_is_up(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan), "0")
    wanderer.hear(DialEnded(accepted=False, declined=False), 1900)

    assert said(wanderer, "end.time")
    assert rung(wanderer) is None


def test_a_hang_up_anywhere_ends_the_call(demo_plan: Plan) -> None:
    for way in ((), ("1",), ("2", "1"), ("3",), ("0",)):
        assert go(ring(demo_plan), *way, HungUp()).last.say == (Hangup(),)


def test_a_script_that_never_waits_is_stopped(demo_plan: Plan) -> None:
    nodes = {**demo_plan.script.nodes, "missed": Do("missed", Act.LANGUAGE, "missed")}
    plan = replace(demo_plan, script=replace(demo_plan.script, nodes=nodes))

    with pytest.raises(Endless, match="missed"):
        go(ring(plan), "5")


def test_a_call_whose_node_does_not_wait_is_entered_again(demo_plan: Plan) -> None:
    """A state from a plan whose node has become another kind: the call goes on from it."""
    call = replace(ring(demo_plan).call, at="bye")
    world = World(demo_plan, TUESDAY + timedelta(seconds=5))

    assert advance(world, call, Silence()).call.over
    answering = {**demo_plan.script.nodes, "missed": demo_plan.script.nodes["answer"]}
    plan = replace(demo_plan, script=replace(demo_plan.script, nodes=answering))
    assert go(ring(plan), "5").call.over


def test_the_callback_that_opened_the_case_gives_its_number(demo_plan: Plan) -> None:
    """Found with its PIN: nothing is opened again and the caller hears the same digits."""
    call = go(ring(demo_plan), "2", "1").call
    found = Found(SAID, (MatterFound("46270395", PIN),))

    turn = advance(World(demo_plan, TUESDAY), call, found)

    assert turn.call.facts.reference == "46270395"
    assert [type(effect).__name__ for effect in turn.do] == ["AttachRecording"]


def test_a_case_cannot_be_opened_without_a_draw(demo_plan: Plan) -> None:
    call = go(ring(demo_plan), "2", "1").call
    node = demo_plan.script.nodes["record"]
    assert isinstance(node, RecordNode)

    with pytest.raises(TypeError, match="must draw"):
        register(World(demo_plan, TUESDAY), call, node, Taken(None, 0), MatterFound(None, None))
    more = replace(node, purpose=Purpose.MORE)
    nothing = register(
        World(demo_plan, TUESDAY), call, more, Taken("R", 5), MatterFound(None, None)
    )
    assert nothing == (call, ())


def test_words_that_need_a_case_are_refused_before_there_is_one(demo_plan: Plan) -> None:
    wanderer = ring(demo_plan)
    for phrase in ("case.next", "hours.case"):
        with pytest.raises(ValueError, match=r"decide|open the case"):
            say(World(demo_plan, TUESDAY), wanderer.call, phrase)


def test_the_first_webhook_again_after_the_greeting(demo_plan: Plan) -> None:
    assert strays(go(ring(demo_plan), Answered()).last) == ["Answered"]
