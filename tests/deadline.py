"""How long a test waits for what has to come: long enough for a machine that does much else, and
only to say which wait it was that never ended. A bound that is the thing promised is not this."""

from typing import Final

DEADLINE: Final = 90.0
"""Seconds, within pytest's own `timeout`. Who shows that something does not wait for another's
`wait(seconds)` gives that one longer than this."""
