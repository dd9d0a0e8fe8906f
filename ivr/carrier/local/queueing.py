"""Enqueue and ``<Dial><Queue>``: one leg waits, hearing a document over and over, another comes for
it, and both talk.

Counterpart of ``dialling.py``, where one leg rings the other. Each leg is carried by
its own task, and resumes by itself after a restart (twilio-voice §5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ivr.carrier.local.desk import Desk, new_token, next_request
from ivr.carrier.local.documents import Fetched, fetch, resolve
from ivr.carrier.local.leg import CutOff, Deadline, Gone, Leg, Sound, TurnedAway
from ivr.carrier.local.messages import Bridged, Hush, Ringback, Unbridged
from ivr.carrier.local.queues import Bridge, Place
from ivr.carrier.local.speaking import speak
from ivr.carrier.local.state import Attempt, Dialling, Queued, Request, Status
from ivr.carrier.local.tasks import race
from ivr.carrier.local.twiml_reader import SCHEMA, read_twiml
from ivr.carrier.local.verbs import (
    Dial,
    Enqueue,
    Hangup,
    Leave,
    Pause,
    Play,
    Redirect,
    Remark,
    Say,
    Verb,
)
from ivr.carrier.local.webhooks import Failure, Params

PACE = 2.0
"""Seconds from one request for what is heard to the next, at least: a phone that hears nothing, as
a terminal, would have it asked for as fast as can be."""
_FAILED = Attempt("", Status.FAILED)


class HungUp(Exception):
    """What is heard while waiting says to hang up."""


async def enqueue(leg: Leg, desk: Desk, verb: Enqueue) -> Request | None:
    """Wait, then talk; the action's request, or None to go on with the next verb.

    Raises ``Gone``, ``CutOff`` and ``HungUp`` with the action's request already pending.
    """
    state = leg.state.queued or Queued(desk.instant())
    place = desk.queues.enter(leg, verb.queue, state.sid, state.bridged)
    leg.note(queued=replace(state, sid=desk.queues.sid(verb.queue)))
    result = "hangup"
    try:
        leg.stand("ringback", Ringback(True))
        left = await race(_hear(leg, desk, verb, place), _until(place.came))
        leg.lift("say", "ringback")
        leg.tell(Hush())
        if place.bridge is not None:
            result = "bridged"
            await _waiting_talks(leg, desk, place.bridge)
        else:
            leg.tell(Ringback(False))
            result = left or "leave"
    except (Gone, CutOff, HungUp):
        _note_action(leg, desk, verb, result)
        raise
    finally:
        desk.queues.leave(place)
        leg.lift("say", "ringback", "bridged")
    _note_action(leg, desk, verb, result)
    return leg.state.pending


def _note_action(leg: Leg, desk: Desk, verb: Enqueue, result: str) -> None:
    """What the action is told (§1 Enqueue action)."""
    told: Params = (("QueueResult", result), *_place_in_time(leg, desk))
    pending = None if verb.action is None else next_request(leg, verb.action, verb.method, told)
    leg.note(queued=None, pending=pending)


def _place_in_time(leg: Leg, desk: Desk) -> Params:
    queued = leg.state.queued or Queued(desk.instant())
    return (("QueueSid", queued.sid or ""), ("QueueTime", str(desk.since(queued.since))))


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _hear(leg: Leg, desk: Desk, verb: Enqueue, place: Place) -> str:
    """The document, asked for again whenever it runs out (§5), until it says to leave."""
    if place.promised is not None:  # a restart in the middle of a talk
        end = leg.deadline(leg.timing.back / leg.timing.second)
        while await leg.hear(end) is not None:
            pass
        return "bridged"
    address = verb.wait_url
    clock = asyncio.get_running_loop().time
    while address is not None:
        until = clock() + PACE * leg.timing.second
        document = await _document(leg, desk, verb, address)
        following = None if document is None else await _play(leg, desk, document)
        if following == "":
            return "leave"
        address = following or verb.wait_url
        await asyncio.sleep(max(until - clock(), 0))
    while True:  # silence until somebody comes
        await leg.hear(leg.deadline(None))


async def _document(leg: Leg, desk: Desk, verb: Enqueue, address: str) -> tuple[Verb, ...] | None:
    """What is heard next; None where it cannot be had, which is remarked on."""
    waiting = desk.queues.waiting(verb.queue)
    position = next((at for at, one in enumerate(waiting, 1) if one.leg is leg), 1)
    extra: Params = (
        ("QueuePosition", str(position)),
        *_place_in_time(leg, desk),
        ("AvgQueueTime", "0"),
        ("CurrentQueueSize", str(len(waiting))),
        ("MaxQueueSize", "1000"),
    )
    url = resolve(leg.state, address)
    request = Request(url, new_token(), verb.wait_method, extra)
    fetched = await fetch(desk.post, leg.state, desk.account, request, desk.dialect)
    if isinstance(fetched, Failure):
        leg.remark(Remark(fetched.code, fetched.text))
        return None
    assert isinstance(fetched, Fetched)
    return read_twiml(fetched.body, desk.dialect).verbs


async def _play(leg: Leg, desk: Desk, verbs: tuple[Verb, ...]) -> str | None:
    """Carry it out: "" to leave, another document's address, or None at its end. Only some verbs
    have a place there (§5 Enqueue); Gather is not carried out here."""
    for verb in verbs:
        match verb:
            case Say() | Play() | Pause():
                await speak(leg, desk, verb)
            case Leave():
                return ""
            case Redirect(url):
                return url
            case Hangup():
                raise HungUp
            case _:
                leg.remark(Remark(SCHEMA, f"<{type(verb).__name__}> has no place in a queue"))
    return None


async def _waiting_talks(leg: Leg, desk: Desk, bridge: Bridge) -> None:
    """The side that waited, until either is gone."""
    queued = leg.state.queued
    assert queued is not None
    leg.note(queued=replace(queued, bridged=bridge.callee.state.sid))
    leg.stand("bridged", Bridged(bridge.callee.state.to))
    await _talk(leg, bridge.callee, bridge)
    leg.tell(Unbridged(desk.since(bridge.at)))


async def dial_queue(leg: Leg, desk: Desk, verb: Dial) -> Request | None:
    """Connect with who waits first; the action's request, or None to go on with the next verb."""
    queue = verb.queue or ""
    done = _FAILED  # no such queue (§5 Queue)
    try:
        place = await _first(leg, desk, verb, queue)
        if place is not None:
            done = await _connected(leg, desk, verb, place)
        elif desk.queues.sid(queue) is not None:
            done = Attempt("", Status.NO_ANSWER)
    finally:
        leg.lift("bridged")
    leg.note(dialling=None)
    if verb.action is None:
        return None
    return next_request(leg, verb.action, verb.method, _outcome(done, desk))


