"""A program as `deployment.apart_program` that is gone, as if killed, when it is asked."""

import os
import sys

from deployment.apart_program import take
from ivr.engine.program import listened, own_output, tell


def main() -> None:
    """Until then it is like the other."""
    out = own_output()
    tell(out, {"ready": True})
    for _ in listened(sys.stdin.buffer, take):
        os._exit(9)


if __name__ == "__main__":
    main()
