"""Built-in and custom fields of a customer: types, parsing, and typed SQL access.

Built-in fields are columns; a workspace adds typed fields of its own, whose values live in one JSONB column. A key
that a template, a query or a spreadsheet could take for something else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import InvalidOperation
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, Date, Numeric, case, cast, delete, false, select, true
from sqlalchemy.orm import Session

from app.customers import values
from app.customers.addresses.emails import PROVIDERS
from app.customers.models import Customer, CustomField, Engagement, Traits
from app.customers.profiles import codes, dates, identity
from app.customers.words import LABELS, PATTERNS, TIERS
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

KINDS = ("text", "number", "date", "boolean", "choice")
PROFILE = ("external_ref", "first_name", "last_name", "language", "country", "city", "time_zone")
LONGEST_TEXT = 1000
MOST_FIELDS = 100
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = frozenset(LABELS) | {
    *("id", "workspace_id", "custom", "provenance", "updated_at", "email_key", "address_digest", "name"),
    *("self", "cls", "class", "import", "true", "false", "none", "null", "constructor", "prototype"),
}


_KEY_TAKEN = N_("There is a field with this key already.")


class FieldRefused(Refusal):
    """The key, the kind or the choices of a custom field cannot be used."""

    status = 422
    message = N_("This field cannot be added.")


class ValueRefused(Refusal):
    """A value does not fit its field."""

    status = 422
    message = N_("This value does not fit the field.")


@dataclass(frozen=True)
class FieldInfo:
    """One thing segments can ask about.

    `kind` is text, number, date, time, boolean, choice or tags; `expression` stands over `customers` joined with
    `customer_engagement` and (for `group` traits) `customer_traits`, as `people.base_query` joins them.
    """

    name: str
    label: str
    kind: str
    expression: ColumnElement[Any]
    choices: tuple[tuple[str, str], ...] = ()
    group: str = "profile"
    # What its values are codes of (country, language, time_zone), so that names and other spellings can be read.
    codes: str = ""


def columns(session: Session, workspace_id: int) -> dict[str, FieldInfo]:
    """Return every field by name: profile, custom (`custom.<key>`), purchases, engagement, traits."""
    custom = [_custom_info(field) for field in list_custom(session, workspace_id)]
    return {info.name: info for info in (*_BUILT_IN, *custom)}


def list_custom(session: Session, workspace_id: int) -> list[CustomField]:
    """Return the workspace's own fields in the order they were added, without those that are retired."""
    query = select(CustomField).where(CustomField.workspace_id == workspace_id, CustomField.retired_at.is_(None))
    return list(session.scalars(query.order_by(CustomField.id).limit(MOST_FIELDS)))


def list_retired(session: Session, workspace_id: int) -> list[CustomField]:
    """Return the fields that are retired, the latest first."""
    query = select(CustomField).where(CustomField.workspace_id == workspace_id, CustomField.retired_at.is_not(None))
    return list(session.scalars(query.order_by(CustomField.retired_at.desc(), CustomField.id).limit(MOST_FIELDS)))


def create(
    session: Session, workspace_id: int, *, key: str, label: str, kind: str, choices: Iterable[str] = ()
) -> CustomField:
    """Add a typed field; raise FieldRefused."""
    chosen = _checked_choices(kind, choices)
    clean_label = values.one_line(label)
    if not _KEY.fullmatch(key) or key in _TAKEN:
        raise FieldRefused(N_("Use a free key of small letters, digits and _."), field="key")
    if kind not in KINDS:
        raise FieldRefused(N_("Choose one of the kinds of field."), field="kind")
    if not clean_label or len(clean_label) > 80:
        raise FieldRefused(N_("Write a label of at most 80 characters."), field="label")
    known = list_custom(session, workspace_id)
    retired = select(CustomField.id).where(CustomField.workspace_id == workspace_id, CustomField.key == key)
    if session.scalar(retired.where(CustomField.retired_at.is_not(None))) is not None:
        raise FieldRefused(N_("A retired field has this key. Bring it back, or delete it first."), field="key")
    if len(known) >= MOST_FIELDS or key in {field.key for field in known}:
        raise FieldRefused(_KEY_TAKEN, field="key")
    field = CustomField(workspace_id=workspace_id, key=key, label=clean_label, kind=kind, choices=chosen)
    with refusing_duplicates(session, "uq_custom_fields_key", FieldRefused(_KEY_TAKEN, field="key")):
        session.add(field)
        session.flush()
    return field


def retire(session: Session, workspace_id: int, field_id: int, *, now: datetime) -> None:
    """Take a field out of use; its values stay with the customers. Raise NotFound."""
    found = keyed_rows.hold(session, CustomField, workspace_id, field_id)
    found.retired_at = found.retired_at or now
    session.flush()


def bring_back(session: Session, workspace_id: int, field_id: int) -> None:
    """Take a retired field into use again, with every value it had. Raise NotFound, FieldRefused."""
    found = keyed_rows.hold(session, CustomField, workspace_id, field_id)
    if found.retired_at is not None and len(list_custom(session, workspace_id)) >= MOST_FIELDS:
        raise FieldRefused(N_("There are 100 fields in use already. Retire one first."))
    found.retired_at = None
    session.flush()


