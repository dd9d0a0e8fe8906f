"""The engine of `TRANSCRIBER=local`: its program, its share of the machine, its place among several
workers. Chosen by the settings; begun when the first recording wants words."""

import os
from typing import Final

from deployment.settings import Settings
from ivr.engine.process import EngineProcess, NoTurn, Program, of_module
from storage.errors import InUse
from storage.lock import FileLock

MOST_THREADS: Final = 4
"""More make a small model hardly faster."""
OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
"""What its packages know as: never ask the network for anything."""


def engine_of(settings: Settings) -> EngineProcess | None:
    """None where another listens. Of several workers one has it at a time: the model is in memory
    once."""
    if settings.transcriber != "local":
        return None
    threads = str(threads_of(_cores()))
    words = (str(settings.data_dir.absolute() / "models"), threads)
    model = ("--model", settings.transcriber_model) if settings.transcriber_model else ()
    turn = FileLock(settings.data_dir / "engine.lock") if settings.workers > 1 else NoTurn()
    program = Program(
        of_module("ivr.transcription.whisper", *words, *model),
        {**OFFLINE, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        turn=turn,
        taken=(InUse,),
    )
    return EngineProcess(program)


def threads_of(cores: int) -> int:
    """Half of the machine stays for calls."""
    return max(1, min(cores // 2, MOST_THREADS))


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
