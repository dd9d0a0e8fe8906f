"""A server that ran before speaks the plan while its database cannot be opened; one that did not is
refused with a sentence."""

import errno
import os
from pathlib import Path

import pytest

from deployment import standby
from deployment.settings import Settings, StartError
from storage.errors import DiskFull, InUse, ReadOnly, StorageError, TooNew
from storage.keymark import WrongKey
from storage.sealing import Sealing
from storage.spool import FileSpool
from tests.ivr.desk import KEY, StoppedClock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, demo=False)


async def leave_a_mark(settings: Settings) -> None:
    clock = StoppedClock()
    spool = FileSpool(settings.data_dir / "spool", Sealing(KEY), clock.now)
    await spool.know_until(clock.now())
    spool.close()


def of_disk(code: int) -> StartError:
    wrong = StartError("it cannot be used")
    wrong.__cause__ = OSError(code, os.strerror(code))
    return wrong


GONE = (StorageError("gone"), DiskFull("full"), ReadOnly("ours no more"), of_disk(errno.ENOSPC))
CHOSEN = (InUse("x"), TooNew("x"), WrongKey("x"), StartError("x"), of_disk(errno.EADDRINUSE))


@pytest.mark.parametrize("wrong", GONE, ids=repr)
async def test_what_passes_is_waited_for_where_a_server_ran_before(
    settings: Settings, wrong: Exception
) -> None:
    assert not standby._may_pass(settings, wrong)
    await leave_a_mark(settings)
    assert standby._may_pass(settings, wrong)


@pytest.mark.parametrize("wrong", CHOSEN, ids=repr)
async def test_what_a_person_must_mend_is_a_refusal(settings: Settings, wrong: Exception) -> None:
    await leave_a_mark(settings)

    assert not standby._may_pass(settings, wrong)
