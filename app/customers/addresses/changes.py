"""Adds, ends and changes the addresses of a customer; the customer's row is held first, the projection follows last.

    (new) --add--> living --end--> ended --restore--> living
                   living: primary <--make_primary--> not primary

The first address of a kind is its primary; when the primary ends, the oldest verified one follows, or else the oldest.
Whether mail may go to a new primary is for consent to say: an address that no consent names is suppressed until its
owner confirms it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.accounts import undo, workspaces
from app.customers import values
from app.customers.addresses import emails, kinds, projection, queries
from app.customers.addresses.queries import EMAIL
from app.customers.models import Address, Customer
from app.customers.profiles import people, provenance
from app.kernel import page_links
from app.kernel.database import refusing_duplicates
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

MOST_LIVING = 20
LONGEST_LABEL = 40


class AddressTaken(Refusal):
    """Another customer of this workspace has this address."""

    message = N_("Another customer has this address.")


class AddressEnded(Refusal):
    """An address that has ended cannot be the primary one."""

    message = N_("This address is no longer in use.")


class TooManyAddresses(Refusal):
    """Nobody has that many addresses at once."""

    message = N_("A customer has at most 20 addresses at a time. End one first.")


class LabelTooLong(Refusal):
    """A label is a word or two."""

    status = 422
    message = N_("A label has at most 40 characters.")


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address somebody told us: its kind, the value as typed, and a label such as "work"."""

    kind: str
    value: str
    label: str = ""


def add(session: Session, customer: Customer, given: NewAddress, *, source: str, now: datetime) -> Address:
    """Add an address; one the customer has already stays as it is. Raise AddressTaken and what `kinds.read` raises."""
    found = kinds.read(given.kind, given.value, country=customer.country)
    label = clean_label(given.label)
    living = hold(session, customer)
    known = _find(living, found.kind, found.key)
    if known:
        return known
    if len(living) >= MOST_LIVING:
        raise TooManyAddresses(field="value")
    _require_free(session, customer, found)
    is_first = all(each.kind != found.kind for each in living)
    added = _insert(session, customer, found, label=label, is_primary=is_first, source=source, now=now)
    _project(session, customer, added, source, now=now)
    return added


def find(session: Session, customer: Customer, kind: str, value: str) -> Address | None:
    """Return the address in use that this customer has, however it is written; raise what `kinds.read` raises."""
    found = kinds.read(kind, value, country=customer.country)
    return _find(hold(session, customer), found.kind, found.key)


def change_email(session: Session, customer: Customer, *, email: str, source: str, now: datetime) -> Customer:
    """Give the person another primary email: the former one ends. Raise BadAddress, AddressTaken.

    An email they have beside the primary becomes the primary, and both stay. Permission does not follow by itself.
    """
    found = kinds.read(EMAIL, email)
    living = hold(session, customer)
    if customer.email == found.value:
        return customer
    known, former = _find(living, EMAIL, found.key), _primary(living, EMAIL)
    if known and known is not former:
        make_primary(session, customer, known.id, source=source, now=now)
        return customer
    _require_free(session, customer, found)
    if former:
        former.is_primary, former.ended_at = False, now
        session.flush()
    added = _insert(
        session, customer, found, label=former.label if former else "", is_primary=True, source=source, now=now
    )
    if former and former.key == added.key:
        # The same mailbox in another spelling.
        added.verified_at = former.verified_at
    _project(session, customer, added, source, now=now)
    return customer


def make_primary(session: Session, customer: Customer, address_id: int, *, source: str, now: datetime) -> Address:
    """Let this address be the one its kind is reached by; raise NotFound, AddressEnded."""
    living = hold(session, customer)
    chosen = queries.get(session, customer.workspace_id, customer.id, address_id)
    if chosen.ended_at is not None:
        raise AddressEnded
    _set_primary(session, living, chosen)
    _project(session, customer, chosen, source, now=now)
    return chosen


def relabel(session: Session, customer: Customer, address_id: int, *, label: str) -> Address:
    """Say what this address is for, such as "work"; raise NotFound, LabelTooLong."""
    clean = clean_label(label)
    hold(session, customer)
    found = queries.get(session, customer.workspace_id, customer.id, address_id)
    found.label = clean
    session.flush()
    return found


