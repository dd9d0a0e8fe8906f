"""How reading can fail.

LibraryError
└── ScriptError   the menus can be read, but `review` finds them wrong
"""

from collections.abc import Iterable

from ivr.flow.review import Finding


class LibraryError(ValueError):
    """A script, phrase or word file that cannot be used; the message lists every fault."""


class ScriptError(LibraryError):
    """The menus and their words do not fit together."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        listed = "\n".join(str(finding) for finding in self.findings)
        super().__init__(f"the script is refused:\n{listed}")
