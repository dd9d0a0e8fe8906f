"""`fallback --write DIR`: what callers hear while no server of ours answers, as files for any web
server (docs/fallback.md)."""

import argparse
from pathlib import Path

from deployment.clock import SystemClock
from deployment.plans import compiled, local_day, plan_inputs
from deployment.settings import Settings, StartError
from ivr.carrier.profiles import profile_of


def ask(parts: argparse.ArgumentParser) -> None:
    """The words behind the command."""
    parts.add_argument(
        "--write", type=Path, required=True, metavar="DIR", help="写到哪个文件夹 where to write"
    )
    parts.add_argument(
        "--url", default="", help="该文件夹的网址 where that folder will be reached, if known"
    )


def write(settings: Settings, arguments: argparse.Namespace) -> int:
    """Today's plan, in the words and for the carrier of the settings."""
    from ivr.carrier.fallback_files import fallback_files  # noqa: PLC0415 - reads twilio's SDK

    clock = SystemClock()
    plan = compiled(plan_inputs(settings), 1, local_day(settings, clock))
    carrier = profile_of(settings.carrier)
    files = fallback_files(plan.fallback, carrier, arguments.url, clock.now())
    try:
        arguments.write.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (arguments.write / name).write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise StartError(f"--write {arguments.write}: {wrong.strerror}; name another") from wrong
    print(f"{len(files)} files in {arguments.write}; a number's fallback address is its zh.xml")
    print("or en.xml, asked for by GET: docs/fallback.md says how")
    return 0
