"""The words after `server.py`: which commands there are, what each says of itself, and one
sentence for any failure. `server.py` hands in what serves."""

import argparse
import asyncio
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from deployment import (
    accounts,
    auditing,
    blocking,
    bounces,
    checking,
    envfile,
    exchanging,
    importing,
    plan_files,
    recorded,
    standby,
    workers,
)
from deployment.folder import in_folder
from deployment.listening import Worker
from deployment.log import log_as_json
from deployment.settings import Settings, StartError, read_settings
from storage.errors import StorageError
from storage.schema import head

ABOUT: Final = """直通 Zhitong：接听政府公布的干部电话。
Zhitong answers the phone numbers that a government publishes for its officials.

不带命令即为 run，无须账号或其他准备。
Without a command it is `run`, which needs no account and no other set-up."""
SETTINGS: Final = """settings, from the environment or a file .env here (设置):
  ZHITONG_PORT         8080        the port to listen on
  ZHITONG_HOST         127.0.0.1   the address to listen on
  ZHITONG_PUBLIC_URL               the address that carriers use; needed where HOST is
                                   not this machine
  ZHITONG_DATA_DIR     var         everything that is kept: cases, recordings, the key
  ZHITONG_SECRET_KEY               seals what is kept; made on the first start
  ZHITONG_DEMO                     0 leaves out /phone and /demo
README.md lists all of them."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its name, a line for a newcomer in both languages, what it does, and the words
    that it takes."""

    name: str
    zh: str
    en: str
    carry_out: Callable[[Settings, argparse.Namespace], int]
    ask: Callable[[argparse.ArgumentParser], None] = lambda _: None

    @property
    def line(self) -> str:
        """What the list of commands says."""
        return f"{self.zh} {self.en}"


