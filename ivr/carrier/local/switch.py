"""Phones and legs: who is attached, who rings, what a phone did to its leg.

Implements ``desk.Switchboard``. Knows no TwiML and starts no calls; that is
``exchange.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ivr.carrier.local.handset import Handset, Outlet, PhoneRefusal
from ivr.carrier.local.history import History, TextMessage
from ivr.carrier.local.ledger import Ledger
from ivr.carrier.local.leg import (
    Declined,
    Detached,
    Left,
    Leg,
    PickedUp,
    Played,
    Pressed,
    Returned,
    Sound,
    Timing,
    Worded,
)
from ivr.carrier.local.messages import Attached, By, HungUp, Plain, Refused, Ringing, Text
from ivr.carrier.local.state import Direction, LegState, Status, state_to_plain
from ivr.carrier.local.verbs import ANY_KEY


class Switch:
    """All phones and live legs of the line."""

    def __init__(
        self,
        ledger: Ledger,
        history: History,
        timing: Timing,
        now: Callable[[], datetime],
    ) -> None:
        self.legs: dict[str, Leg] = {}
        self.handsets: dict[str, Handset] = {}
        self.holdable: tuple[str, ...] = ()
        self.voice = False
        self._ledger = ledger
        self._history = history
        self._timing = timing
        self._now = now

    # Legs: the Switchboard.

    def open_leg(self, state: LegState) -> Leg:
        """A new leg, or the one a restart found under this sid."""
        if (live := self.legs.get(state.sid)) is not None:
            return live
        self._ledger.append(state.sid, state_to_plain(state))
        return self.adopt(state)

    def adopt(self, state: LegState) -> Leg:
        """A leg whose state is kept already."""
        leg = self.legs[state.sid] = Leg(state, self._ledger, self._timing)
        return leg

    def connect(self, leg: Leg) -> bool:
        """Ring a free phone that answers for the number; False if all are engaged."""
        self._unbind(leg)
        holders = [
            phone
            for phone in self.handsets.values()
            if phone.number == leg.state.to and phone.outlet is not None
        ]
        free = [phone for phone in holders if phone.leg is None]
        if free:
            self._bind(free[-1], leg, incoming=True)
        return bool(free) or not holders

    def release(self, leg: Leg, by: By) -> None:
        """Tell the leg's phone that the call is over; the phone is idle then."""
        phone = self._phone_of(leg)
        if phone is not None:
            phone.tell(self._hung_up(leg, str(leg.state.status), by))
        self._unbind(leg)

    def close(self, leg: Leg, by: By) -> None:
        """Forget a leg whose status is final."""
        self.release(leg, by)
        self._ledger.close(leg.state.sid)
        if self.legs.pop(leg.state.sid, None) is not None:
            self._history.add_call(leg.state)

    # Phones.

    def attach(self, wish: Handset, call: str | None) -> Handset:
        """Connect a phone, new or returning; ``call`` is the one it believes it is in."""
        phone = self.handsets.get(wish.id)
        if phone is None:
            phone = self.handsets[wish.id] = Handset(wish.id, wish.number)
        if phone.outlet is not None:
            phone.tell(Refused("taken", "this phone was attached from another tab"))
        phone.outlet, phone.acks = wish.outlet, wish.acks
        phone.leg = phone.leg or self._left_behind(phone.id)
        if phone.leg is None:
            self._check_holdable(wish.number)
            phone.number = wish.number
        self._greet(phone, call)
        return phone

    def hold(self, phone: Handset, number: str) -> None:
        """Answer for another number from now on."""
        if phone.leg is not None:
            raise PhoneRefusal("busy", "a phone in a call keeps its number; hang up first")
        self._check_holdable(number)
        phone.number = number
        self._greet(phone, None)

    def detach(self, phone: Handset, outlet: Outlet) -> None:
        """The phone's connection is lost; a call it is in waits for it."""
        if phone.outlet != outlet:  # bound methods are equal, never the same object
            return  # another tab has taken over
        phone.outlet = None
        leg = phone.leg
        if leg is None:
            self.handsets.pop(phone.id, None)
        elif phone.incoming and leg.state.status is Status.RINGING:
            self._unbind(leg)  # it rings on at nobody, and again if the phone returns
        else:
            leg.outlet = None
            leg.push(Detached())

    def bind_caller(self, phone: Handset, leg: Leg) -> None:
        """The phone is in the call it dialled."""
        self._bind(phone, leg, incoming=False)

    def answer(self, phone: Handset) -> None:
        """Accept the ringing call."""
        self._ringing(phone).push(PickedUp())

    def decline(self, phone: Handset) -> None:
        """Refuse the ringing call."""
        self._ringing(phone).push(Declined())

    def press(self, phone: Handset, digits: str) -> None:
        """Keys, one after another."""
        if not digits or not set(digits) <= set(ANY_KEY):
            raise PhoneRefusal("bad-message", "digits are 0-9, * and #")
        leg = self._live(phone)
        for key in digits[:100]:
            leg.push(Pressed(key))

    def type_words(self, phone: Handset, text: str) -> None:
        """Words instead of speech."""
        if text.strip():
            self._live(phone).push(Worded(text.strip()[:2000]))

    def played(self, phone: Handset, prompt: int) -> None:
        """A prompt was heard; late acknowledgements are harmless."""
        if phone.leg is not None:
            phone.leg.push(Played(prompt))

    def sound(self, phone: Handset, frames: bytes) -> None:
        """Microphone audio, dropped outside a call."""
        if phone.leg is not None and phone.leg.state.status is Status.IN_PROGRESS:
            phone.leg.push(Sound(frames))

    def hang_up(self, phone: Handset) -> None:
        """Leave the call; the phone is idle at once."""
        leg = self._live(phone)
        if phone.incoming and leg.state.status is Status.RINGING:
            leg.push(Declined())
            return
        reason = Status.COMPLETED if leg.state.answered else Status.CANCELED
        phone.tell(self._hung_up(leg, str(reason), By.ME))
        self._unbind(leg)
        leg.push(Left())

    def deliver(self, message: TextMessage) -> None:
        """Show a text message on the phones of its number."""
        for phone in self.handsets.values():
            if phone.number == message.to:
                phone.tell(_text(message))

    # Inside.

    def _greet(self, phone: Handset, call: str | None) -> None:
        leg = phone.leg
        phone.tell(self._attached(phone))
        if call is not None and (leg is None or leg.state.sid != call):
            phone.tell(HungUp(call, "lost", By.LINE, 0))
        for message in self._history.messages(phone.number) if phone.number else ():
            if message.error is None:
                phone.tell(_text(message))
        if leg is None:
            self._offer(phone)
        else:
            leg.outlet, leg.acks = phone.tell, phone.acks
            leg.retell()
            leg.push(Returned())

    def _attached(self, phone: Handset) -> Attached:
        leg = phone.leg
        state, call = "idle", None
        if leg is not None:
            up = leg.state.status is Status.IN_PROGRESS
            state = "live" if up else "ringing" if phone.incoming else "calling"
            call = _call(phone, leg, up=up, seconds=self._seconds(leg))
        return Attached(phone.id, phone.number, state, call, self.holdable, self.voice)

    def _offer(self, phone: Handset) -> None:
        """Ring a phone that comes while its number is being rung."""
        for leg in self.legs.values():
            rings = leg.state.status is Status.RINGING and leg.state.handset is None
            outgoing = leg.state.direction is not Direction.INBOUND
            if phone.number and rings and outgoing and leg.state.to == phone.number:
                self._bind(phone, leg, incoming=True)
                return

    def _left_behind(self, id: str) -> Leg | None:
        """The call a restart found for this phone, unless it only rang."""
        for leg in self.legs.values():
            state = leg.state
            caller = state.direction is Direction.INBOUND
            if state.handset == id and (caller or state.status is Status.IN_PROGRESS):
                return leg
        return None

    def _bind(self, phone: Handset, leg: Leg, *, incoming: bool) -> None:
        phone.leg, phone.incoming = leg, incoming
        leg.outlet, leg.acks = phone.tell, phone.acks
        leg.note(handset=phone.id)
        if incoming:
            phone.tell(Ringing(leg.state.sid, leg.state.from_, leg.state.to))

    def _unbind(self, leg: Leg) -> None:
        phone = self._phone_of(leg)
        if phone is not None:
            phone.leg = None
            if phone.outlet is None:
                self.handsets.pop(phone.id, None)
        leg.outlet = None
        if leg.state.handset is not None:
            leg.note(handset=None)

    def _phone_of(self, leg: Leg) -> Handset | None:
        return next((p for p in self.handsets.values() if p.leg is leg), None)

    def _live(self, phone: Handset) -> Leg:
        if phone.leg is None:
            raise PhoneRefusal("no-call", "this phone is not in a call")
        return phone.leg

    def _ringing(self, phone: Handset) -> Leg:
        leg = self._live(phone)
        if not phone.incoming or leg.state.status is not Status.RINGING:
            raise PhoneRefusal("no-call", "this phone is not ringing")
        return leg

    def _check_holdable(self, number: str) -> None:
        if number and self.holdable and number not in self.holdable:
            raise PhoneRefusal("not-holdable", "this number may not be held by a phone here")

    def _hung_up(self, leg: Leg, reason: str, by: By) -> HungUp:
        return HungUp(leg.state.sid, reason, by, self._seconds(leg))

    def _seconds(self, leg: Leg) -> int:
        """How long the call has been up."""
        if leg.state.answered is None:
            return 0
        passed = self._now() - datetime.fromisoformat(leg.state.answered)
        return max(0, int(passed.total_seconds()))


def _text(message: TextMessage) -> Text:
    return Text(message.sid, message.from_, message.to, message.text, message.at)


def _call(phone: Handset, leg: Leg, *, up: bool, seconds: int) -> Plain:
    state = leg.state
    direction = "in" if phone.incoming else "out"
    return {
        "sid": state.sid,
        "direction": direction,
        "from": state.from_,
        "to": state.to,
        "answered": up,
        "seconds": seconds,
    }
