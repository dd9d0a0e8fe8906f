"""Where a transcriber may be asked: people's voices go there, so in clear only over wires of one's
own. The counterpart of `database_url`."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

LOOKS: Final = "must look like https://words.example, with a path before /v1 or none"


def fault_of(url: str) -> str:
    """What is wrong with an address that can stand before ours, without its setting's name; ""
    where nothing is seen."""
    parts = urlsplit(url)
    if parts.scheme == "https" or is_own(parts.hostname or ""):
        return ""
    return (
        "must begin with https:// where it leaves this machine: http:// only to 127.0.0.1, to a "
        "private address such as 10.0.0.5, or to a name without a dot"
    )


def base_of(url: str) -> str:
    """The address before `/v1`, which may be written with it or without."""
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def is_own(host: str) -> bool:
    """The machine itself, or one that no public name and address leads to."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    unspecific = address.is_unspecified or address.is_link_local
    return address.is_private and not unspecific
