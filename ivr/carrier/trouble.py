"""Why nobody answered at an address, as an operator would look for it. What `knock` and `numbers`
make of aiohttp's errors, whose names say nothing to him."""

import ssl
from enum import StrEnum
from typing import Final

import aiohttp


class Trouble(StrEnum):
    """Why nobody answered."""

    NAME = "name"  # no address belongs to the host's name
    TLS = "tls"  # its certificate is not trusted here
    SLOW = "slow"  # it took longer than we wait
    ODD = "odd"  # something answered that speaks no HTTP, or hung up
    UNREACHED = "unreached"  # it takes no connection


ASKING: Final = (aiohttp.ClientError, TimeoutError, OSError)
"""What aiohttp raises where no answer comes."""


def trouble_of(error: BaseException) -> Trouble:
    """Of one of ASKING, most telling first: a time-out is an OSError, too."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Trouble.NAME
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Trouble.TLS
        case TimeoutError():
            return Trouble.SLOW
        case aiohttp.ClientConnectorError():
            return Trouble.UNREACHED
        case aiohttp.ClientError():
            return Trouble.ODD
        case _:
            return Trouble.UNREACHED
