"""Rows that tests begin with, one file a room. A factory writes what a real action would have written."""

from datetime import UTC, datetime

NOON = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
