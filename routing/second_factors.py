"""The use cases of what is asked after a password, or in its place: six digits, a code on paper, a
passkey; enrolling them and taking them away (ADR 33). Above `routing.signing_in`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from routing.accounts import passkeys, second
from routing.accounts.account import Account, Session
from routing.accounts.passkeys import Marked, NotThisKey, Passkey, Place
from routing.accounts.roles import Actor
from routing.audit import Action, entry_by, subject
from routing.people import Factors
from routing.signing_in import Signed, SigningIn, Visitor, Wait, Wrong, key_of

T = TypeVar("T")
PHONE, CODE, PASSKEY = "phone", "code", "passkey"
"""As the audit names them."""
ISSUER: Final = "直通 Zhitong"
FRESH: Final = timedelta(minutes=10)
"""Whoever changes what they sign in with has signed in this short a time ago."""


class Aside(Protocol):
    """Runs a function where it keeps nobody waiting (`asyncio.to_thread`)."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A key that a phone is shown: to be scanned, or typed."""

    key: str
    address: str


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """`draw` gives so many random bytes, `marked` is the server's keyed digest; `aside` runs a
    function beside the loop."""

    signing_in: SigningIn
    factors: Factors
    draw: Callable[[int], bytes]
    marked: Marked
    place: Place
    aside: Aside

    def is_fresh(self, session: Session) -> bool:
        """Whether they have signed in just now, and may change what they sign in with."""
        return self.signing_in.clock.now() - session.begun < FRESH

    async def finish(self, half: str, code: str, visitor: Visitor) -> Signed | Wait | Wrong | None:
        """Six digits or a code on paper, after the password. None where the password was too long
        ago: it is asked again."""
        session = await self.signing_in.session_of(half, whole=False)
        if session is None:
            return None
        account, now = session.account, self.signing_in.clock.now()
        later = await self.signing_in.tries.admit(account.name, visitor.address, now)
        if later is not None:
            return Wait(later)
        factor = await self._factor(account.id, code)
        if factor is None:
            await self.signing_in.failed(account)
            return Wrong()
        outcome = await self.signing_in.signed(account, visitor, key_of(half), factor=factor)
        return outcome if isinstance(outcome, Signed) else None

    async def _factor(self, account: str, code: str) -> str | None:
        """Which it is that was right; used up with it."""
        phone = await self.factors.totp(account)
        if phone is not None:
            step = second.used_step(phone.key, code, self.signing_in.clock.now(), phone.step)
            if step is not None:
                return PHONE if await self.factors.use_step(account, step) else None
        return CODE if await self.factors.use_code(account, code) else None

    async def offer(self, session: Session) -> None:
        """A new key, shown until it is confirmed."""
        await self.factors.offer(session.account.id, second.totp_key(self.draw(second.KEY_BYTES)))

    async def offered(self, session: Session) -> Offer | None:
        """The key that is shown."""
        key = await self.factors.offered(session.account.id)
        if key is None:
            return None
        return Offer(key, second.totp_address(key, session.account.name, ISSUER))

    async def confirm(self, session: Session, code: str) -> tuple[str, ...] | Wait | Wrong:
        """The phone shows the right digits: they are asked from now on. The codes on paper, which
        are told this once; () where there are some already."""
        account, now = session.account, self.signing_in.clock.now()
        later = await self.signing_in.tries.admit(account.name, session.key, now)
        if later is not None:
            return Wait(later)
        key = await self.factors.offered(account.id)
        step = None if key is None else second.used_step(key, code, now, None)
        entry = self.signing_in.entry(account, Action.ACCOUNT_FACTOR_ADDED, factor=PHONE)
        if key is None or step is None:
            return Wrong()
        if not await self.factors.confirm(account.id, key, step, entry):
            return Wrong()
        await self.signing_in.tries.succeeded(account.name, session.key, now)
        return () if await self.factors.codes_left(account.id) else await self.new_codes(session)

    async def new_codes(self, session: Session) -> tuple[str, ...]:
        """Ten new ones; those before open nothing any more."""
        codes = [second.recovery_code(self.draw(second.CODE_BYTES)) for _ in range(second.CODES)]
        entry = self.signing_in.entry(session.account, Action.ACCOUNT_CODES)
        await self.factors.set_codes(session.account.id, codes, entry)
        return tuple(codes)

    async def make_passkey(self, session: Session) -> str:
        """What the browser is asked, as JSON."""
        account, now = session.account, self.signing_in.clock.now()
        asked = passkeys.challenge(session.key, self.draw(16), now, self.marked)
        has = await self.factors.passkeys(account.id)
        return await self.aside(
            lambda: passkeys.making(self.place, account.id, account.name, asked, has)
        )

    async def keep_passkey(self, session: Session, answer: str, name: str) -> bool:
        """What the browser made of it; False where it is not right, or one too many."""
        now = self.signing_in.clock.now()
        try:
            told = passkeys.challenge_in(answer)
            asked = passkeys.recognised(told, session.key, now, self.marked)
            made = await self.aside(lambda: passkeys.made(self.place, answer, asked))
        except NotThisKey:
            return False
        named, public_key, uses = made
        key = Passkey(named, session.account.id, public_key, uses, name, now)
        entry = self.signing_in.entry(
            session.account, Action.ACCOUNT_FACTOR_ADDED, factor=PASSKEY, name=name
        )
        return await self.factors.add_passkey(key, entry)

    async def remove_passkey(self, session: Session, id: str) -> None:
        """One of one's own."""
        entry = self.signing_in.entry(
            session.account, Action.ACCOUNT_FACTOR_REMOVED, factor=PASSKEY
        )
        await self.factors.remove_passkey(session.account.id, id, entry)

    async def remove_phone(self, session: Session) -> None:
        """No digits are asked any more."""
        entry = self.signing_in.entry(session.account, Action.ACCOUNT_FACTOR_REMOVED, factor=PHONE)
        await self.factors.take_away(session.account.id, entry)

    async def reset(self, account: Account, by: Actor) -> None:
        """For who has lost phone and codes: the password alone is asked again."""
        now, about = self.signing_in.clock.now(), subject("account", account.id)
        entry = entry_by(by, Action.ACCOUNT_FACTOR_REMOVED, about, now, {"factor": "all"})
        await self.factors.take_all(account.id, entry)

    async def ask_for_passkey(self) -> str:
        """What the browser is asked of whoever it is, as JSON."""
        now = self.signing_in.clock.now()
        asked = passkeys.challenge("sign-in", self.draw(16), now, self.marked)
        return await self.aside(lambda: passkeys.asking(self.place, asked))

    async def sign_in(self, answer: str, visitor: Visitor) -> Signed | Wrong:
        """By a passkey alone: the device has asked who holds it. No count of tries: nothing can be
        guessed here, and nobody is kept out by a stranger."""
        now = self.signing_in.clock.now()
        try:
            told = passkeys.challenge_in(answer)
            asked = passkeys.recognised(told, "sign-in", now, self.marked)
            known = await self.factors.passkey(passkeys.id_in(answer))
            if known is None or known[1].disabled:
                return Wrong()
            key, account = known
            uses = await self.aside(lambda: passkeys.uses(self.place, answer, asked, key))
        except NotThisKey:
            return Wrong()
        if not await self.factors.spend(asked.hex(), key, uses, now):
            return Wrong()
        return await self.signing_in.signed(account, visitor, factor=PASSKEY)
