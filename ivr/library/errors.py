"""How reading can fail."""


class LibraryError(ValueError):
    """A script, phrase or word file that cannot be used; the message lists every fault."""