def end(
    session: Session, customer: Customer, address_id: int, *, staff_id: int | None, source: str, now: datetime
) -> PageLink | None:
    """End an address; return what takes that back, None if it had ended before or no staff did it. Raise NotFound."""
    living = hold(session, customer)
    ending = queries.get(session, customer.workspace_id, customer.id, address_id)
    if ending.ended_at is not None:
        return None
    was_primary = ending.is_primary
    ending.is_primary, ending.ended_at = False, now
    session.flush()
    following = _following(living, ending.kind)
    if was_primary and following:
        following.is_primary = True
    _project(session, customer, ending, source, now=now)
    if staff_id is None:
        return None
    kept = {
        "customer_id": customer.id,
        "address_id": ending.id,
        "was_primary": was_primary,
        "followed_by": following.id if was_primary and following else None,
    }
    return undo.keep(
        session, customer.workspace_id, kind="customers.address_ended", values=kept, staff_id=staff_id, now=now
    )


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Take an ended address into use again; raise AddressTaken where somebody else has it, TooManyAddresses.

    It is the primary again if it was, unless another one than the one that followed has been chosen since.
    """
    customer = people.get(session, workspace_id, values["customer_id"])
    living = hold(session, customer)
    ended = queries.get(session, workspace_id, customer.id, values["address_id"])
    page = page_links.to("customers.show_customer", customer_id=customer.id)
    there = undo.Restored(page, N_("The address is in use again."))
    if ended.ended_at is None or _find(living, ended.kind, ended.key):
        return there
    if len(living) >= MOST_LIVING:
        raise TooManyAddresses
    primary = _primary(living, ended.kind)
    with refusing_duplicates(session, "uq_addresses_living_email", AddressTaken()):
        ended.ended_at = None
        session.flush()
    if primary is None or (values["was_primary"] and primary.id == values["followed_by"]):
        _set_primary(session, living, ended)
    _project(session, customer, ended, f"undo:{staff_id}", now=now)
    return there


UNDO_ENDING = undo.Opposite("customers.address_ended", restore, role="marketer")


def verify(session: Session, workspace_id: int, customer_id: int, digest: bytes, *, now: datetime) -> None:
    """Note that the owner of this address answered from it; raise NotFound."""
    people.hold(session, people.get(session, workspace_id, customer_id))
    session.execute(
        update(Address)
        .where(
            *(Address.workspace_id == workspace_id, Address.customer_id == customer_id, Address.digest == digest),
            *(Address.ended_at.is_(None), Address.verified_at.is_(None)),
        )
        .values(verified_at=now)
    )


def erase(session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> None:
    """Forget every address of this person, present and former; digests on the suppression list stay."""
    customer = people.get(session, workspace_id, customer_id)
    people.hold(session, customer)
    session.execute(
        delete(Address).where(Address.workspace_id == workspace_id, Address.customer_id == customer_id)
    )
    projection.refresh(session, workspace_id, [customer_id], now=now)
    session.refresh(customer)


def hold(session: Session, customer: Customer) -> list[Address]:
    """Hold the customer and return the addresses in use, as they are after everybody before us."""
    people.hold(session, customer)
    return queries.list_living(session, customer.workspace_id, customer.id)


def _find(living: list[Address], kind: str, key: str) -> Address | None:
    return next((each for each in living if (each.kind, each.key) == (kind, key)), None)


def _primary(living: list[Address], kind: str) -> Address | None:
    return next((each for each in living if each.kind == kind and each.is_primary), None)


def _following(living: list[Address], kind: str) -> Address | None:
    """Return who follows when the primary ends: whoever answered from an address, is reached there."""
    left = [each for each in living if each.kind == kind and each.ended_at is None]
    return min(left, key=lambda each: (each.verified_at is None, each.id), default=None)


def _set_primary(session: Session, living: list[Address], chosen: Address) -> None:
    former = _primary(living, chosen.kind)
    if former and former is not chosen:
        former.is_primary = False
        session.flush()
    chosen.is_primary = True


def _require_free(session: Session, customer: Customer, found: kinds.ReadAddress) -> None:
    if found.kind != EMAIL:
        return
    owner = session.scalar(queries.owner_query(customer.workspace_id, found.key))
    if owner is not None and owner != customer.id:
        raise AddressTaken(field="email")


def _insert(
    session: Session,
    customer: Customer,
    found: kinds.ReadAddress,
    *,
    label: str,
    is_primary: bool,
    source: str,
    now: datetime,
) -> Address:
    digest_key = workspaces.get(session, customer.workspace_id).digest_key
    added = Address(
        workspace_id=customer.workspace_id,
        customer_id=customer.id,
        kind=found.kind,
        value=found.value,
        key=found.key,
        digest=emails.digest(found.digested, digest_key),
        provider=found.provider,
        label=label,
        is_primary=is_primary,
        provenance=provenance.told(source, now=now),
        created_at=now,
    )
    with refusing_duplicates(session, "uq_addresses_living_email", AddressTaken(field="email")):
        session.add(added)
        session.flush()
    return added


def _project(session: Session, customer: Customer, changed: Address, source: str, *, now: datetime) -> None:
    """Write the change of this address, and bring the customer's own columns after it."""
    session.flush()
    if changed.kind == EMAIL:
        project(session, customer, source, now=now)


def project(session: Session, customer: Customer, source: str, *, now: datetime) -> None:
    """Bring the customer's own columns after changes of emails, and say who brought about another primary."""
    projection.refresh(session, customer.workspace_id, [customer.id], now=now)
    known = customer.address_id
    session.refresh(customer)
    if customer.address_id != known:
        mark = provenance.told(source, now=now)
        customer.provenance = provenance.mark(customer.provenance, ["email"], mark)
        session.flush()


def clean_label(text: str) -> str:
    """Return a label as it is kept; raise LabelTooLong."""
    clean = values.one_line(text)
    if len(clean) > LONGEST_LABEL:
        raise LabelTooLong(field="label")
    return clean
