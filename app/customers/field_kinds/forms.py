"""Form controls for a workspace's own fields: what is shown for each kind, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from babel.numbers import UnknownCurrencyError
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from wtforms import Field

from app.customers.field_kinds import money, references
from app.customers.field_kinds.known import KINDS
from app.customers.models import Customer, CustomField
from app.web import language
from app.web.choices import with_given
from app.web.forms import LineField, SelectField, SelectMultipleChecks

# Names of what reference fields point to, by (kind of thing, number).
Names = Mapping[tuple[str, int], str]
_YES_OR_NO = [("true", _("Yes")), ("false", _("No"))]
_HINTS = {
    "date": _("Year-month-day"),
    "number": _("A number"),
    "money": _("An amount and its currency, such as 1234.50 EUR"),
    "date_time": _("Such as 2026-03-31 15:00; without a zone it is your workspace's time"),
    "reference": _("The name or number of what it refers to"),
}


def control(field: CustomField, kept: Any, *, label: Any = None, names: Names | None = None) -> Any:
    """Return the control of a field as a member of a form class; what is on record stays a choice."""
    shown = label or field.label
    if field.kind == "multi_choice":
        given = [str(each) for each in kept] if isinstance(kept, list) else []
        return SelectMultipleChecks(shown, choices=with_given(_own(field), given))
    if field.kind in ("choice", "boolean"):
        offered = _YES_OR_NO if field.kind == "boolean" else _own(field)
        return SelectField(shown, choices=[("", "–"), *with_given(offered, [said(field, kept, names=names)])])
    return LineField(shown, description=_HINTS.get(field.kind, ""))


def _own(field: CustomField) -> list[tuple[str, Any]]:
    return [(choice, choice) for choice in field.choices]


def said(field: CustomField, kept: Any, *, names: Names | None = None) -> Any:
    """Return a kept value as the control of its field holds it."""
    if field.kind == "multi_choice":
        return [str(each) for each in kept] if isinstance(kept, list) else []
    if field.kind == "reference" and isinstance(kept, int):
        return (names or {}).get((field.refers_to or "", kept), f"#{kept}")
    return KINDS[field.kind].written(kept) if not isinstance(kept, list | dict) else str(kept)


def value_of(control_: Field) -> Any:
    """Return what was said in a control, None for nothing."""
    return control_.data or None


def in_words(field: CustomField, kept: Any, names: Names) -> Any:
    """Return a kept value as a reader says it; one that does not fit its field any more as it is kept."""
    if field.kind == "reference" and isinstance(kept, int):
        return names.get((field.refers_to or "", kept), f"#{kept}")
    if isinstance(kept, list):
        return ", ".join(map(str, kept))
    if not isinstance(kept, str):
        return kept
    try:
        return _WORDS[field.kind](kept) if field.kind in _WORDS else kept
    except (ValueError, UnknownCurrencyError):
        return kept


def _money(kept: str) -> str:
    amount = money.split(kept)
    return language.money(*amount) if amount else kept


_WORDS: dict[str, Callable[[str], str]] = {
    "date": lambda kept: language.day(date.fromisoformat(kept)),
    "date_time": lambda kept: language.moment(datetime.fromisoformat(kept)),
    "money": _money,
}


def names_of(session: Session, workspace_id: int, customer: Customer, custom: list[CustomField]) -> Names:
    """Return the names of what this customer's reference fields point to."""
    wanted: dict[str, list[int]] = {}
    for field in custom:
        if field.refers_to:
            wanted.setdefault(field.refers_to, []).append(customer.custom.get(field.key, 0))
    return references.names(session, workspace_id, wanted)
