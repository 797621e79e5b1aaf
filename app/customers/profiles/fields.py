"""Built-in and custom fields of a customer: types, parsing, and typed SQL access.

Built-in fields are columns; a workspace adds typed fields of its own, whose values live in one JSONB column. A key
that a template, a query or a spreadsheet could take for something else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from app.customers import values
from app.customers.addresses.emails import PROVIDERS
from app.customers.field_kinds import references
from app.customers.field_kinds.kind import LONGEST_TEXT, USUAL, Reading, ValueRefused
from app.customers.field_kinds.known import KINDS
from app.customers.field_kinds.references import NamedFields, ReferenceKind, ReferenceTarget, ReferenceTargets
from app.customers.field_kinds.selections import SEPARATORS, MultiChoiceKind
from app.customers.models import Customer, CustomField, Engagement, Traits
from app.customers.profiles import codes, identity, sensitive
from app.customers.words import LABELS, PATTERNS, STAGES, TIERS
from app.kernel.clock import time_zones
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

__all__ = ["KINDS", "LONGEST_TEXT", "ValueRefused"]

PROFILE = ("external_ref", "first_name", "last_name", "language", "country", "city", "time_zone")
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


@dataclass(frozen=True)
class FieldInfo:
    """One thing segments can ask about.

    `kind` is text, number, money, date, time, boolean, choice, choices, reference or tags; `expression` stands over
    `customers` joined with `customer_engagement` and (for `group` traits) `customer_traits`, as `people.base_query`
    joins them.
    """

    name: str
    label: str
    kind: str
    expression: ColumnElement[Any]
    choices: tuple[tuple[str, str], ...] = ()
    group: str = "profile"
    # What its values are codes of (country, language, time_zone), so that names and other spellings can be read.
    codes: str = ""
    # What its values point to, where they are numbers of other things.
    target: ReferenceTarget | None = None
    # It is sensitive, and nobody has stated a ground on which segments may use it.
    is_barred: bool = False


def columns(session: Session, workspace_id: int) -> dict[str, FieldInfo]:
    """Return every field by name: profile, custom (`custom.<key>`), purchases, engagement, traits."""
    named = references.targets(session)
    custom = [_custom_info(field, named) for field in list_custom(session, workspace_id)]
    return {info.name: info for info in (*_BUILT_IN, *custom)}


def list_custom(session: Session, workspace_id: int) -> list[CustomField]:
    """Return the workspace's own fields in the order they were added, without those that are retired."""
    query = select(CustomField).where(CustomField.workspace_id == workspace_id, CustomField.retired_at.is_(None))
    return list(session.scalars(query.order_by(CustomField.id).limit(MOST_FIELDS)))


def list_retired(session: Session, workspace_id: int) -> list[CustomField]:
    """Return the fields that are retired, the latest first."""
    query = select(CustomField).where(CustomField.workspace_id == workspace_id, CustomField.retired_at.is_not(None))
    return list(session.scalars(query.order_by(CustomField.retired_at.desc(), CustomField.id).limit(MOST_FIELDS)))


@dataclass(frozen=True)
class FieldDraft:
    """What a field is to be: its kind, what can be chosen, what it refers to, and whether the law protects it."""

    label: str
    kind: str = "text"
    choices: Sequence[str] = ()
    refers_to: str | None = None
    sensitivity: str | None = None


def create(
    session: Session, workspace_id: int, *, key: str, label: str, kind: str, choices: Iterable[str] = ()
) -> CustomField:
    """Add a plain typed field; raise FieldRefused."""
    return add(session, workspace_id, key, FieldDraft(label, kind, tuple(choices)))


