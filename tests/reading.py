"""What holds while a run of tests reads its modules, and is said before it reads any: the tests'
`conftest.py` imports this first."""

import gc
import os
import sys
from pathlib import Path
from typing import Final

BYTECODE: Final = Path(__file__).parents[1] / ".cache" / "bytecode"

gc.disable()  # until all is collected: nothing is garbage before
if sys.dont_write_bytecode:
    # As in many containers: then each of the hundred processes of a run would compile a thousand
    # modules anew. It is kept, though not beside the sources.
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(BYTECODE)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
