"""Whose network is this address in? One household counts as one; what is not on the Internet is told apart."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# A household or a server is given at least so much of IPv6, so its owner has 2^64 addresses to try from.
HOUSEHOLD_BITS = 64


def household(address: str | None) -> str:
    """Return what everybody behind one connection shares: the IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = _read(address or "")
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ip_network((found, HOUSEHOLD_BITS), strict=False))


def _read(address: str) -> Address:
    """Read an address; IPv4 written as IPv6 is IPv4."""
    found = ip_address(address.partition("%")[0])
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found
