"""Accounts from the terminal, and the first admin's password, which is shown once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import server
from deployment.accounts import BY
from deployment.clock import SystemClock
from deployment.database import database_of
from deployment.people import signing_in_of
from deployment.plans import plan_inputs
from deployment.settings import Secrets, Settings
from routing.accounts.account import Account
from routing.accounts.roles import Role
from routing.signing_in import Signed, SigningIn, Visitor
from storage.keymark import same_key
from storage.plans import StoredPlans
from storage.sealing import Sealing
from tests.databases import migrated

HERE = Visitor("127.0.0.1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """As a server leaves it that was started once, here in tmp_path."""
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    settings.data_dir.mkdir()
    migrated(settings.data_dir / "zhitong.db")

    async def first() -> None:
        database = database_of(settings)
        await same_key(database, Sealing(Secrets.of(settings).key))
        await database.close()

    asyncio.run(first())
    return settings


async def _first(settings: Settings) -> tuple[str | None, str | None, bool]:
    database = database_of(settings)
    signing_in = signing_in_of(database, Sealing(Secrets.of(settings).key), SystemClock())
    told, again = await signing_in.first(), await signing_in.first()
    signed = isinstance(await signing_in.sign_in("admin", told or "", HERE), Signed)
    await database.close()
    return told, again, signed


def test_the_first_password_is_told_once_and_is_kept_as_a_hash(folder: Settings) -> None:
    told, again, signed = asyncio.run(_first(folder))
    assert told is not None
    assert again is None
    assert signed
    kept = b"".join(path.read_bytes() for path in folder.data_dir.iterdir())
    assert told.encode() not in kept


def test_an_account_is_made_listed_and_given_a_new_password(
    folder: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.main(["account", "--create", "Wang", "--role", "auditor"]) == 0
    name, password = capsys.readouterr().out.splitlines()[0].split()
    assert (name, len(password)) == ("wang", 19)
    assert server.main(["account"]) == 0
    assert capsys.readouterr().out == "wang  auditor  password not chosen yet\n"
    assert server.main(["account", "--reset", "wang"]) == 0
    again = capsys.readouterr().out.splitlines()[0].split()[1]
    assert again != password


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--reset", "nobody"], "there is no account 'nobody'"),
        (["--create", "!"], "a name begins with"),
        (["--create", "wang", "--role", "office", "--office", "nowhere"], "needs --office"),
        (["--create", "wang", "--role", "admin", "--office", "x"], "office and official alone"),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: Settings, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert server.main(["account", *words]) == 1
    assert said in capsys.readouterr().err


LINE = "+865580000021"


def test_an_official_who_is_let_in_again_has_the_own_number_still(
    folder: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def closed() -> None:
        async with _people(folder) as people:
            official = Account("", "chen", Role.OFFICIAL, "市水利局", line=LINE)
            await people.create(official, frozenset({"市水利局"}), BY)
            (made,) = await people.people.listed()
            assert await people.change(made, replace(made, disabled=True), frozenset(), BY) == ()

    async def kept() -> Account:
        async with _people(folder) as people:
            (found,) = await people.people.listed()
            return found

    asyncio.run(closed())
    assert server.main(["account", "--reset", "chen"]) == 0
    assert capsys.readouterr().out.startswith("chen  ")
    opened = asyncio.run(kept())
    assert (opened.disabled, opened.line) == (False, LINE)


def test_an_account_is_of_an_office_that_is_published(folder: Settings) -> None:
    """Not of those that a first start would publish: people have changed the register since."""

    async def published() -> None:
        database = database_of(folder)
        inputs = plan_inputs(folder)
        renamed = inputs.sheets.offices.replace("市水利局", "市水务局")
        sheets = replace(inputs.sheets, offices=renamed)
        sheets = replace(sheets, numbers=sheets.numbers.replace("市水利局", "市水务局"))
        sheets = replace(sheets, topics=sheets.topics.replace("市水利局", "市水务局"))
        sheets = replace(sheets, contacts=sheets.contacts.replace("市水利局", "市水务局"))
        await StoredPlans(database, SystemClock()).publish(replace(inputs, sheets=sheets).to_text())
        await database.close()

    asyncio.run(published())
    ask = ["account", "--role", "office", "--create"]
    assert server.main([*ask, "wang", "--office", "市水务局"]) == 0
    assert server.main([*ask, "chen", "--office", "市水利局"]) == 1


@contextlib.asynccontextmanager
async def _people(settings: Settings) -> AsyncIterator[SigningIn]:
    database = database_of(settings)
    yield signing_in_of(database, Sealing(Secrets.of(settings).key), SystemClock())
    await database.close()
