"""`check`: all that is wrong with settings, channels and a plan, without starting anything; the
same findings that keep a plan from being published (`deployment.reviewing`). For a terminal and for
CI: it exits with 1 on an error."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Final

from deployment import envfile
from deployment.channels import channels_of
from deployment.clock import SystemClock
from deployment.exchanging import MOST_READ, Current, opened
from deployment.plans import local_day
from deployment.prompts import unusable
from deployment.reviewing import Reviewed, reviewed
from deployment.settings import Settings, StartError
from ivr.flow.world import Plan
from ivr.library.errors import LibraryError
from ivr.library.plans import Inputs
from routing.drafts.document import compose
from routing.drafts.kinds import Document
from routing.exchange.container import read_whole
from routing.exchange.document import composed
from storage.drafts import StoredDrafts

CARRIER: Final = "carrier"
"""What `check` can look into besides."""


def ask(parts: argparse.ArgumentParser) -> None:
    """The words behind the command."""
    parts.add_argument(
        "what", nargs="?", metavar="carrier", help="线路：账户、号码、签名、时钟 the carrier too"
    )
    which = parts.add_mutually_exclusive_group()
    which.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="检查一份方案文件（ZIP、YAML或JSON） a plan's file, ZIP, YAML or JSON",
    )
    which.add_argument(
        "--draft", action="store_true", help="检查草稿 the draft, as it would be published"
    )
    parts.add_argument(
        "--set", action="store_true", help="写入号码的网址 write where the numbers' calls go"
    )
    parts.add_argument(
        "--number", action="append", default=[], help="名录以外的号码 a number beside the published"
    )


def check(settings: Settings, arguments: argparse.Namespace) -> int:
    """The published plan, the draft or a file's; `check carrier`: what the carrier knows of us."""
    if arguments.what not in (None, CARRIER):
        raise StartError(f"`check {arguments.what}` is none: say `check` or `check {CARRIER}`")
    if arguments.what is None and (arguments.set or arguments.number):
        raise StartError("--set and --number belong to `check carrier`")
    document = asyncio.run(_document(settings, arguments))
    if document is None:
        return 1
    clock = SystemClock()
    found = reviewed(document, local_day(settings, clock), clock.now())
    if arguments.what == CARRIER:
        return _of_carrier(settings, arguments, _usable(found))
    for finding in found.findings:
        print(finding)
    channels = 0 if found.plan is None else len(channels_of(settings, found.plan.directory))
    print(f"{_counted(found.plan, channels)}{_verdict(found)}")
    return 1 if found.errors else 0


def _of_carrier(settings: Settings, arguments: argparse.Namespace, plan: Plan) -> int:
    from deployment.carrier_check import Wish, check_carrier  # noqa: PLC0415 - only here

    channels_of(settings, plan.directory)
    wish = Wish(tuple(arguments.number), arguments.set)
    return check_carrier(settings, plan.directory, wish, SystemClock(), _say)


def _say(sentence: str) -> None:
    """Settings in it are named as they are written in `.env`."""
    print(envfile.spelled_out(sentence, [name.upper() for name in Settings.model_fields]))


def _usable(found: Reviewed) -> Plan:
    if found.plan is None:
        why = "\n".join(map(str, found.findings))
        raise StartError(f"the plan is refused:\n{why}")
    return found.plan


def _counted(plan: Plan | None, channels: int) -> str:
    if plan is None:
        return ""
    return (
        f"{len(plan.script.nodes)} nodes, {len(plan.directory.numbers)} numbers, "
        f"{len(plan.rules.rules.rules)} rules, {channels} channels: "
    )


def _verdict(found: Reviewed) -> str:
    if found.errors:
        return (
            f"有{found.errors}处错误，不能发布 errors keep it from being published: {found.errors}"
        )
    return "可以使用 can be used" if found.findings else "没有问题 nothing to mend"


async def _document(settings: Settings, arguments: argparse.Namespace) -> Document | None:
    """The body that is looked at; None where a file has faults, each of which was printed."""
    async with opened(settings) as current:
        if arguments.plan is not None:
            return _of_file(arguments.plan, current)
        if not arguments.draft:
            return current.document
        if current.database is None:
            raise StartError("there is no draft in DATA_DIR yet: start the server once")
        draft = await StoredDrafts(current.database).draft()
        return compose(current.document, draft.changes)


def _of_file(path: Path, current: Current) -> Document | None:
    """A plan's body as JSON, or a plan as YAML or ZIP over what is published. Raises StartError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_READ + 1)
    except OSError as wrong:
        raise StartError(f"--plan {path}: {wrong.strerror}; name another file") from wrong
    if raw.lstrip()[:1] in (b"{", b"[", b""):
        return _of_json(path, raw)
    file_ = read_whole(raw, current.document, unusable).plan
    for fault in file_.faults:
        print(f"{path}:{fault}")
    if file_.errors:
        print(f"{len(file_.errors)}处错误，读不出方案 errors: it cannot be read")
        return None
    return composed(current.document, file_)


def _of_json(path: Path, raw: bytes) -> Document:
    try:
        text = raw.decode("utf-8")
        Inputs.from_text(text)
        document: Document = json.loads(text)
    except (UnicodeError, ValueError, LibraryError) as wrong:
        raise StartError(
            f"--plan {path}: {wrong}; give a plan as YAML, as `plan --export` writes it, or its "
            "body as JSON"
        ) from wrong
    return document
