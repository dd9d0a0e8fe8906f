"""`plan`: the whole plan as a file, and a file as changes of the draft, from the terminal. It works
beside a running server, and publishes nothing (ADR 34)."""

import argparse
import asyncio
import contextlib
import getpass
import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deployment.clock import SystemClock
from deployment.database import database_of, file_of
from deployment.plans import local_day, of_body, plan_inputs
from deployment.prompts import PlanSounds, unusable
from deployment.settings import Settings, StartError
from ivr.library.errors import LibraryError
from ivr.library.plans import Inputs
from routing.audit import TERMINAL, Action, Entry, subject
from routing.drafts.change import Author, Conflict, Draft, Edit
from routing.drafts.document import Difference, differences
from routing.drafts.kinds import Document
from routing.exchange.container import MOST_PACKED, TooMuch, named_sounds, packed, read_whole
from routing.exchange.document import composed, edits_of, exported
from routing.exchange.tree import MOST_BYTES
from storage.drafts import StoredDrafts
from storage.engine import Database
from storage.plans import StoredPlans
from storage.prompts import StoredPrompts

MOST_READ: Final = max(MOST_BYTES, MOST_PACKED)
"""Bytes of either kind of file."""
MOST_SHOWN: Final = 200
"""Differences that are listed one by one."""


def ask(parts: argparse.ArgumentParser) -> None:
    """The words behind the command."""
    do = parts.add_mutually_exclusive_group(required=True)
    do.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="把现行方案写成文件：.zip连同录音，.yaml不含 write what is published, as .zip with "
        "its recordings, as .yaml without",
    )
    do.add_argument(
        "--import", dest="take", type=Path, metavar="FILE", help="读入这样一份文件 read such a file"
    )
    how = parts.add_mutually_exclusive_group()
    how.add_argument(
        "--check",
        action="store_true",
        help="只看有什么错、会改什么 say what is wrong and what would change; take nothing",
    )
    how.add_argument(
        "--draft",
        action="store_true",
        help="放进草稿，另行发布 put it into the draft, which people look at and publish",
    )


def carry_out(settings: Settings, arguments: argparse.Namespace) -> int:
    """One of the two."""
    if (arguments.take is not None) is not (arguments.check or arguments.draft):
        raise StartError("--import FILE wants --check or --draft; --export neither of them")
    return asyncio.run(_carry_out(settings, arguments))


async def _carry_out(settings: Settings, arguments: argparse.Namespace) -> int:
    async with opened(settings) as current:
        if arguments.export is not None:
            return await _export(current, arguments.export)
        return await _import(settings, current, arguments)


@dataclass(frozen=True, slots=True)
class Current:
    """What is published, under which number (0 before the first start), and where."""

    document: Document
    number: int
    database: Database | None


async def _export(current: Current, to: Path) -> int:
    named = named_sounds(current.document)
    with_sounds = to.suffix.lower() == ".zip"
    raw = await _packed(current, named) if with_sounds else exported(current.document).encode()
    try:
        with to.open("xb") as file:
            file.write(raw)
    except FileExistsError as wrong:
        raise StartError(f"--export {to}: there is such a file already; name another") from wrong
    except OSError as wrong:
        raise StartError(f"--export {to}: {wrong.strerror}; name another file") from wrong
    print(f"{to}: 第{current.number}版方案 plan {current.number}")
    if named and not with_sounds:
        print(f"不含录音，要带录音请用.zip结尾的文件名 without its recordings ({len(named)}): "
              "name a file that ends in .zip to take them along")  # fmt: skip
    return 0


async def _packed(current: Current, named: Collection[str]) -> bytes:
    kept = {} if current.database is None else await _sounds(current.database).wavs(named)
    try:
        raw = packed(exported(current.document), kept)
    except TooMuch as wrong:
        raise StartError(
            f"the recordings do not fit into one file of {MOST_PACKED // 1024**2} MB: export a "
            ".yaml, and carry them with a backup"
        ) from wrong
    print(f"录音{len(kept)}条 recordings: {len(kept)}")
    if lost := len(named) - len(kept):
        print(f"另有{lost}条录音不在本系统 recordings that are not kept here: {lost}")
    return raw


def _sounds(database: Database) -> PlanSounds:
    return PlanSounds(StoredPrompts(database), SystemClock())


