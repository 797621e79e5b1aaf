"""Changes many addresses of one customer at once: planned in memory, written in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.addresses import changes, emails, kinds, queries
from app.customers.addresses.changes import AddressTaken, TooManyAddresses
from app.customers.addresses.kinds import ReadAddress
from app.customers.addresses.queries import EMAIL
from app.customers.models import Address, Customer
from app.customers.profiles import provenance
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import Refusal


@dataclass(frozen=True, slots=True)
class AddressChange:
    """What is to be so of one address: a label where one is given, the primary of its kind, or no longer in use."""

    kind: str
    value: str
    label: str | None = None
    is_primary: bool = False
    is_ended: bool = False


@dataclass(slots=True)
class _Planned:
    """An address in use as it will be; `row` is its own where it has one already."""

    row: Address | None
    found: ReadAddress | None
    kind: str
    key: str
    label: str
    is_primary: bool
    is_verified: bool = False
    is_ended: bool = False


def set_many(
    session: Session, customer: Customer, given: Sequence[AddressChange], *, source: str, now: datetime
) -> None:
    """Make these changes, one after the other, all or none, in as many statements for twenty as for one.

    One that the customer has is not added again, and one that is to end and is not there is passed over. Raise what
    `changes` raises, with the place of the change, from 0, as the refusal's field.
    """
    if not given:
        return
    read = [_read(customer, number, each) for number, each in enumerate(given)]
    living = changes.hold(session, customer)
    taken = _taken(session, customer, [found.key for found in read if found.kind == EMAIL])
    planned = [
        _Planned(row, None, row.kind, row.key, row.label, row.is_primary, is_verified=row.verified_at is not None)
        for row in sorted(living, key=lambda row: row.id)
    ]
    for number, (each, found) in enumerate(zip(given, read, strict=True)):
        try:
            _plan(planned, each, found, taken)
        except Refusal as refusal:
            refusal.field = str(number)
            raise
    _write(session, customer, planned, source, now)


def _read(customer: Customer, number: int, given: AddressChange) -> ReadAddress:
    try:
        return kinds.read(given.kind, given.value, country=customer.country)
    except Refusal as refusal:
        refusal.field = str(number)
        raise


def _taken(session: Session, customer: Customer, keys: Sequence[str]) -> set[str]:
    """Return which of these emails somebody else has now."""
    owners = queries.owners_by_key(session, customer.workspace_id, keys) if keys else {}
    return {key for key, owner in owners.items() if owner != customer.id}


def _plan(planned: list[_Planned], given: AddressChange, found: ReadAddress, taken: set[str]) -> None:
    in_use = [each for each in planned if not each.is_ended]
    address = next((each for each in in_use if (each.kind, each.key) == (found.kind, found.key)), None)
    if address is None:
        if given.is_ended:
            return
        if len(in_use) >= changes.MOST_LIVING:
            raise TooManyAddresses
        if found.kind == EMAIL and found.key in taken:
            raise AddressTaken
        is_first = all(each.kind != found.kind for each in in_use)
        address = _Planned(None, found, found.kind, found.key, "", is_first)
        planned.append(address)
    if given.label is not None:
        address.label = changes.clean_label(given.label)
    if given.is_ended:
        _end(planned, address)
    elif given.is_primary:
        for each in in_use:
            each.is_primary = each.is_primary and each.kind != address.kind
        address.is_primary = True


def _end(planned: list[_Planned], ending: _Planned) -> None:
    """End an address; where it was the primary, the oldest verified one follows, or else the oldest."""
    was_primary, ending.is_primary, ending.is_ended = ending.is_primary, False, True
    left = [each for each in planned if each.kind == ending.kind and not each.is_ended]
    if was_primary and left:
        min(left, key=lambda each: not each.is_verified).is_primary = True


def _write(session: Session, customer: Customer, planned: list[_Planned], source: str, now: datetime) -> None:
    """Write what ends and steps down first: there is one primary a kind at any moment."""
    for each in planned:
        if each.row is not None:
            each.row.label = each.label
            each.row.is_primary = each.row.is_primary and each.is_primary
            each.row.ended_at = now if each.is_ended else None
    session.flush()
    for each in planned:
        if each.row is not None:
            each.row.is_primary = each.is_primary
    digest_key = workspaces.get(session, customer.workspace_id).digest_key
    told = {"provenance": provenance.told(source, now=now), "created_at": now}
    added = [
        {**_values(each, each.found, digest_key), **told, "ended_at": now if each.is_ended else None}
        | {"workspace_id": customer.workspace_id, "customer_id": customer.id}
        for each in planned
        if each.found is not None
    ]
    with refusing_duplicates(session, "uq_addresses_living_email", AddressTaken()):
        session.flush()
        if added:
            session.execute(insert(Address), added)
    if any(each.kind == EMAIL for each in planned):
        changes.project(session, customer, source, now=now)


def _values(planned: _Planned, found: ReadAddress, digest_key: bytes) -> dict[str, Any]:
    return {
        "kind": planned.kind,
        "value": found.value,
        "key": planned.key,
        "digest": emails.digest(found.digested, digest_key),
        "provider": found.provider,
        "label": planned.label,
        "is_primary": planned.is_primary,
    }
