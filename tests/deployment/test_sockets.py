"""A server takes all the descriptors that it may have."""

import sys
from collections.abc import Iterator

import pytest

from deployment.sockets import MOST, make_room

if sys.platform == "win32":
    pytest.skip("Windows has no such bound", allow_module_level=True)

import resource


@pytest.fixture
def few() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_bound_is_raised_once(few: int) -> None:
    for _ in range(2):
        make_room()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert hard == few
        assert soft == (MOST if hard == resource.RLIM_INFINITY else min(MOST, hard))