def _outcome(done: Attempt, desk: Desk) -> Params:
    told = [("DialCallStatus", str(done.status))]
    if done.bridged:
        told += [("DialCallSid", done.sid), ("DialCallDuration", str(done.seconds))]
    if desk.dialect.bridged:
        told.append(("DialBridged", "true" if done.bridged else "false"))
    return tuple(told)


async def _first(leg: Leg, desk: Desk, verb: Dial, queue: str) -> Place | None:
    """Who waits first, waited for at most the verb's time-out (§5 Queue); after a restart, who was
    being talked with."""
    sid = leg.state.sid
    again = leg.state.dialling is not None
    seconds = leg.timing.back / leg.timing.second if again else verb.timeout
    end = leg.deadline(seconds)
    while True:
        moved = desk.queues.moved
        place = desk.queues.head(queue, sid)
        if place is not None or (desk.queues.sid(queue) is None and not again):
            return place
        if not await _somebody_moves(leg, moved, end):
            return None


async def _somebody_moves(leg: Leg, moved: asyncio.Event, end: Deadline) -> bool:
    """False once the time is up."""

    async def heard() -> bool:
        while await leg.hear(end) is not None:
            pass
        return False

    return await race(heard(), _until(moved)) is None


async def _connected(leg: Leg, desk: Desk, verb: Dial, place: Place) -> Attempt:
    other = place.leg
    known = leg.state.dialling
    at = known.bridged_at if known is not None and known.bridged_at else desk.instant()
    leg.note(dialling=Dialling((other.state.sid,), (), other.state.sid, at))
    bridge = Bridge(leg, at)
    place.connect(bridge)
    leg.stand("bridged", Bridged(leg.state.from_))  # as on any phone: what rang it
    await race(_limit(leg, verb.time_limit), _talk(leg, other, bridge))
    bridge.over.set()
    seconds = desk.since(at)
    leg.tell(Unbridged(seconds))
    return Attempt(other.state.sid, Status.COMPLETED, answered=True, bridged=True, seconds=seconds)


async def _limit(leg: Leg, seconds: float) -> None:
    await asyncio.sleep(seconds * leg.timing.second)


async def _talk(leg: Leg, other: Leg, bridge: Bridge) -> None:
    """Voice from this leg to the other, until either is gone."""
    try:
        await race(_carry(leg, other.tell), _until(bridge.over))
    except (Gone, CutOff, TurnedAway):
        bridge.over.set()
        raise


async def _carry(leg: Leg, tell: Callable[[bytes], None]) -> None:
    while True:
        heard = await leg.hear(leg.deadline(None))
        if isinstance(heard, Sound):
            tell(heard.frames)
