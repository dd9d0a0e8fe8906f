"""Where a webhook may go: to one machine of the internet, and into one's own network where that is
allowed. Addresses that wrap another are what they wrap."""

import pytest

from routing.delivery.addresses import may_go

PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
OWN = ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.31.0.1", "192.168.1.1", "::1", "fd00::1",
       "::ffff:10.0.0.1", "64:ff9b::a00:1"]  # fmt: skip
NOBODYS = [
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "0.1.2.3", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1",
    "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::7f00:1", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "64:ff9b:1::1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "::ffff:0:0", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_gone_to_by_tls_alone(address: str) -> None:
    assert may_go(address, clear=False, private=False)
    assert may_go(address, clear=False, private=True)
    assert not may_go(address, clear=True, private=True)


@pytest.mark.parametrize("address", OWN)
def test_an_own_one_only_where_that_is_allowed(address: str) -> None:
    assert not may_go(address, clear=False, private=False)
    assert not may_go(address, clear=True, private=False)
    assert may_go(address, clear=False, private=True)
    assert may_go(address, clear=True, private=True)


@pytest.mark.parametrize("address", NOBODYS)
def test_any_other_never(address: str) -> None:
    for clear in (False, True):
        for private in (False, True):
            assert not may_go(address, clear=clear, private=private)
