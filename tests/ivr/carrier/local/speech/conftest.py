"""Tests of the real voice are there where the extra `speech` is installed, and nowhere else."""

from pathlib import Path

from ivr.carrier.local.speech.synthesiser import engine_command

collect_ignore = [] if engine_command(Path()) else ["test_kokoro.py"]
