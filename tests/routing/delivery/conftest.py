"""What tests of delivery share."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.routing.delivery.posting import Certificate, signed

collect_ignore = [] if find_spec("apprise") else ["test_notify.py"]
"""The extra `notify` has tests of its own; the header says whether they are here."""


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Of 127.0.0.1, signed by itself."""
    return signed(tmp_path)
