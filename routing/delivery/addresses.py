"""Which addresses a webhook may be sent to, and the connection that goes nowhere else. A name is
looked up once, and what is checked is the very address that is connected to: a name that answers
anew each time gains nothing."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from routing.handoff import Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_INSIDE: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
            "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16", "fec0::/10",
        ),
    )
)  # fmt: skip
"""Nobody's, a carrier's own, and such as lead to another address (RFC 6890): said here, since what
`ipaddress` calls global changes with Python's version."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
PRIVATE: Final = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
"""An own network's, and this machine's."""


def address_of(text: str) -> Address:
    """The address that is meant: of one that wraps an IPv4 address, that. Raises ValueError."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether it leads out to the internet, to one machine there."""
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    inside = any(address in network for network in _INSIDE if network.version == address.version)
    return address.is_global and not special and not inside


def is_private(address: Address) -> bool:
    """Whether it is this machine, or one of an own network. No link-local one is: clouds answer
    there with a machine's own keys."""
    return any(address in network for network in PRIVATE if network.version == address.version)


def may_go(text: str, *, clear: bool, private: bool) -> bool:
    """Whether an address may be connected to: a public one; a private one where that is allowed
    (`private`), and then alone without encryption (`clear`)."""
    try:
        address = address_of(text)
    except ValueError:
        return False
    return (is_public(address) and not clear) or (private and is_private(address))


class Lookups(AbstractResolver):
    """Looks the name of one receiver up in a thread of its own. A name whose servers say nothing
    holds it until the system gives up, long after we did: not one of those that sound is kept with
    and that other names are looked up in."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="webhook-name")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError where nobody has this name."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, _looked_up, host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=str(to[0]),
                port=int(to[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, to in found
        ]

    async def close(self) -> None:
        """The thread is kept for the next notice."""


def _looked_up(host: str, port: int, family: int) -> list[Any]:
    kind, flags = socket.SOCK_STREAM, socket.AI_ADDRCONFIG
    return socket.getaddrinfo(host, port, family=family, type=kind, flags=flags)


def connector(
    *, clear: bool, private: bool, resolver: AbstractResolver | None = None
) -> aiohttp.TCPConnector:
    """Connections to addresses that `may_go` alone. Raises Refused from within a request."""
    return aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        force_close=True,
        happy_eyeballs_delay=None,  # one after another: a refusal ends it
        socket_factory=_guarded(clear=clear, private=private),
    )


def _guarded(*, clear: bool, private: bool) -> Callable[[Any], socket.socket]:
    """The last thing before a connection, whatever name or digits led to it."""

    def made(found: Any) -> socket.socket:
        family, kind, protocol, _, (host, *_rest) = found
        if not may_go(str(host), clear=clear, private=private):
            if clear:
                raise Refused("without TLS a webhook goes to a private address alone: use https://")
            raise Refused(
                "the webhook's name leads to an address that is not public: "
                "correct it, or set allow_private in the file of channels"
            )
        return socket.socket(family, kind, protocol)

    return made