def remove(session: Session, workspace_id: int, field_id: int) -> None:
    """Forget a field; the values stay with the customers until they are next written."""
    found = session.execute(
        delete(CustomField)
        .where(CustomField.workspace_id == workspace_id, CustomField.id == field_id)
        .returning(CustomField.id)
    ).first()
    if found is None:
        raise NotFound


def is_time_zone(text: str) -> bool:
    """Say whether clocks can be set by this name."""
    return text in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def parse(
    kind: str, text: str, choices: Iterable[str] = (), *, date_order: str = "ymd", decimal: str = "."
) -> str | float | int | bool:
    """Return the value as it is kept in JSON; raise ValueRefused. Dates are kept as YYYY-MM-DD.

    `date_order` says how 03/04/2026 is meant, `decimal` what separates the cents, `.` or `,`.
    """
    if kind == "number":
        return _number(text, decimal)
    if kind == "date":
        return _date(text, date_order).isoformat()
    if kind == "boolean":
        return _truth(text)
    clean = values.one_line(text)
    if len(clean) > LONGEST_TEXT:
        raise ValueRefused(N_("This text is too long."))
    if kind == "choice" and clean not in choices:
        raise ValueRefused(N_("This is not one of the choices."))
    return clean


def _number(text: str, decimal: str) -> int | float:
    try:
        number = values.amount(text, decimal=decimal)
    except (InvalidOperation, ValueError):
        raise ValueRefused(N_("This is not a number.")) from None
    return int(number) if number == number.to_integral_value() and abs(number) < 2**53 else float(number)


def _date(text: str, order: str) -> date:
    try:
        return dates.day(text, order)
    except ValueError:
        raise ValueRefused(N_("This is not a date.")) from None


def _truth(text: str) -> bool:
    answer = values.truth(text)
    if answer is None:
        raise ValueRefused(N_("This is neither yes nor no."))
    return answer


def _checked_choices(kind: str, choices: Iterable[str]) -> list[str]:
    chosen = list(dict.fromkeys(clean for choice in choices if (clean := values.one_line(choice))))
    if kind == "choice" and not 2 <= len(chosen) <= 50:
        raise FieldRefused(N_("Give two to fifty choices, one a line."), field="choices")
    return chosen if kind == "choice" else []


def _custom_info(field: CustomField) -> FieldInfo:
    text = Customer.custom[field.key].astext
    choices = tuple((choice, choice) for choice in field.choices)
    return FieldInfo(f"custom.{field.key}", field.label, field.kind, _read(text, field.kind), choices, "custom")


def _read(text: ColumnElement[str], kind: str) -> ColumnElement[Any]:
    """Return the kept text as a value of this kind, NULL where it is none.

    A field may be removed and made again with another kind, and values stay: whatever is kept, no query fails over it.
    """
    if kind == "number":
        return case((text.regexp_match(_A_NUMBER), cast(text, Numeric)))
    if kind == "date":
        return case((text.regexp_match(_A_DAY), cast(text, Date)))
    if kind == "boolean":
        return case((text == "true", true()), (text == "false", false()))
    return text


# What PostgreSQL reads as a number or as a day of the years a value may have, and nothing else.
_A_NUMBER = "^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$"
_LEAP = "19(0[48]|[2468][048]|[13579][26])|2[01](0[48]|[2468][048]|[13579][26])|2000"
_A_DAY = (
    "^((19|20|21)[0-9]{2}|2200)-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)$"
    f"|^({_LEAP})-02-29$"
)


def _info(name: str, kind: str, expression: Any, group: str, choices: Iterable[tuple[str, str]] = ()) -> FieldInfo:
    return FieldInfo(name, LABELS[name], kind, expression, tuple(choices), group)


_SCORE = ("recency", "frequency", "monetary")
_BUILT_IN = (
    _info("email", "text", Customer.email_key, "profile"),
    *(
        FieldInfo(
            name, LABELS[name], "text", getattr(Customer, name).expression, codes=name if name in codes.FIND else ""
        )
        for name in PROFILE
    ),
    *(
        _info(name, identity.kind_of(name), getattr(Customer, name), "profile", identity.CHOICES.get(name, {}).items())
        for name in identity.IDENTITY
    ),
    _info("tags", "tags", Customer.tags, "profile"),
    _info("provider", "choice", Customer.provider, "profile", ((name, name) for name in PROVIDERS)),
    _info("created_at", "time", Customer.created_at, "profile"),
    *(_info(name, "number", getattr(Engagement, name), "purchases") for name in ("orders", "spent", "items")),
    *(
        _info(name, "time", getattr(Engagement, name), "purchases")
        for name in ("first_purchase_at", "latest_purchase_at")
    ),
    *(
        _info(name, "number", getattr(Engagement, name), "engagement")
        for name in ("sent_count", "open_count", "click_count")
    ),
    *(
        _info(f"latest_{name}_at", "time", getattr(Engagement, f"latest_{name}_at"), "engagement")
        for name in ("sent", "open", "click", "reply", "human")
    ),
    *(_info(name, "number", getattr(Traits, name), "traits") for name in (*_SCORE, "revenue_share")),
    _info("value_tier", "choice", Traits.value_tier, "traits", TIERS.items()),
    _info("segment_label", "choice", Traits.segment_label, "traits", PATTERNS.items()),
)
