"""Every webhook twice, in every order and in parallel: the same words and one case (design §3)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from ivr.conversation.errors import (
    ConversationError,
    ForeignCall,
    ForgottenTurn,
    FutureTurn,
    UnknownCall,
    Unsettled,
)
from ivr.conversation.whispers import LegAt
from ivr.flow.call import Call
from ivr.flow.effect import CountCases
from ivr.flow.event import (
    DialEnded,
    Event,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    Silence,
    Spoke,
)
from ivr.flow.turn import Turn
from ivr.flow.world import Plan, World
from ivr.ports.recordings import RecordingRef, Transcript
from storage.tables.calls import call_ends, calls, leg_answers, rings, steps
from storage.tables.cases import cases, recordings, transcripts, tries
from tests.ivr.desk import RECORDING_TURN, SECONDS, Desk, Rung, call_of, opened

PARALLEL = 8
SAID = Recorded("RECA1", SECONDS, RecordingEnd.FINISHED)
WHOLE_CALL: tuple[LineEvent, ...] = (
    Pressed("7"),
    Spoke("我要咨询"),
    SAID,
    DialEnded(accepted=False, declined=False),
    DialEnded(accepted=False, declined=False),
    Pressed("1"),
    Recorded("REmore", 12, RecordingEnd.FINISHED),
    Silence(),
)


@pytest.fixture
async def desk(empty_database: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    async with opened(empty_database, demo_plan) as made:
        yield made


def ref_of(event: LineEvent) -> RecordingRef | None:
    if not isinstance(event, Recorded):
        return None
    return RecordingRef(event.recording, f"http://127.0.0.1/{event.recording}", event.seconds)


async def test_every_turn_eight_times_at_once_and_again(desk: Desk) -> None:
    """Byte for byte; one row a turn, one case in all."""
    first = await asyncio.gather(*(desk.answer("CA1") for _ in range(PARALLEL)))
    assert len(set(first)) == 1
    call = Rung("CA1", call_of(first[0]))
    replies = [first[0]]
    for turn, event in enumerate(WHOLE_CALL, 1):
        same = [desk.turn(call, turn, event, ref_of(event)) for _ in range(PARALLEL)]
        heard = await asyncio.gather(*same)
        assert len(set(heard)) == 1
        assert await desk.turn(call, turn, event, ref_of(event)) == heard[0]
        replies.append(heard[0])

    assert b"<Hangup" in replies[-1]
    assert len(set(replies)) == len(replies)
    assert await desk.count(calls) == 1
    assert await desk.count(steps) == len(replies)
    assert await desk.count(cases) == 1
    assert await old_turns(desk, call) == replies[1:]
    assert await desk.answer("CA1") == replies[0]


async def old_turns(desk: Desk, call: Rung) -> list[bytes]:
    """What older turns are answered, whatever the webhook says this time."""
    last = len(WHOLE_CALL)
    return [await desk.turn(call, turn, Pressed("9")) for turn in range(1, last + 1)]


async def test_old_turns_are_answered_after_a_restart(
    empty_database: Path, demo_plan: Plan
) -> None:
    async with opened(empty_database, demo_plan) as desk:
        call = await desk.ring()
        before = [await desk.turn(call, turn, Pressed("*")) for turn in (1, 2, 3)]
    async with opened(empty_database, demo_plan) as desk:
        again = [await desk.turn(call, turn, Pressed("2")) for turn in (1, 2, 3)]
        assert again == before
        assert await desk.turn(call, 4, Pressed("2")) not in before


async def test_a_turn_not_handed_out_is_refused(desk: Desk) -> None:
    call = await desk.ring()

    with pytest.raises(FutureTurn, match="not handed out"):
        await desk.turn(call, 2, Pressed("1"))
    assert await desk.count(steps) == 1
    assert b"<Gather" in await desk.turn(call, 1, Pressed("1"))


async def test_a_call_that_never_was_is_refused(desk: Desk) -> None:
    nobody = Rung("CA9", "nobody00")
    at = LegAt(nobody.id, 1, 0, 0)
    words = Transcript("停水了", "carrier")

    for refused in (
        desk.turn(nobody, 1, Pressed("1")),
        desk.callback(nobody),
        desk.conversation.leg(at, desk.ours(nobody), None),
        desk.conversation.transcript(nobody.id, desk.ours(nobody), words, "RE1"),
    ):
        with pytest.raises(UnknownCall):
            await refused
    await desk.end(nobody)
    await desk.conversation.settle(nobody.id, desk.listed)
    assert await desk.count(call_ends) == 0


@pytest.mark.parametrize("kept", [True, False])
async def test_another_leg_or_account_is_refused(
    empty_database: Path, demo_plan: Plan, kept: bool
) -> None:
    """Known from memory, and known from the database alone."""
    async with opened(empty_database, demo_plan) as desk:
        call = await desk.record()
        if kept:
            await refuses_strangers(desk, call)
    async with opened(empty_database, demo_plan) as desk:
        await refuses_strangers(desk, call)
        assert await desk.count(cases) == 0
        assert await desk.count(recordings) == 0


async def refuses_strangers(desk: Desk, call: Rung) -> None:
    stranger = Rung("CA666", call.id)
    words = Transcript("停水了", "carrier")
    for refused in (
        desk.action(stranger),
        desk.turn(stranger, 1, Pressed("1")),
        desk.turn(stranger, 99, Pressed("1")),
        desk.callback(stranger),
        desk.conversation.leg(LegAt(call.id, 3, 0, 1), desk.ours(stranger), "1"),
        desk.conversation.transcript(call.id, desk.ours(stranger), words, "RE1"),
    ):
        with pytest.raises(ForeignCall):
            await refused


async def test_no_turn_was_recording_there(desk: Desk) -> None:
    call = await desk.ring()
    ref = RecordingRef("RE1", "http://127.0.0.1/RE1", 20)

    with pytest.raises(UnknownCall, match="recording"):
        await desk.conversation.recording(call.id, 7, desk.ours(call), ref)
    await desk.conversation.recording(call.id, 1, desk.ours(call), ref)
    assert await desk.count(cases) == 0


async def test_a_whisper_eight_times_at_once_is_one_answer(desk: Desk) -> None:
    call = await desk.record()
    await desk.action(call)
    rung = [LegAt(call.id, 4, 0, step) for step in (0, 1)]

    offered = await asyncio.gather(*(whisper(desk, call, rung[0], None) for _ in range(PARALLEL)))
    accepted = await asyncio.gather(*(whisper(desk, call, rung[1], "1") for _ in range(PARALLEL)))
    declined = await whisper(desk, call, rung[1], "2")

    assert [len(set(offered)), len(set(accepted))] == [1, 1]
    assert b"<Hangup" in offered[0]
    assert b"<Hangup" not in accepted[0]
    (answer,) = await desk.rows(leg_answers)
    assert answer.accepted
    assert b"<Hangup" in declined
    end = await desk.turn(call, 4, DialEnded(accepted=False, declined=False))
    assert "再见" in end.decode()


async def test_whoever_accepts_too_late_hears_that_the_caller_is_gone(desk: Desk) -> None:
    call = await desk.record()
    await desk.action(call)
    await desk.turn(call, 4, DialEnded(accepted=False, declined=False, caller_gone=True))

    late = await whisper(desk, call, LegAt(call.id, 4, 0, 1), "1")

    assert b"<Hangup" in late
    assert await desk.count(leg_answers) == 0


async def test_a_refusal_stays_a_refusal(desk: Desk) -> None:
    """A `1` after the leg has declined does not bridge."""
    call = await desk.record()
    await desk.action(call)
    at = LegAt(call.id, 4, 0, 1)
    await whisper(desk, call, at, "2")

    again = await whisper(desk, call, at, "1")

    assert b"<Hangup" in again
    (answer,) = await desk.rows(leg_answers)
    assert not answer.accepted


@pytest.mark.parametrize(("turn", "leg"), [(4, 9), (3, 0), (9, 0)])
async def test_no_target_has_this_address(desk: Desk, turn: int, leg: int) -> None:
    call = await desk.record()
    await desk.action(call)

    with pytest.raises(UnknownCall, match="target"):
        await whisper(desk, call, LegAt(call.id, turn, leg, 0), None)


async def whisper(desk: Desk, call: Rung, at: LegAt, digits: str | None) -> bytes:
    return await desk.conversation.leg(at, desk.ours(call), digits)


async def test_a_wrong_pin_doubled_takes_one_try(desk: Desk) -> None:
    call = await desk.ring()
    await desk.turn(call, 1, Pressed("3"))
    heard = await asyncio.gather(
        *(desk.turn(call, 2, Pressed("462703950000")) for _ in range(PARALLEL))
    )

    assert len(set(heard)) == 1
    assert await desk.count(tries) == 1


async def test_words_of_a_recording_twice_are_kept_once(desk: Desk) -> None:
    call = await desk.record()
    await desk.action(call)
    for text in ("停水了", "停电了"):
        words = Transcript(text, "carrier")
        await desk.conversation.transcript(call.id, desk.ours(call), words, call.recording.sid)

    (kept,) = await desk.rows(transcripts)
    assert kept.text == "停水了"


async def test_a_recording_stays_with_the_call_that_it_is_of(desk: Desk) -> None:
    """A callback about one call that names another one's recording takes nothing from it."""
    call, other = await desk.record(), await desk.record("CA2")
    await desk.action(call)
    (before,) = await desk.rows(recordings)
    stolen = RecordingRef(call.recording.sid, "http://127.0.0.1/elsewhere", 20)
    event = Recorded(stolen.sid, stolen.seconds, RecordingEnd.FINISHED)
    words = Transcript("别人的话", "carrier")

    for refused in (
        desk.conversation.recording(other.id, RECORDING_TURN, desk.ours(other), stolen),
        desk.turn(other, RECORDING_TURN, event, stolen),
        desk.conversation.transcript(other.id, desk.ours(other), words, stolen.sid),
    ):
        with pytest.raises(ForeignCall, match="another call"):
            await refused
    await desk.turn(other, RECORDING_TURN, event)  # an action that names no address

    assert await desk.rows(recordings) == [before]
    assert await desk.count(transcripts) == 0


