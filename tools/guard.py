"""What a process began ends with it: also where a signal cuts it off and no `finally` runs. A shell
waits at the end of a pipe whose other end this process alone holds."""

import subprocess
from typing import Final, Self

UNTIL_GONE: Final = "read -r _; "
KILL: Final = 'kill -KILL "$0"'
KILL_GROUP: Final = 'kill -KILL -- "-$0"'
"""For whoever leads a group of processes."""


class Guard:
    """Has a shell carry out `words` once this process is gone, where it was not dismissed before;
    `given` are its $0, $1 and so on. POSIX."""

    def __init__(self, words: str, *given: object) -> None:
        self._shell = subprocess.Popen(
            ["sh", "-c", UNTIL_GONE + words, *map(str, given)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process, which then has its own end
        )

    def dismiss(self) -> None:
        """What it guards has ended, and its number may soon be another's."""
        self._shell.kill()
        self._shell.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()
