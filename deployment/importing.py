"""`import FILE...`: what files of numbers, offices or topics would change in the register, and
every error in them. Nothing is taken; the page /admin/import takes (ADR 38)."""

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deployment.clock import SystemClock
from deployment.database import database_of, file_of
from deployment.plans import plan_inputs
from deployment.settings import Settings, StartError
from ivr.library.errors import LibraryError
from ivr.library.plans import Inputs
from routing.numbers.forms import mask_all
from routing.register import LANGUAGES
from routing.sheets.changes import EntityChange, FieldChange, Preview, What, preview
from routing.sheets.entities import EntityKind
from routing.sheets.files import MOST_BYTES, FileFault, read_upload
from routing.sheets.headings import COLUMN_NAMES
from storage.plans import StoredPlans

WHAT: Final = {What.ADDED: "新增 added", What.CHANGED: "修改 changed", What.REMOVED: "移除 removed"}
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
        help="文件即全部，缺的算移除 what a file does not name is taken out",
    )
    parts.add_argument(
        "--preview",
        action="store_true",
        required=True,
        help="只看会改什么、错在哪里 say what would change and what is wrong; take nothing",
    )


def tell(settings: Settings, arguments: argparse.Namespace) -> int:
    """`import FILE... --preview`: exit code 1 where a file has an error."""
    inputs = asyncio.run(_current(settings))
    kind = EntityKind(arguments.kind) if arguments.kind else None
    uploads = [
        read_upload(_bytes(path), kind, inputs.area, name=path.name) for path in arguments.files
    ]
    found = preview(inputs.sheets, uploads, inputs.area, whole=arguments.whole)
    for line in _lines(found):
        print(line)
    return 1 if found.faults else 0


def _bytes(path: Path) -> bytes:
    """No more than is read of one. Raises StartError."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as wrong:
        raise StartError(f"{path}: {wrong.strerror}; name a CSV file") from wrong


async def _current(settings: Settings) -> Inputs:
    """What is published, or what a first start would publish. Makes nothing."""
    if not settings.database_url and not file_of(settings).is_file():
        return plan_inputs(settings)
    database = database_of(settings)
    try:
        newest = await StoredPlans(database, SystemClock()).latest()
        return plan_inputs(settings) if newest is None else Inputs.from_text(newest.body)
    except LibraryError as wrong:
        raise StartError(f"the published plan cannot be read: {wrong}") from wrong
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
