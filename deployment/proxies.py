"""TRUSTED_PROXIES: whose word it is believed whom they speak for."""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks with commas between them. Raises ValueError with a sentence."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        found = tuple(ipaddress.ip_network(part) for part in parts)
    except ValueError as wrong:
        raise ValueError("TRUSTED_PROXIES must look like 10.0.0.5, 172.18.0.0/16") from wrong
    if any(network.prefixlen == 0 for network in found):
        raise ValueError("TRUSTED_PROXIES must not be everybody: name your proxy's own address")
    return found
