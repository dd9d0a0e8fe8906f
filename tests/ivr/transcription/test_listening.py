"""The program that listens, as far as it wants no package: where it may not run it says why."""

import mmap
import sys

import pytest

from ivr.transcription.model import ModelError
from ivr.transcription.whisper import may_make_code


def test_a_unit_that_forbids_code_in_memory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError

    may_make_code()
    monkeypatch.setattr(mmap, "mmap", denied)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(mmap, "PROT_EXEC", 4, raising=False)
    with pytest.raises(ModelError, match="put deploy/speech"):
        may_make_code()
