"""Addresses that one person can have at will count as one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import networks


@pytest.mark.parametrize(
    ("address", "household"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("somewhere", "unknown"),
    ],
)
def test_a_household_is_one_network(address: str | None, household: str) -> None:
    assert networks.network_of(address) == household


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:198.51.100.77", "198.51.100.0/24"),
        ("64:ff9b::c633:644d", "198.51.100.0/24"),
        ("2002:c633:644d::1", "198.51.100.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("fe80::1%" + "z" * 70_000, "fe80::/48"),
        ("0000:0000:0000:0000:0000:ffff:198.051.100.077", ""),
        ("198.51.100.77/32", ""),
        ("not an address", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_network_alone_is_kept(address: str | None, kept: str) -> None:
    assert networks.truncated(address) == kept


@given(st.ip_addresses(v=4), st.sampled_from(["{}", "{}%eth0", "::ffff:{}", "::ffff:{}%eth0", "64:ff9b::{}"]))
def test_ipv4_keeps_three_bytes_however_it_is_written(address: IPv4Address, written: str) -> None:
    first_three = str(address).rpartition(".")[0]

    assert networks.truncated(written.format(address)) == f"{first_three}.0/24"


@given(st.ip_addresses(v=6, network="2001::/16"), st.text())
def test_ipv6_keeps_six_bytes_and_no_zone(address: IPv6Address, zone: str) -> None:
    kept = networks.truncated(f"{address}%{zone}")

    assert ip_network(kept).prefixlen == 48
    assert address in ip_network(kept)


@given(st.text() | st.from_regex(r"[0-9a-f:.%/]{1,60}", fullmatch=True) | st.ip_addresses(v=6).map(str))
def test_whatever_is_sent_as_an_address_is_truncated_or_nothing(address: str) -> None:
    """And what is kept stays as it is when it is truncated again."""
    kept = networks.truncated(address)

    assert kept == "" or networks.truncated(kept.partition("/")[0]) == kept
