"""Dial: rings targets together or in turn, lets the callee hear a whisper, bridges.

Resumable: after a restart targets are rung again under their old sids, and a
bridged pair is bridged again once both phones are back (twilio-voice §5 Dial).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ivr.carrier.local.desk import Desk, new_token, next_request
from ivr.carrier.local.dialects import Dialect
from ivr.carrier.local.documents import resolve
from ivr.carrier.local.leg import CutOff, Gone, Leg, Pressed, Sound, TurnedAway
from ivr.carrier.local.messages import Bridged, By, Ringback, Unbridged
from ivr.carrier.local.ringing import answer, progress, ring
from ivr.carrier.local.state import Attempt, Dialling, Direction, LegState, Request, Status
from ivr.carrier.local.tasks import race
from ivr.carrier.local.verbs import Dial, Remark, Target
from ivr.carrier.local.webhooks import Params

Whisper = Callable[[Leg], Awaitable[bool]]
_DIALABLE = re.compile(r"\+?[0-9]{3,15}")
_UNANSWERED = -1


async def dial(leg: Leg, desk: Desk, verb: Dial, whisper: Whisper) -> Request | None:
    """Put the leg through; the action's request, or None to go on with the next verb.

    ``whisper`` carries out the callee's document and says whether the callee may be
    bridged. If the caller hangs up, ``Gone`` is raised with the action's request
    already pending: it is still to be sent, with a finished CallStatus (§1).
    """
    attempts = _Attempts(leg, desk, verb, whisper)
    try:
        last = await attempts.run()
    except (Gone, CutOff):
        last = attempts.abandon()
        if verb.action is not None:
            leg.note(
                pending=next_request(leg, verb.action, verb.method, _outcome(last, desk.dialect))
            )
        raise
    except TurnedAway:
        attempts.abandon()  # redirecting a parent drops the child (§7)
        raise
    finally:
        leg.lift("ringback", "bridged")
    if last.bridged:
        leg.tell(Unbridged(last.seconds))
    else:
        leg.tell(Ringback(False))
    if verb.action is None:
        return None
    return next_request(leg, verb.action, verb.method, _outcome(last, desk.dialect))


def _outcome(last: Attempt, dialect: Dialect) -> Params:
    """What the action is told. A callee who was answered but never bridged (declined in
    the whisper, or a voicemail) is `completed` with DialBridged=false (§1)."""
    told = [("DialCallStatus", str(Status.COMPLETED if last.answered else last.status))]
    if last.bridged or not dialect.joined_only:
        told += [("DialCallSid", last.sid), ("DialCallDuration", str(last.seconds))]
    if dialect.bridged:
        told.append(("DialBridged", "true" if last.bridged else "false"))
    return tuple(told)


@dataclass(slots=True)
class _Attempts:
    leg: Leg
    desk: Desk
    verb: Dial
    whisper: Whisper
    live: dict[str, Leg] = field(default_factory=dict)

    async def run(self) -> Attempt:
        """The attempt that decides the outcome."""
        if self.leg.state.dialling is None:
            sids = tuple(self.desk.dialect.new_sid("CA") for _ in self.verb.targets)
            self.leg.note(dialling=Dialling(sids))
        if (fault := self._fault()) is not None:
            self.leg.remark(fault)
            return Attempt("", Status.FAILED)
        if self._dialling.bridged is not None:  # a restart in the middle of a talk
            return await self._talk(self._open(self._dialling.sids.index(self._dialling.bridged)))
        self.leg.stand("ringback", Ringback(True))
        reached = await race(self._reach(), self._watch())
        assert reached is not None  # the watch only ever raises
        return await self._talk(reached) if isinstance(reached, Leg) else reached

    def _fault(self) -> Remark | None:
        """What makes the whole Dial fail: callerId must be the call's own To or From
        (§5), and there must be somebody to ring."""
        own = {self.leg.state.to, self.leg.state.from_}
        if self.verb.caller_id is not None and self.verb.caller_id not in own:
            return Remark(13214, "callerId is neither the To nor the From of this call")
        if not self.verb.targets:
            return Remark(13224, "<Dial> has nobody to ring")
        return None

    async def _watch(self) -> None:
        """The caller's own leg while others ring: only a hang-up or REST matters."""
        while True:
            await self.leg.hear(self.leg.deadline(None))

    async def _reach(self) -> Attempt | Leg:
        """The callee's leg that may be bridged, or how it ended where there is none."""
        return await (self._in_turn() if self.verb.sequential else self._together())

    @property
    def _dialling(self) -> Dialling:
        assert self.leg.state.dialling is not None
        return self.leg.state.dialling

    async def _in_turn(self) -> Attempt | Leg:
        """One after another, so that a voicemail cannot end the hunt."""
        for index in range(len(self._dialling.done), len(self.verb.targets)):
            child = self._open(index)
            ended = await self._screen(child, await self._ring(child, index), index)
            if isinstance(ended, Leg):
                return ended
            self.leg.note(dialling=replace(self._dialling, done=(*self._dialling.done, ended)))
        answered = [attempt for attempt in self._dialling.done if attempt.answered]
        return (answered or list(self._dialling.done))[-1]

    async def _together(self) -> Attempt | Leg:
        """All at once; the first to answer wins, the rest are cancelled (§5)."""
        children = [self._open(index) for index in range(len(self.verb.targets))]
        loop = asyncio.get_running_loop()
        rings = [loop.create_task(self._ring(child, index)) for index, child in enumerate(children)]
        try:
            winner = await _first_answered(rings)
        finally:
            for task in rings:
                task.cancel()
            await asyncio.gather(*rings, return_exceptions=True)
        last = Attempt("", Status.NO_ANSWER)
        for index, child in enumerate(children):
            if index != winner:
                status = _status(rings[index])
                last = self._close(child, status, By.LINE)
        if winner == _UNANSWERED:
            return last
        return await self._screen(children[winner], Status.IN_PROGRESS, winner)

    def _open(self, index: int) -> Leg:
        target, state = self.verb.targets[index], self.leg.state
        fresh = LegState(
            sid=self._dialling.sids[index],
            direction=Direction.OUTBOUND_DIAL,
            from_=self.verb.caller_id or state.from_,
            to=target.number,
            started=self.desk.instant(),
            parent=state.sid,
            url=state.url,
            status_url=target.status_callback and resolve(state, target.status_callback),
            status_method=target.status_method,
            status_events=tuple(sorted(target.status_events)),
        )
        child = self.desk.switchboard.open_leg(fresh)
        self.live[fresh.sid] = child
        return child

    async def _ring(self, child: Leg, index: int) -> Status:
        target = self.verb.targets[index]
        if not _DIALABLE.fullmatch(target.number):
            self.leg.remark(Remark(13223, "a <Number> is not a phone number"))
            return Status.FAILED
        child.note(status=Status.QUEUED, answered=None, pending=None, body="", index=0)
        progress(child, self.desk, "initiated")
        try:
            return await ring(child, self.desk, self.verb.timeout)
        except Gone:
            return Status.BUSY
        except (CutOff, TurnedAway):
            return Status.CANCELED

    async def _screen(self, child: Leg, status: Status, index: int) -> Attempt | Leg:
        """The child itself once its callee may be bridged."""
        if status is not Status.IN_PROGRESS:
            return self._close(child, status, By.LINE)
        try:
            accepted = await self._accepted(child, self.verb.targets[index])
        except (Gone, CutOff):
            accepted = False
        return child if accepted else self._close(child, Status.COMPLETED, By.LINE)

    async def _accepted(self, child: Leg, target: Target) -> bool:
        """The whisper; ending its document accepts, Hangup declines (§5)."""
        if target.url is None:
            return True
        address = resolve(self.leg.state, target.url)
        child.note(pending=Request(address, new_token(), target.method))
        return await self.whisper(child)

    async def _talk(self, child: Leg) -> Attempt:
        parent, sid = self.leg, child.state.sid
        if self._dialling.bridged is None:
            now = self.desk.instant()
            parent.note(dialling=replace(self._dialling, bridged=sid, bridged_at=now))
        if parent.state.status is Status.RINGING:  # answerOnBridge: answered only now (§5)
            answer(parent, self.desk)
        parent.lift("ringback")
        parent.stand("bridged", Bridged(child.state.to))
        child.stand("bridged", Bridged(child.state.from_))
        mine = _carry(parent, child, star=self.verb.hangup_on_star)
        await race(_limit(parent, self.verb.time_limit), mine, _callee(child, parent))
        seconds = self.desk.since(self._dialling.bridged_at)
        closed = self._close(child, Status.COMPLETED, By.LINE)
        return replace(closed, bridged=True, seconds=seconds)

    def _close(self, child: Leg, status: Status, by: By) -> Attempt:
        self.live.pop(child.state.sid, None)
        answered = child.state.answered is not None
        seconds = self.desk.since(child.state.answered)
        child.note(status=status, ended=self.desk.instant())
        progress(child, self.desk, "completed")
        declined = status is Status.BUSY  # an engaged one has no phone to be told
        self.desk.switchboard.close(child, By.ME if declined else by)
        return Attempt(child.state.sid, status, answered=answered, seconds=seconds)

    def abandon(self) -> Attempt:
        """The caller is gone: end every child; what is left to tell the action."""
        dialling = self.leg.state.dialling or Dialling()
        last = Attempt("", Status.CANCELED)
        for sid, child in list(self.live.items()):
            answered = child.state.answered is not None
            last = self._close(child, Status.COMPLETED if answered else Status.CANCELED, By.PEER)
            if sid == dialling.bridged:
                return replace(last, bridged=True, seconds=self.desk.since(dialling.bridged_at))
        return last


async def _first_answered(rings: list[asyncio.Task[Status]]) -> int:
    waiting = set(rings)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.result() is Status.IN_PROGRESS:
                return rings.index(task)
    return _UNANSWERED


def _status(ring: asyncio.Task[Status]) -> Status:
    if ring.cancelled():
        return Status.CANCELED
    ended = ring.result()
    return Status.CANCELED if ended is Status.IN_PROGRESS else ended


async def _limit(leg: Leg, seconds: float) -> None:
    await asyncio.sleep(seconds * leg.timing.second)


async def _carry(source: Leg, sink: Leg, *, star: bool = False) -> None:
    """Voice from one phone to the other until it hangs up (raises) or presses the star."""
    while True:
        heard = await source.hear(source.deadline(None))
        if isinstance(heard, Sound):
            sink.tell(heard.frames)
        if star and isinstance(heard, Pressed) and heard.key == "*":
            return


async def _callee(child: Leg, parent: Leg) -> None:
    """The callee's side: however it ends, the talk is over but the caller's call goes on."""
    try:
        await _carry(child, parent)
    except (Gone, CutOff, TurnedAway):
        return
