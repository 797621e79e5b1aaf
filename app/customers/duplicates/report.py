"""Tells an operator which people of a file are probably the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from app.customers.duplicates.linkage import Pair
from app.customers.duplicates.records import Record, Records


def as_json(found: Records, pairs: Sequence[Pair]) -> str:
    """Return everything: `rows`, `columns` and `pairs`, most probable first.

    A pair names both records by `id` (the file's own, or the row) and `row`, says the `probability` that they are one
    person, from 0 to 1, and how far each thing agrees.
    """
    told = [
        {
            "left": each.left.id,
            "right": each.right.id,
            "left_row": each.left.row,
            "right_row": each.right.row,
            "probability": each.probability,
            "agreement": dict(each.agreement),
        }
        for each in pairs
    ]
    whole: dict[str, Any] = {"rows": len(found.people), "columns": dict(found.columns), "pairs": told}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def as_lines(found: Records, pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield a line a pair, and what was compared."""
    for each in pairs:
        agreeing = ", ".join(f"{name.replace('_', ' ')} {word}" for name, word in each.agreement.items())
        yield f"{each.probability:.3f}  {_named(each.left)}  =  {_named(each.right)}  ({agreeing})"
    compared = ", ".join(f"{heading} as {target.replace('_', ' ')}" for target, heading in found.columns.items())
    yield f"{len(found.people)} rows, {len(pairs)} pairs that are probably one person. Read: {compared}."


def _named(record: Record) -> str:
    names = (record.values.get("first_name"), record.values.get("last_name"), record.values.get("email"))
    return f"row {record.row} {' '.join(filter(None, names))}".rstrip()
