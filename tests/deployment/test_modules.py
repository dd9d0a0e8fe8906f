"""While the server's modules are read nobody looks for garbage, and from then on for the newer."""

import os
from pathlib import Path

import pytest

from tests.programs import PIPE, begin

ROOT = Path(__file__).parents[2]
READ = """
import gc, sys
sys.modules.pop("deployment.modules", None)
gc.unfreeze()
gc.{before}()
import deployment
vars(deployment).pop("modules", None)
from deployment import modules
print(gc.isenabled())
modules.all_read()
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""


async def said(program: str) -> str:
    """In a process of its own, as whoever runs these tests has stopped the search for himself."""
    run = await begin("-c", program, cwd=ROOT, env=os.environ, stdout=PIPE, stderr=PIPE)
    told, complained = await run.communicate()
    assert run.returncode == 0, complained
    return (told or b"").decode()


@pytest.mark.parametrize(
    ("before", "then"),
    [("enable", "False\nTrue True\n"), ("disable", "False\nFalse False\n")],
)
async def test_it_is_looked_for_again_where_it_was(before: str, then: str) -> None:
    """The older is left alone."""
    assert await said(READ.format(before=before)) == then


async def test_a_server_has_it_looked_for() -> None:
    assert await said("import gc, server; print(gc.isenabled())") == "True\n"