def add(session: Session, workspace_id: int, key: str, draft: FieldDraft) -> CustomField:
    """Add a typed field; at any size at once, because values stand beside the customer by key. Raise FieldRefused."""
    if draft.kind not in KINDS:
        raise FieldRefused(N_("Choose one of the kinds of field."), field="kind")
    chosen = _checked_choices(draft.kind, draft.choices)
    if not _KEY.fullmatch(key) or key in _TAKEN:
        raise FieldRefused(N_("Use a free key of small letters, digits and _."), field="key")
    label, refers_to = _checked_label(draft.label), _checked_target(session, draft.kind, draft.refers_to)
    known = list_custom(session, workspace_id)
    retired = select(CustomField.id).where(CustomField.workspace_id == workspace_id, CustomField.key == key)
    if session.scalar(retired.where(CustomField.retired_at.is_not(None))) is not None:
        raise FieldRefused(N_("A retired field has this key. Bring it back, or delete it first."), field="key")
    if len(known) >= MOST_FIELDS or key in {field.key for field in known}:
        raise FieldRefused(_KEY_TAKEN, field="key")
    field = CustomField(
        workspace_id=workspace_id,
        key=key,
        label=label,
        kind=draft.kind,
        choices=chosen,
        refers_to=refers_to,
        sensitivity=sensitive.checked(draft.sensitivity),
    )
    with refusing_duplicates(session, "uq_custom_fields_key", FieldRefused(_KEY_TAKEN, field="key")):
        session.add(field)
        session.flush()
    return field


def change(session: Session, workspace_id: int, field_id: int, *, label: str, choices: Sequence[str] = ()) -> None:
    """Call a field something else, and offer other choices; what is kept stays, also what is offered no more.

    Its key and its kind never change: templates, files and rules name it by them. Raise NotFound, FieldRefused.
    """
    found = keyed_rows.hold(session, CustomField, workspace_id, field_id)
    found.label, found.choices = _checked_label(label), _checked_choices(found.kind, choices)
    session.flush()


def get(session: Session, workspace_id: int, field_id: int) -> CustomField:
    """Return a field; raise NotFound."""
    return keyed_rows.get(session, CustomField, workspace_id, field_id)


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
    return text in time_zones()


def named_fields(session: Session, workspace_id: int, used: Collection[str] | None = None) -> NamedFields:
    """Return the reference fields among those a content uses (all for None), with what they point to."""
    if used is not None and not used:
        return {}
    found = references.targets(session)
    own = (field for field in list_custom(session, workspace_id) if field.refers_to)
    told = ((field.key, found.get(field.refers_to)) for field in own if used is None or field.key in used)
    return {key: target for key, target in told if target is not None}


def accept(
    session: Session, workspace_id: int, field: CustomField, value: Any, reading: Reading = USUAL
) -> Any:
    """Return what a program or a form says of this field as it is kept, None for nothing; raise ValueRefused."""
    try:
        found = KINDS[field.kind].accept(value, field, reading)
        if field.kind == ReferenceKind.name and found is not None:
            found = references.resolve_one(session, workspace_id, field, found)
    except ValueRefused as refused:
        refused.field = refused.field or field.key
        raise
    return found


def _checked_choices(kind: str, choices: Iterable[str]) -> list[str]:
    if not KINDS[kind].has_choices:
        return []
    chosen = list(dict.fromkeys(clean for choice in choices if (clean := values.one_line(choice))))
    if not 2 <= len(chosen) <= 50:
        raise FieldRefused(N_("Give two to fifty choices, one a line."), field="choices")
    if kind == MultiChoiceKind.name and any(set(choice) & SEPARATORS for choice in chosen):
        raise FieldRefused(N_("Write choices without , ; and |: files separate them by these."), field="choices")
    return chosen


def _checked_label(label: str) -> str:
    clean = values.one_line(label)
    if not clean or len(clean) > 80:
        raise FieldRefused(N_("Write a label of at most 80 characters."), field="label")
    return clean


def _checked_target(session: Session, kind: str, refers_to: str | None) -> str | None:
    if kind != ReferenceKind.name:
        return None
    if references.targets(session).get(refers_to) is None:
        raise FieldRefused(N_("Choose what the field refers to."), field="refers_to")
    return refers_to


def _custom_info(field: CustomField, named: ReferenceTargets) -> FieldInfo:
    kind = KINDS[field.kind]
    return FieldInfo(
        f"custom.{field.key}",
        field.label,
        kind.asked_as,
        kind.sql(Customer.custom[field.key]),
        tuple((choice, choice) for choice in field.choices),
        "custom",
        target=named.get(field.refers_to),
        is_barred=field.is_barred,
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
    _info("stage", "choice", Engagement.stage, "purchases", STAGES.items()),
    _info("stage_since", "time", Engagement.stage_since, "purchases"),
    *(_info(name, "number", getattr(Traits, name), "traits") for name in (*_SCORE, "revenue_share")),
    _info("value_tier", "choice", Traits.value_tier, "traits", TIERS.items()),
    _info("segment_label", "choice", Traits.segment_label, "traits", PATTERNS.items()),
)