async def _import(settings: Settings, current: Current, arguments: argparse.Namespace) -> int:
    whole = read_whole(_bytes(arguments.take), current.document, unusable)
    file = whole.plan
    for fault in file.faults:
        print(f"{arguments.take}:{fault}")
    if file.errors:
        print(f"{len(file.errors)}处错误，没有导入 errors: nothing was taken")
        return 1
    wanted = composed(current.document, file)
    found = differences(current.document, wanted)
    for line in _lines(found):
        print(line)
    of_body(wanted, max(current.number, 1), local_day(settings, SystemClock()))
    if whole.sounds:
        print(f"带有录音{len(whole.sounds)}条 recordings that come with it: {len(whole.sounds)}")
    if arguments.check:
        print(f"可以使用，共{len(found)}处不同 it can be used; differences: {len(found)}")
        return 0
    if current.database is None:
        raise StartError("there is no data in DATA_DIR yet: start the server once")
    store = StoredDrafts(current.database)
    draft = await store.draft()
    edits = edits_of(current.document, current.number, draft, file)
    _spares(draft, edits)
    await _sounds(current.database).keep(whole.sounds)
    if edits:
        clock, by = SystemClock(), Author(TERMINAL, _user())
        told = {"by": by.name, "file": arguments.take.name, "changes": len(edits)}
        told |= {"recordings": len(whole.sounds)} if whole.sounds else {}
        about = subject("draft", f"over {current.number}")
        entry = Entry(TERMINAL, Action.DRAFT_IMPORTED, about, clock.now(), told)
        try:
            await store.save(edits, by, clock.now(), entry)
        except Conflict as wrong:
            raise StartError(f"{wrong}: nothing was taken, import it again") from wrong
    print(f"{len(edits)}处改动已放进草稿 changes were put into the draft: {len(edits)}")
    return 0


def _spares(draft: Draft, edits: Sequence[Edit]) -> None:
    """Here nobody sees both texts before one goes. Raises StartError where a person drafted
    something that the file has otherwise."""
    known = (draft.of(edit.kind, edit.key) for edit in edits)
    lost = [one for one in known if one is not None and one.by.account != TERMINAL]
    if lost:
        named = "、".join(f"{one.kind}/{one.key} ({one.by.name})" for one in lost[:MOST_SHOWN])
        raise StartError(
            f"草稿里有人改过{named}，没有导入；请先发布或放弃，或者在/admin/plan导入，"
            "那里两边都看得到 people drafted these: nothing was taken; publish or discard them "
            "first, or import the file at /admin/plan, which shows both"
        )


def _bytes(path: Path) -> bytes:
    """No more than is read of one. Raises StartError."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_READ + 1)
    except OSError as wrong:
        raise StartError(f"--import {path}: {wrong.strerror}") from wrong


def _lines(found: Sequence[Difference]) -> Sequence[str]:
    """Names of what differs and no values, which may be people's own numbers."""
    lines = [_line(one) for one in found[:MOST_SHOWN]]
    if len(found) > MOST_SHOWN:
        lines.append(f"另有{len(found) - MOST_SHOWN}处 and {len(found) - MOST_SHOWN} more")
    return lines


def _line(one: Difference) -> str:
    at = f"{one.kind}/{one.key}"
    if one.old is None:
        return f"新增 added    {at}"
    if one.new is None:
        return f"删除 removed  {at}"
    return f"修改 changed  {at}: {', '.join(field.name for field in one.fields)}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user often has no name
        return TERMINAL


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Current]:
    """What is published, or what a first start would publish. Makes nothing."""
    if not settings.database_url and not file_of(settings).is_file():
        yield Current(json.loads(plan_inputs(settings).to_text()), 0, None)
        return
    database = database_of(settings)
    try:
        newest = await StoredPlans(database, SystemClock()).latest()
        body = json.loads(plan_inputs(settings).to_text()) if newest is None else newest.document()
        inputs, number = Inputs.of(body), 0 if newest is None else newest.number
        yield Current(json.loads(inputs.to_text()), number, database)
    except (LibraryError, ValueError) as wrong:
        raise StartError(f"the plan cannot be read: {wrong}") from wrong
    finally:
        await database.close()
