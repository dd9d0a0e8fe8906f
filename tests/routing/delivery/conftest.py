"""What tests of the mail server share."""

from pathlib import Path

import pytest

from tests.routing.delivery.posting import Certificate, signed


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Of 127.0.0.1, signed by itself."""
    return signed(tmp_path)
