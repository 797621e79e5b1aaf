"""The fields of the customer card: what a workspace chose, what it may choose from, and one customer's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.addresses import queries
from app.customers.card import sections
from app.customers.card.models import CustomerCard
from app.customers.card.sections import CardLine, Section
from app.customers.models import Address, Customer, CustomField, Engagement
from app.customers.profiles import engagement, fields, identity
from app.customers.relations import belonging
from app.customers.relations.belonging import Belonging
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

MOST_FIELDS = 16
USUAL = (
    *("kind", "position", "language", "birth_date", "preferred_channel"),
    *("city", "tags", "spent", "latest_purchase_at"),
)
_SUMS = ("orders", "spent", "first_purchase_at", "latest_purchase_at", "latest_human_at")
_BUILT_IN = (*fields.PROFILE, *identity.IDENTITY, "tags", "created_at", *_SUMS)
_SOON = 30


class CardRefused(Refusal):
    """These fields cannot be on the card."""

    status = 422
    message = N_("Choose one to sixteen fields of the list.")


@dataclass(frozen=True)
class CardField:
    """One field with its value; one of the workspace's own (`own`) has a label people gave."""

    name: str
    label: str
    own: CustomField | None
    value: Any


@dataclass(frozen=True)
class Card:
    """Everything on one customer's card."""

    customer: Customer
    addresses: list[Address]
    fields: list[CardField]
    belongs: Belonging
    sections: Mapping[Section, list[CardLine]]
    currency: str


def read(session: Session, customer: Customer, *, now: datetime) -> Card:
    """Return one customer's card."""
    workspace_id = customer.workspace_id
    known = choices(session, workspace_id)
    own = {f"custom.{field.key}": field for field in fields.list_custom(session, workspace_id)}
    sums = engagement.get(session, workspace_id, customer.id)
    shown = [
        CardField(name, known[name][0], own.get(name), _value(customer, sums, name))
        for name in chosen(session, workspace_id)
        if name in known
    ]
    return Card(
        customer,
        [each for each in queries.list_living(session, workspace_id, customer.id) if each.is_primary],
        shown,
        belonging.read(session, workspace_id, customer.id),
        sections.read(session, workspace_id, customer.id, now=now),
        workspaces.get(session, workspace_id).currency or "EUR",
    )


def choices(session: Session, workspace_id: int) -> dict[str, tuple[str, bool]]:
    """Return (label, whether people gave it) of every field that can be on the card, by name."""
    known = fields.columns(session, workspace_id)
    return {
        name: (info.label, info.group == "custom")
        for name, info in known.items()
        if name in _BUILT_IN or info.group == "custom"
    }


def chosen(session: Session, workspace_id: int) -> Sequence[str]:
    """Return the names of the fields on the card, in their order."""
    kept = session.get(CustomerCard, workspace_id)
    return kept.fields if kept else USUAL


def choose(session: Session, workspace_id: int, names: Sequence[str]) -> None:
    """Put these fields on the card; raise CardRefused."""
    wanted = list(dict.fromkeys(names))
    if not 1 <= len(wanted) <= MOST_FIELDS or not set(wanted) <= choices(session, workspace_id).keys():
        raise CardRefused(field="fields")
    kept = insert(CustomerCard).values(workspace_id=workspace_id, fields=wanted)
    changed = {"fields": kept.excluded.fields}
    session.execute(kept.on_conflict_do_update(index_elements=["workspace_id"], set_=changed))


def birthday_lines(session: Session, workspace_id: int, customer_id: int, now: datetime) -> list[CardLine]:
    """Return the birthday, if it is within a month."""
    customer = session.get(Customer, (workspace_id, customer_id))
    if customer is None or customer.birth_date is None:
        return []
    today = now.astimezone(ZoneInfo(workspaces.get(session, workspace_id).time_zone)).date()
    comes = _next(customer.birth_date, today)
    if (comes - today).days > _SOON:
        return []
    age = comes.year - customer.birth_date.year
    return [CardLine(Section.DUE, N_("Birthday: turns %(age)s"), {"age": age}, due_on=comes)]


def _next(born: date, today: date) -> date:
    """Return the next birthday from today on; whoever was born on 29 February has it on the 28th in other years."""
    for year in (today.year, today.year + 1):
        try:
            comes = born.replace(year=year)
        except ValueError:
            comes = date(year, 2, 28)
        if comes >= today:
            return comes
    raise AssertionError(born)


def _value(customer: Customer, sums: Engagement, name: str) -> Any:
    if name.startswith("custom."):
        return customer.custom.get(name[7:])
    return getattr(sums, name) if name in _SUMS else getattr(customer, name)
