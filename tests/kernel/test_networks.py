"""Addresses that one person can have at will count as one."""

from __future__ import annotations

import pytest

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
