"""What tests may want that is not part of this repository."""

from typing import Final

OUTSIDE: Final = "outside this repository"
"""What a skip's reason begins with where it wants another's file: CI bears that one skip."""
