"""`server.py check carrier`: asks the carrier and our own door, says in sentences what is wrong,
and sets the numbers where it is told to. The counterpart of `carrier_findings`, which judges."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from deployment.carrier import account_of, tokens, wanted_of
from deployment.carrier_answers import Asked, knows_us, of_account, of_refusal
from deployment.carrier_findings import (
    Level,
    Told,
    changes_of,
    finding,
    none_of_ours,
    not_the_accounts,
    note,
    of_addresses,
    of_clock,
    of_knocks,
    of_numbers,
    shown,
)
from deployment.settings import Secrets, Settings, StartError
from ivr.carrier.account import CarrierError
from ivr.carrier.knock import Heard, Knocker, Way
from ivr.carrier.numbers import NumberRow, NumberRows, Setting, ask_account
from ivr.carrier.profiles import profile_of
from routing.directory import Directory
from routing.numbers.reading import caller_form
from routing.ports import Clock


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for: the numbers beside the published ones, and whether to set."""

    numbers: tuple[str, ...] = ()
    set: bool = False


def check_carrier(
    settings: Settings, directory: Directory, wish: Wish, clock: Clock, say: Callable[[str], None]
) -> int:
    """Carry it out; 1 with findings. Raises StartError where there is nothing to ask with."""
    return asyncio.run(_check(settings, directory, wish, clock, say))


async def _check(
    settings: Settings, directory: Directory, wish: Wish, clock: Clock, say: Callable[[str], None]
) -> int:
    keys = _keys(settings)
    async with aiohttp.ClientSession() as session:
        check = _Check(settings, keys, directory, wish, session, clock, say)
        await check.run()
    return 1 if check.found else 0


def _keys(settings: Settings) -> Secrets:
    """Those of the server; for a check none are made, and a carrier outside needs no own key."""
    if settings.carrier != "local":
        return Secrets(b"", settings.account_sid, settings.auth_token)
    if not settings.secret_key and not (settings.data_dir / "secret.key").exists():
        raise StartError("there is no server to ask yet: start it once with `uv run server.py`")
    return Secrets.of(settings)


@dataclass(slots=True)
class _Check:
    """One run; `found` counts its findings."""

    settings: Settings
    keys: Secrets
    directory: Directory
    wish: Wish
    session: aiohttp.ClientSession
    clock: Clock
    say: Callable[[str], None]
    found: int = field(default=0)

    async def run(self) -> None:
        """All of it, the account first: without it nothing else can be asked."""
        account = account_of(self.settings, self.keys)
        self.tell(
            *of_addresses(
                self.settings.carrier, self.settings.base, account.base, self.keys.account
            )
        )
        if await self._account():
            await self._numbers()
        await self._door()

    def tell(self, *told: Told) -> None:
        """Print, and count what has to be mended."""
        for one in told:
            self.say(str(one))
            self.found += one.level is Level.FINDING

    async def _account(self) -> bool:
        """Whether there is an account to ask further."""
        answer = await ask_account(account_of(self.settings, self.keys), self.session)
        self.tell(*of_account(answer, self._asked))
        if not knows_us(answer, self._asked):
            return False
        self.tell(of_clock(answer.clock, self.clock.now()))
        return True

    @property
    def _asked(self) -> Asked:
        account = account_of(self.settings, self.keys)
        return Asked(self.settings.carrier, account.base, account.sid)

    async def _numbers(self) -> None:
        rows = NumberRows(account_of(self.settings, self.keys), self.session)
        try:
            there = await rows.list()
            ours = self._ours(there)
            self._tell_of_others(there, ours)
            if self.wish.set and await self._write(rows, ours):
                ours = self._ours(await rows.list())
        except CarrierError as wrong:
            self.tell(of_refusal(wrong, self._asked))
            return
        self.tell(*of_numbers(ours, wanted_of(self.settings)))

    def _ours(self, rows: Sequence[NumberRow]) -> Sequence[NumberRow]:
        """Those that are published or named; what else the account has is left alone."""
        named = self._named()
        return [row for row in rows if self._form(row) in named or self._lists(row)]

    def _tell_of_others(self, rows: Sequence[NumberRow], ours: Sequence[NumberRow]) -> None:
        """Numbers of the account that are not ours, and named ones that are not the account's."""
        if not ours:
            self.tell(none_of_ours([row.number for row in rows]))
        elif len(ours) < len(rows):
            left = len(rows) - len(ours)
            self.tell(note(f"{left} more of the account's numbers are not published: left alone"))
        for missing in sorted(self._named() - {self._form(row) for row in ours}):
            self.tell(not_the_accounts(missing, len(rows)))

    def _named(self) -> set[str]:
        return {caller_form(number, self.directory.area) for number in self.wish.numbers}

    def _form(self, row: NumberRow) -> str:
        return caller_form(row.number, self.directory.area)

    def _lists(self, row: NumberRow) -> bool:
        return self._form(row) in self.directory.numbers

    async def _write(self, rows: NumberRows, ours: Sequence[NumberRow]) -> bool:
        """Show what changes, then write it; a trunk's number cannot be set. True where any was."""
        wanted = wanted_of(self.settings)
        written = False
        for row in ours:
            changes = {} if row.settings.get(Setting.TRUNK) else changes_of(row, wanted)
            for name, told in changes.items():
                self.say(
                    f"set {row.number} {name}: {shown(row.settings[name])} -> {told or 'none'}"
                )
            if changes:
                await rows.set(row.sid, changes)
                written = True
        return written

    async def _door(self) -> None:
        """Each token must open our door; one that does not says enough."""
        header = profile_of(self.settings.carrier).signature
        knocker = Knocker(self.session, self.settings.base, self.keys.account, header)
        for number, token in enumerate(tokens(self.keys), 1):
            told = of_knocks(await _knocks(knocker, token))
            if number > 1 and told.level is Level.FINDING:
                told = finding(f"with AUTH_TOKEN number {number}: {told.sentence}")
            if number == 1 or told.level is Level.FINDING:
                self.tell(told)


async def _knocks(knocker: Knocker, token: str) -> Mapping[Way, Heard]:
    return {way: await knocker.knock(way, token) for way in Way}
