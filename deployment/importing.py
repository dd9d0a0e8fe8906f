"""`import FILE...`: what files of numbers, offices or topics would change in the register, and
every error in them; without one they are taken into the draft, whole (ADR 38)."""

import argparse
import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from deployment.blocking import user
from deployment.clock import SystemClock
from deployment.database import database_of, file_of
from deployment.plans import plan_inputs
from deployment.settings import Settings, StartError
from routing.audit import TERMINAL
from routing.drafts.change import Author, Conflict, Draft
from routing.numbers.forms import mask_all
from routing.register import LANGUAGES
from routing.sheets.changes import EntityChange, FieldChange, Preview, What, preview
from routing.sheets.entities import EntityKind
from routing.sheets.files import MOST_BYTES, FileFault, read_upload
from routing.sheets.headings import COLUMN_NAMES
from routing.web.register.desk import Workspace, workspace
from storage.drafts import StoredDrafts
from storage.engine import Database
from storage.plans import StoredPlans

WHAT: Final = {What.ADDED: "新增 added", What.CHANGED: "修改 changed", What.REMOVED: "删除 removed"}
PRIVATE: Final = frozenset({"forward_to", "stand_in_number", "pool_number", "phone", "email"})
"""Columns that a terminal's record does not keep in full."""


def ask(parts: argparse.ArgumentParser) -> None:
    """The words behind the command."""
    parts.add_argument("files", type=Path, nargs="+", metavar="FILE", help="CSV文件 CSV files")
    parts.add_argument(
        "--kind", choices=[*EntityKind], help="表的种类（默认看表头） what the file holds"
    )
    parts.add_argument(
        "--whole",
        action="store_true",
        help="以文件为准，文件里没有的删除 what a file does not name is removed",
    )
    parts.add_argument(
        "--preview",
        action="store_true",
        help="只看会改什么、错在哪里 say what would change and what is wrong; take nothing",
    )


def tell(settings: Settings, arguments: argparse.Namespace) -> int:
    """`import FILE... [--preview]`: exit code 1 where a file has an error."""
    return asyncio.run(_import(settings, arguments))


async def _import(settings: Settings, arguments: argparse.Namespace) -> int:
    async with _opened(settings) as (now, database):
        kind = EntityKind(arguments.kind) if arguments.kind else None
        uploads = [
            read_upload(_bytes(path), kind, now.area, name=path.name) for path in arguments.files
        ]
        found = preview(now.drafted, uploads, now.area, whole=arguments.whole)
        for line in _lines(found):
            print(line)
        if found.faults:
            return 1
        if found.changes and not arguments.preview:
            await _take(now, database, found)
        return 0


async def _take(now: Workspace, database: Database | None, found: Preview) -> None:
    """Raises StartError where somebody changed the draft meanwhile."""
    if database is None:
        raise StartError("there is no data in DATA_DIR yet: start the server once")
    edits = now.edits(found)
    try:
        by = Author(TERMINAL, user())
        await StoredDrafts(database).save(edits, by, SystemClock().now())
    except Conflict as faster:
        raise StartError(f"{faster}: nothing was taken, import it again") from faster
    print(f"{len(edits)}处改动已放进草稿 changes were put into the draft: {len(edits)}")


def _bytes(path: Path) -> bytes:
    """No more than is read of one. Raises StartError."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as wrong:
        raise StartError(f"{path}: {wrong.strerror}; name a CSV file") from wrong


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Workspace, Database | None]]:
    """The draft over what is published, or what a first start would publish. Makes nothing."""
    shipped = json.loads(plan_inputs(settings).to_text())
    if not settings.database_url and not file_of(settings).is_file():
        yield workspace(0, shipped, Draft(0)), None
        return
    database = database_of(settings)
    try:
        newest = await StoredPlans(database, SystemClock()).latest()
        number = 0 if newest is None else newest.number
        document = shipped if newest is None else newest.document()
        yield workspace(number, document, await StoredDrafts(database).draft()), database
    finally:
        await database.close()


def _lines(found: Preview) -> Iterator[str]:
    for change in found.changes:
        yield from _change(change)
    for fault in found.faults:
        yield _fault(fault)
    counts = ", ".join(f"{WHAT[what]} {found.many(what)}" for what in What)
    two = sum(one.needs_two for one in found.changes)
    yield f"{counts}; 需要两人 need two people {two}; 错误 errors {len(found.faults)}"


def _change(change: EntityChange) -> Iterator[str]:
    mark = " (两人 two people)" if change.needs_two else ""
    yield _plain(f"{WHAT[change.what]} {change.kind} {change.key}{mark}")
    if change.what is not What.REMOVED:
        for cell in change.fields:
            yield _plain(f"    {cell.column}: {_shown(cell, cell.old)} -> {_shown(cell, cell.new)}")


def _shown(cell: FieldChange, text: str) -> str:
    if not text:
        return "–"
    if cell.column == "email":
        return f"{text[:2]}…"
    return mask_all(text) if cell.column in PRIVATE else text


def _fault(fault: FileFault) -> str:
    """Where it stands, and the sentence in both languages."""
    names = COLUMN_NAMES[fault.kind] if fault.kind else {}
    column = names.get(fault.column, {}).get("zh-CN", "")
    where = [
        fault.file or (fault.kind or ""),
        f"第{fault.row}行 row {fault.row}" if fault.row else "",
        f"{column} {fault.column}".strip(),
    ]
    says = " ".join(fault.says[tongue] for tongue in LANGUAGES)
    return _plain(f"{', '.join(filter(None, where))}: {says}")


def _plain(line: str) -> str:
    """On one line, and nothing that a terminal would carry out."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)
