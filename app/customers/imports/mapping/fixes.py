"""Fixes for rejected rows, suggested from the cells and applied with one click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.customers.imports import kinds
from app.customers.imports.mapping import guessing, mapping
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.models import CustomField

_NUMBERS = ("number", "amount")


class Fix(NamedTuple):
    """One change of how the file is meant: `what` is an option or "skip", `value` what it becomes, or the column."""

    what: str
    value: str


def suggest(
    session: Session, found: Import, cause: dict[str, Any], rows: Sequence[Sequence[str]], *, time_zone: str
) -> list[Fix]:
    """Return what would help against rows given back for this cause, the best first."""
    options, place, reason = Options(**found.options), cause.get("place"), cause["reason"]
    if reason == "unknown" and options.unknown == "refuse" and options.match_by == "email":
        return [Fix("unknown", "create")]
    if place is None:
        return []
    better = []
    if reason == "date":
        order = guessing.date_order(rows, [place], time_zone=time_zone)
        better = [Fix("date_order", order)] if order not in ("ymd", options.date_order) else []
    elif reason in _NUMBERS:
        mark = guessing.decimal_mark(rows, [place], delimiter=found.delimiter)
        better = [Fix("decimal", mark)] if mark != options.decimal else []
    return better if better or not _may_be_left_out(session, found, place, options) else [Fix("skip", str(place))]


def apply(session: Session, found: Import, fix: Fix) -> None:
    """Read the file so from now on; raise MappingRefused."""
    options, chosen = Options(**found.options), dict(found.mapping)
    if fix.what == "skip":
        chosen.pop(fix.value, None)
    elif fix.what in ("date_order", "decimal", "unknown"):
        options = Options(**{**options.dump(), fix.what: fix.value})
    else:
        raise mapping.MappingRefused
    mapping.decide(session, found, chosen, options)


def options_for(
    meant: dict[str, str],
    rows: Sequence[Sequence[str]],
    custom: Sequence[CustomField],
    *,
    delimiter: str,
    time_zone: str,
) -> dict[str, Any]:
    """Return how the file is probably meant, as the cells tell: people without an address are found by their number."""
    has_number_alone = "external_ref" in meant.values() and "email" not in meant.values()
    return {
        "match_by": "external_ref" if has_number_alone else "email",
        "date_order": guessing.date_order(rows, guessing.dated(meant, custom), time_zone=time_zone),
        "decimal": guessing.decimal_mark(rows, guessing.counted(meant, custom), delimiter=delimiter),
    }


def _may_be_left_out(session: Session, found: Import, place: int, options: Options) -> bool:
    target = found.mapping.get(str(place))
    needed = kinds.get(session, found.kind).needed
    return target is not None and target != options.match_by and target not in needed
