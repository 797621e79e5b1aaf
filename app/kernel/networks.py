"""Networks of client addresses: what counts as one household, what is kept of an address, and which are public."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# A household or a server is given at least so much of IPv6, so its owner has 2^64 addresses to try from.
HOUSEHOLD_BITS = 64

# What is kept of a person's address names the network they were in, not their connection.
_KEPT_BITS = {4: 24, 6: 48}
_LONGEST = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")

# All of IPv6 that is given out lies here; a translator reaches IPv4 through the second, where the address ends with it.
_GIVEN_OUT = ip_network("2000::/3")
_TRANSLATED = ip_network("64:ff9b::/96")


def network_of(address: str | None) -> str:
    """Return what everybody behind one connection shares: the IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = _read(address or "")
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ip_network((found, HOUSEHOLD_BITS), strict=False))


def truncated(address: str | None) -> str:
    """Return the network an address is in (IPv4 /24, IPv6 /48), which is what may be kept; "" when it is no address."""
    written = (address or "").partition("%")[0]
    return _truncated(written) if len(written) <= _LONGEST else ""


# Clicks come in thousands a second from few networks. What is longer than any address is not remembered.
@lru_cache(maxsize=8192)
def _truncated(address: str) -> str:
    try:
        found = _read(address)
    except ValueError:
        return ""
    return str(ip_network((found, _KEPT_BITS[found.version]), strict=False))


def is_public(address: str) -> bool:
    """Say whether this address belongs to one host on the Internet, whichever way it is written.

    Not so: loopback, link-local, private, shared, multicast, reserved and unspecified addresses.
    """
    found = _read(address)
    if isinstance(found, IPv6Address) and found not in _GIVEN_OUT:
        return False
    return found.is_global and not found.is_multicast


def _read(address: str) -> Address:
    """Read an address; IPv4 carried within IPv6 is IPv4."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found
    if found in _TRANSLATED:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found