async def test_memory_is_only_a_cache(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest call falls out of it and goes on from what is kept."""
    monkeypatch.setattr("ivr.conversation.turns.MOST_LIVE", 2)
    rung = [await desk.ring(f"CA{n}") for n in range(4)]
    assert desk.conversation.live_calls == 2

    for call in rung:
        assert b"<Gather" in await desk.turn(call, 1, Pressed("2"))
    assert desk.conversation.live_calls == 2


async def test_memory_forgets_a_call_that_ended_at_another_replica(desk: Desk) -> None:
    """Nobody tells this one of its end."""
    await desk.ring("CA1")
    desk.clock.pass_(3600)
    await desk.ring("CA2")
    assert desk.conversation.live_calls == 2
    desk.clock.pass_(2 * 3600)
    await desk.ring("CA3")
    assert desk.conversation.live_calls == 2
    desk.clock.pass_(9 * 3600)
    late = await desk.ring("CA4")
    assert desk.conversation.live_calls == 1
    assert b"<Gather" in await desk.turn(late, 1, Pressed("2"))


async def test_a_reply_that_is_kept_no_longer_is_refused(desk: Desk) -> None:
    call = await desk.ring()
    for turn in (1, 2, 3):
        await desk.turn(call, turn, Pressed("*"))
    async with desk.database.unit_of_work() as unit:
        await unit.execute(steps.update().where(steps.c.turn < 2).values(reply=None))

    with pytest.raises(ForgottenTurn):
        await desk.turn(call, 1, Pressed("*"))
    assert issubclass(ForgottenTurn, ConversationError)


async def test_a_call_keeps_the_plan_it_began_with(empty_database: Path, demo_plan: Plan) -> None:
    """A published plan takes new calls alone; one that is no longer known gives way to today's."""
    async with opened(empty_database, demo_plan) as desk:
        old = await desk.ring("CA1")
        without = replace(demo_plan, number=2, policy=replace(demo_plan.policy, hears=False))
        desk.plans.publish(without)
        new = await desk.ring("CA2")

        assert b'input="dtmf speech"' in await desk.turn(old, 1, Pressed("*"))
        assert b'input="dtmf speech"' not in await desk.turn(new, 1, Pressed("*"))
    async with opened(empty_database, without) as desk:
        assert b'input="dtmf speech"' not in await desk.turn(old, 2, Pressed("*"))


async def test_lookups_without_end_are_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call = await desk.ring()

    def asks(world: World, call: Call, event: Event) -> Turn:
        return Turn(call, look=CountCases())

    monkeypatch.setattr("ivr.conversation.turns.advance", asks)
    with pytest.raises(Unsettled, match="more than 3 lookups"):
        await desk.turn(call, 1, Pressed("2"))
    assert await desk.count(steps) == 1


async def test_words_told_for_a_call_are_kept_with_their_event(desk: Desk) -> None:
    """What was looked up stands beside the event, so that the step can be played again."""
    call = await desk.ring()
    await desk.turn(call, 1, Pressed("2"))

    (_, step) = await desk.rows(steps, steps.c.call_id == call.id)

    kept = orjson.loads(step.event)
    assert kept["event"] == "Pressed"
    assert kept["values"] == {"digits": "2", "finished": False}
    assert [answer["answer"] for answer in kept["looked"]] == ["RecentCases"]


async def stand_in_rung(desk: Desk, number: int) -> Rung | None:
    """A call whose office does not answer; None where its stand-in is left in peace."""
    call = await desk.record(f"CA{number}", f"+86139{number:08}")
    await desk.action(call)
    reply = await desk.turn(call, 4, DialEnded(accepted=False, declined=False))
    return call if b"<Dial" in reply else None


async def test_a_persons_phone_does_not_ring_in_vain_all_day(desk: Desk) -> None:
    """Six rings within the hour that nobody took; those that somebody took do not count."""
    for number in range(2):
        taken = await stand_in_rung(desk, number)
        assert taken is not None
        await whisper(desk, taken, LegAt(taken.id, 5, 1, 1), "1")
    for number in range(2, 8):
        assert await stand_in_rung(desk, number) is not None
    assert await stand_in_rung(desk, 8) is None
    desk.clock.pass_(3600)

    assert await stand_in_rung(desk, 9) is not None


async def test_whose_phone_rang_is_kept_as_a_digest(desk: Desk) -> None:
    await stand_in_rung(desk, 1)
    phone = desk.plans.current.directory.offices["市公安局"].stand_in_number
    (row,) = await desk.rows(rings)

    assert phone is not None
    assert row.phone == desk.effects.phone_digest(phone)
