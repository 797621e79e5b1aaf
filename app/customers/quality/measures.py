"""How data quality is asked of the tables: what says that a value is known or old, and which source brought somebody.

Expressions stand over `FROM_PEOPLE`: customers as `c`, the files that brought them as `i`, and their phones and postal
addresses as `r`; the bind `w` is the workspace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.customers.profiles import fields, identity

BUILT_IN = ("email", *fields.PROFILE, *identity.IDENTITY)
# Kept as addresses beside the customer.
REACHED_BY = ("phone", "postal")
NAMES = (*BUILT_IN, *REACHED_BY)
CUSTOM = "custom."
# Whoever told the first values of a person brought them, where no file did.
TELLERS = ("form", "preferences", "shop", "staff", "api")
FILE, OTHER, REST, EVERY = "file", "other", "rest", "*"
_BROUGHT_BY = "c.provenance -> '*' -> 0"
_FIRST = f"split_part({_BROUGHT_BY} #>> '{{}}', ':', 1)"
SOURCE = f"""
    CASE WHEN i.id IS NOT NULL THEN coalesce('source:' || i.source_id, '{FILE}')
         WHEN jsonb_typeof({_BROUGHT_BY}) = 'number' THEN '{FILE}'
         WHEN {_FIRST} IN ({", ".join(f"'{teller}'" for teller in TELLERS)}) THEN {_FIRST}
         ELSE '{OTHER}' END"""
# Since when phones and postal addresses are known; one made by hand may have no mark of a time.
_ADDRESSES = """
    SELECT a.customer_id, max(CAST(a.provenance ->> 1 AS bigint)) FILTER (WHERE a.kind = 'phone') AS phone,
           max(CAST(a.provenance ->> 1 AS bigint)) FILTER (WHERE a.kind = 'postal') AS postal
    FROM addresses a WHERE a.workspace_id = :w AND a.ended_at IS NULL AND a.kind <> 'email' GROUP BY a.customer_id
"""
FROM_PEOPLE = f"""
    FROM customers c
    LEFT JOIN imports i ON i.workspace_id = :w AND to_jsonb(i.id) = {_BROUGHT_BY}
    LEFT JOIN ({_ADDRESSES}) r ON r.customer_id = c.id
"""


@dataclass(frozen=True)
class Measured:
    """One field in SQL: that it is known, the second it was observed, and the binds both need."""

    name: str
    known: str
    observed: str
    binds: dict[str, Any]

    @property
    def stale(self) -> str:
        """Return that it is known, and old by the bind `stale_before`."""
        return f"({self.known} AND {self.observed} < CAST(:stale_before AS bigint))"


def measure(name: str, number: int = 0) -> Measured:
    """Return how a field of this name is asked for; `number` tells its binds from those of others."""
    if name in REACHED_BY:
        return Measured(name, f"r.{name} IS NOT NULL", f"r.{name}", {})
    if name.startswith(CUSTOM):
        key, mark = f"CAST(:key_{number} AS text)", f"CAST(:name_{number} AS text)"
        binds = {f"key_{number}": name.removeprefix(CUSTOM), f"name_{number}": name}
        return Measured(name, f"c.custom ->> {key} IS NOT NULL", _observed(mark), binds)
    if name not in BUILT_IN:
        raise LookupError(name)
    return Measured(name, f"c.{name} IS NOT NULL", _observed(f"'{name}'"), {})


def measure_all(names: Iterable[str]) -> Iterator[Measured]:
    """Return how each of these fields is asked for in one statement."""
    return (measure(name, number) for number, name in enumerate(names))


def _observed(mark: str) -> str:
    return f"CAST(coalesce(c.provenance -> {mark}, c.provenance -> '*') ->> 1 AS bigint)"