def main(serve: standby.Serve, script: Path, words: Sequence[str] | None) -> int:
    """Carry out one command; returns the exit code. `script` is what a rehearsal starts where no
    server runs. Any failure is one sentence that says what to do."""
    _bear_any_terminal()
    commands = _commands(serve, script)
    arguments = _parser(_shown(commands, words)).parse_args(words)
    chosen = next(command for command in commands if command.name == (arguments.command or "run"))
    log_as_json()
    try:
        settings = read_settings()
        log_as_json(settings.log_level)
        return chosen.carry_out(settings, arguments)
    except (StartError, StorageError) as wrong:
        _say(f"server.py: {wrong}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _say(sentence: str, to: TextIO | None = None) -> None:
    """Settings in it are named as they are written in `.env`."""
    names = [name.upper() for name in Settings.model_fields]
    print(envfile.spelled_out(sentence, names), file=to or sys.stdout)


def _shown(commands: Sequence[Command], words: Sequence[str] | None) -> Sequence[Command]:
    """Those for people; one for our own use alone where it is given: else a slip is offered it."""
    first = (sys.argv[1:] if words is None else words)[:1]
    return [command for command in commands if command.en or [command.name] == [*first]]


def _bear_any_terminal() -> None:
    """A sign that the terminal or file cannot hold is a `?` there, and no reason to end."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _can_be_written(story: Path) -> None:
    """A call that cannot be kept is refused before it is made, not at its end; one that is cut off
    leaves no empty file."""
    there = story.exists()
    try:
        story.open("a").close()
        if not there:
            story.unlink()
    except OSError as wrong:
        raise StartError(
            f"--save {story}: {wrong.strerror}; name a file that can be written"
        ) from wrong


def _commands(serve: standby.Serve, script: Path) -> tuple[Command, ...]:
    """All there are, the default first."""

    def run(settings: Settings, _: argparse.Namespace) -> int:
        standby.run(settings, serve if settings.workers == 1 else watch)
        return 0

    async def watch(settings: Settings, _: Worker | None) -> None:
        await workers.watch(settings, script)

    def work(settings: Settings, arguments: argparse.Namespace) -> int:
        standby.run(settings, serve, Worker(arguments.place))
        return 0

    def rehearse(settings: Settings, arguments: argparse.Namespace) -> int:
        from ivr.carrier.local.rehearsal import rehearse_at  # noqa: PLC0415 - only here

        if arguments.save is not None:
            _can_be_written(arguments.save)
        return asyncio.run(rehearse_at(settings.base, arguments.url, arguments.save, script))

    return (
        Command("run", "接听来电，打开网页（默认）。", "Answer calls and show the pages.", run),
        Command(
            "rehearse",
            "用这个终端打一个电话。",
            "Ring a number from this terminal, at a running server or at one for this call.",
            rehearse,
            _ask_of_rehearse,
        ),
        *FIXED,
        Command(workers.COMMAND, "", "", work, _ask_of_worker),
    )


def _parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="server.py",
        usage="server.py [command]",
        description=ABOUT,
        epilog=SETTINGS,
        formatter_class=plain,
    )
    chosen = parser.add_subparsers(
        dest="command", metavar="command", title="commands 命令", prog="server.py"
    )
    for command in commands:
        if command.en:
            parts = chosen.add_parser(command.name, help=command.line, description=command.line)
        else:  # it is for our own use, and in no list
            parts = chosen.add_parser(command.name)
        command.ask(parts)
    return parser


def _ask_of_rehearse(parts: argparse.ArgumentParser) -> None:
    """The words behind `rehearse`."""
    parts.add_argument("--url", help="运行中的服务器地址 the address of a running server")
    parts.add_argument(
        "--save", type=Path, help="把这次通话存为测试 keep the call as a golden .call file"
    )


def _ask_of_worker(parts: argparse.ArgumentParser) -> None:
    """What `run` tells each of several processes."""
    parts.add_argument("place", type=int)


def migrate_folder(settings: Settings, _: argparse.Namespace) -> int:
    """`migrate`: bring the database to this version's schema, say so and stop."""
    with in_folder(settings) as before:
        where = "DATABASE_URL" if settings.database_url else f"DATA_DIR ({settings.data_dir})"
        _say(f"the database in {where} {_migrated(before, head())}")
    return 0


def _migrated(before: str | None, now: str) -> str:
    if before is None:
        return f"was made, at version {now}"
    if before == now:
        return f"is at version {now} already"
    return f"was brought from version {before} to {now}"


FIXED: Final = (
    Command(
        "check",
        "检查设置、渠道、流程、话术、名录。",
        "Say what is wrong with settings, channels, script, words or register; start nothing. "
        "`check carrier` asks the carrier, too.",
        checking.check,
        checking.ask,
    ),
    Command(
        "migrate",
        "把数据库升到本版本。",
        "Bring the database, of DATA_DIR or DATABASE_URL, to this version, then stop.",
        migrate_folder,
    ),
    Command(
        "import",
        "导入一批号码、单位：会改什么、错在哪里；没有错就放进草稿。",
        "Put files of numbers, offices or topics into the draft; say each change and error.",
        importing.tell,
        importing.ask,
    ),
    Command(
        "account",
        "列出、新增账号，重置密码。",
        "List who may sign in; make an account, or a one-time password for who is locked out.",
        accounts.account,
        accounts.ask,
    ),
    Command(
        "block",
        "拒接一个骚扰号码，说明理由和期限。",
        "Turn a nuisance caller away for some days, with a reason; at a running server, too.",
        blocking.block,
        blocking.ask_of_block,
    ),
    Command(
        "unblock",
        "恢复接听一个号码。",
        "Let a caller in again.",
        blocking.unblock,
        blocking.ask_of_unblock,
    ),
    Command(
        "blocks",
        "列出拒接的号码（只显示尾号）。",
        "List who is turned away, until when and why.",
        blocking.blocks,
    ),
    Command(
        "plan",
        "把整个方案导出为YAML，或者检查、导入一份到草稿。",
        "Write the whole plan as YAML; check such a file, or put it into the draft.",
        exchanging.carry_out,
        exchanging.ask,
    ),
    Command(
        "audit",
        "核对、导出操作记录，清除其中一条的内容。",
        "Verify or write out the audit of who changed what, or erase one entry's values.",
        auditing.carry_out,
        auditing.ask,
    ),
    Command(
        "bounce",
        "接收一封退信（由邮件服务器经管道送入）。",
        "Take a mail that came back from standard input, as a mail server's pipe hands it in.",
        bounces.hand_in,
    ),
    Command(
        "voices",
        "列出每句话的录音：自录、自带、缺少。",
        "List whose recording each sentence has, and what is wrong with your own.",
        recorded.voices,
    ),
    Command(
        "fallback",
        "生成服务全部中断时的备用静态文件。",
        "Write what callers hear while no server of ours answers, as files for any web server.",
        plan_files.write,
        plan_files.ask,
    ),
)
"""Those that start no server of calls."""
