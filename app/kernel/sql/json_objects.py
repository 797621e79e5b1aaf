"""JSON objects of any number of keys in SQL: PostgreSQL takes at most a hundred arguments in one call."""

from __future__ import annotations

from collections.abc import Sequence

_PAIRS = 50


def build(pairs: Sequence[str]) -> str:
    """Return the SQL of an object of these pairs, each written as `key, value`; of none, the empty object."""
    parts = [pairs[first : first + _PAIRS] for first in range(0, len(pairs), _PAIRS)] or [()]
    return " || ".join(f"jsonb_build_object({', '.join(part)})" for part in parts)
