"""`account`: who may sign in, from the terminal, for whoever is locked out. It works beside a
running server. A one-time password is shown on the terminal once, and nowhere else."""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from deployment.clock import SystemClock
from deployment.database import database_of, file_of
from deployment.people import factors_of, signing_in_of
from deployment.plans import compiled, local_day, plan_inputs
from deployment.settings import Secrets, Settings, StartError
from ivr.library.plans import Inputs
from routing.accounts.account import Account, Flaw, signing_name
from routing.accounts.roles import OF_AN_OFFICE, Actor, Role
from routing.audit import TERMINAL
from routing.second_factors import SecondFactors
from routing.signing_in import SigningIn
from storage.accounts import StoredAccounts
from storage.engine import Database
from storage.keymark import same_key
from storage.plans import StoredPlans
from storage.sealing import Sealing

BY = Actor(TERMINAL, TERMINAL, Role.ADMIN)
WRONG = {
    Flaw.NAME: "a name begins with a lower-case letter, a digit or a Chinese character, and has 32 "
    "characters at most",
    Flaw.NAME_TAKEN: "somebody has this name already: choose another, or --reset it",
    Flaw.OFFICE: "this role needs --office, an id of the register's offices",
    Flaw.LINE: "officials alone have a number of their own",
    Flaw.OFFICE_NOT_WANTED: "--office is for the roles office and official alone",
}


def ask(parts: argparse.ArgumentParser) -> None:
    """The words behind `account`."""
    what = parts.add_mutually_exclusive_group()
    what.add_argument(
        "--reset", metavar="NAME", help="生成一次性密码，并恢复账号 a one-time password for NAME"
    )
    what.add_argument("--create", metavar="NAME", help="新增账号 a new account")
    parts.add_argument(
        "--role", choices=[*Role], default=Role.ADMIN, help="角色 of a new account (default: admin)"
    )
    parts.add_argument("--office", help="单位 of a new account of an office")


def account(settings: Settings, arguments: argparse.Namespace) -> int:
    """`account`: list, create, reset."""
    asyncio.run(_account(settings, arguments))
    return 0


@dataclass(frozen=True, slots=True)
class _Doors:
    signing_in: SigningIn
    factors: SecondFactors
    database: Database


async def _account(settings: Settings, arguments: argparse.Namespace) -> None:
    async with _opened(settings) as doors:
        if arguments.reset:
            await _reset(doors, signing_name(arguments.reset))
        elif arguments.create:
            await _create(settings, doors, arguments)
        else:
            for one in await doors.signing_in.people.listed():
                print(_line(one))


def _line(one: Account) -> str:
    state = "closed" if one.disabled else "password not chosen yet" if one.must_change else ""
    return "  ".join(part for part in (one.name, one.role, one.office or "", state) if part)


async def _reset(doors: _Doors, name: str) -> None:
    """Password, second factors and all: whoever has the terminal has lost the rest."""
    known = await doors.signing_in.people.listed()
    found = next((one for one in known if one.name == name), None)
    if found is None:
        raise StartError(f"there is no account {name!r}: `account` lists them")
    if found.disabled:
        opened, offices = replace(found, disabled=False), frozenset({found.office or ""})
        _refuse(await doors.signing_in.change(found, opened, offices, BY))
    await doors.factors.reset(found, BY)
    _say(found.name, await doors.signing_in.reset(found, BY))


def _refuse(flaws: Sequence[Flaw]) -> None:
    if flaws:
        raise StartError("; ".join(WRONG.get(flaw, str(flaw)) for flaw in flaws))


async def _create(settings: Settings, doors: _Doors, arguments: argparse.Namespace) -> None:
    told = Account("", signing_name(arguments.create), Role(arguments.role), arguments.office)
    offices = frozenset[str]()
    if told.role in OF_AN_OFFICE:
        offices = await _offices(settings, doors.database)
    outcome = await doors.signing_in.create(told, offices, BY)
    if not isinstance(outcome, str):
        _refuse(outcome)
    _say(told.name, str(outcome))


async def _offices(settings: Settings, database: Database) -> frozenset[str]:
    """Those of the plan that calls follow; before the first, of the one that it would be."""
    published = await StoredPlans(database, SystemClock()).latest()
    inputs = plan_inputs(settings) if published is None else Inputs.of(published.document())
    return frozenset(compiled(inputs, 1, local_day(settings, SystemClock())).directory.offices)


def _say(name: str, password: str) -> None:
    print(f"{name}  {password}")
    print("只显示这一次，登录后请立即修改 shown this once; a new one is chosen at the sign-in")


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[_Doors]:
    """Beside whoever else is at work. Makes nothing: neither data nor a key."""
    if not settings.database_url and not file_of(settings).is_file():
        raise StartError("there is no data in DATA_DIR yet: start the server once")
    if not settings.secret_key and not (settings.data_dir / "secret.key").is_file():
        raise StartError(
            "SECRET_KEY is missing: set the server's, or run this in its folder, where "
            "DATA_DIR/secret.key lies"
        )
    sealing = Sealing(Secrets.of(settings).key)
    database = database_of(settings)
    try:
        await same_key(database, sealing)
        signing_in = signing_in_of(database, sealing, SystemClock())
        await StoredAccounts(database, SystemClock()).check()
        factors = factors_of(settings, database, sealing, signing_in)
        yield _Doors(signing_in, factors, database)
    finally:
        await database.close()
