"""Questions about addresses: whose one is, which ones somebody has or had. For this room and those above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Select, Text, any_, cast, exists, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.customers.models import Address, Customer
from app.kernel.sql import arrays, keyed_rows

EMAIL, PHONE, POSTAL = "email", "phone", "postal"
KINDS = (EMAIL, PHONE, POSTAL)
# So many of the addresses that ended are shown at once.
NEWEST = 20

# Whoever has this email now, primary or not, as a LATERAL subquery over the expression that is filled in; binds `w`.
OWNER_OF_EMAIL = """
    SELECT held.customer_id AS id FROM addresses held
    WHERE held.workspace_id = :w AND held.kind = 'email' AND held.ended_at IS NULL AND held.key = {key} LIMIT 1
"""
# Whoever has this customer number now, or had it before they became part of somebody else, likewise.
OWNER_OF_NUMBER = """
    SELECT c.id FROM customers c WHERE c.workspace_id = :w AND c.external_ref = {number}
    UNION ALL
    SELECT former.customer_id FROM customer_aliases former
    WHERE former.workspace_id = :w AND former.external_ref = {number}
    LIMIT 1
"""


def owner_query(workspace_id: int, email_key: str) -> Select[int]:
    """Select the id of whoever has this email now."""
    return select(Address.customer_id).where(
        Address.workspace_id == workspace_id,
        Address.kind == EMAIL,
        Address.key == email_key,
        Address.ended_at.is_(None),
    )


def owners_of_several(session: Session, workspace_id: int) -> Iterator[tuple[str, int]]:
    """Yield (email key, customer id) of every email of those who use several now."""
    in_use = (Address.workspace_id == workspace_id, Address.kind == EMAIL, Address.ended_at.is_(None))
    several = select(Address.customer_id).where(*in_use, Address.is_primary.is_(False))
    query = select(Address.key, Address.customer_id).where(*in_use, Address.customer_id.in_(several))
    found = session.execute(query.execution_options(yield_per=10_000))
    yield from ((row.key, row.customer_id) for row in found)


class AddressOwner(NamedTuple):
    """Whose email this is now, and how it is written."""

    customer_id: int
    email: str
    first_name: str | None
    last_name: str | None


def owners_by_digest(session: Session, workspace_id: int, digests: Iterable[bytes]) -> dict[bytes, AddressOwner]:
    """Return who has these emails now, primary or not, by their digests; nobody for those that nobody has."""
    query = (
        select(Address.digest, Address.customer_id, Address.value, Customer.first_name, Customer.last_name)
        .join(Customer, (Customer.workspace_id == Address.workspace_id) & (Customer.id == Address.customer_id))
        .where(
            *(Address.workspace_id == workspace_id, Address.digest.in_(list(digests))),
            *(Address.kind == EMAIL, Address.ended_at.is_(None)),
        )
    )
    return {
        row.digest: AddressOwner(row.customer_id, row.value, row.first_name, row.last_name)
        for row in session.execute(query)
    }


def owners_by_key(session: Session, workspace_id: int, email_keys: Iterable[str]) -> dict[str, int]:
    """Return who has these emails now, by the keys they are compared by."""
    wanted = list(email_keys)
    if not wanted:
        return {}
    query = select(Address.key, Address.customer_id).where(
        *(Address.workspace_id == workspace_id, Address.key == any_(cast(literal(arrays.texts(wanted)), ARRAY(Text)))),
        *(Address.kind == EMAIL, Address.ended_at.is_(None)),
    )
    return {row.key: row.customer_id for row in session.execute(query)}


def list_living(session: Session, workspace_id: int, customer_id: int) -> list[Address]:
    """Return the addresses of a customer that are in use, by kind, the primary first."""
    return list_living_of_many(session, workspace_id, [customer_id]).get(customer_id, [])


class FormerAddresses(NamedTuple):
    """Addresses that ended, the latest first, and after which one there are more; None where these are all."""

    rows: list[Address]
    more_after: int | None


def list_former(
    session: Session, workspace_id: int, customer_id: int, *, after: int | None = None, limit: int = NEWEST
) -> FormerAddresses:
    """Return addresses of a customer that are no longer in use; those that follow `after`. Raise NotFound."""
    of_customer = (Address.workspace_id == workspace_id, Address.customer_id == customer_id)
    query = select(Address).where(*of_customer, Address.ended_at.is_not(None))
    if after is not None:
        last = get(session, workspace_id, customer_id, after)
        query = query.where(tuple_(Address.ended_at, Address.id) < (last.ended_at, last.id))
    rows = list(session.scalars(query.order_by(Address.ended_at.desc(), Address.id.desc()).limit(limit + 1)))
    return FormerAddresses(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def list_living_of_many(session: Session, workspace_id: int, customer_ids: Iterable[int]) -> dict[int, list[Address]]:
    """Return the addresses in use of many customers by their ids, each in the order of `list_living`."""
    query = (
        select(Address)
        .where(
            *(Address.workspace_id == workspace_id, Address.customer_id.in_(list(customer_ids))),
            Address.ended_at.is_(None),
        )
        .order_by(Address.customer_id, Address.kind, Address.is_primary.desc(), Address.id)
    )
    found: dict[int, list[Address]] = {}
    for address in session.scalars(query):
        found.setdefault(address.customer_id, []).append(address)
    return found


def get(session: Session, workspace_id: int, customer_id: int, address_id: int) -> Address:
    """Return one address of this customer; raise NotFound."""
    return keyed_rows.get(session, Address, workspace_id, customer_id, address_id)


def find_id(session: Session, workspace_id: int, customer_id: int, digest: bytes) -> int | None:
    """Return which address in use of this customer has this digest."""
    query = select(Address.id).where(
        *(Address.workspace_id == workspace_id, Address.customer_id == customer_id, Address.digest == digest),
        Address.ended_at.is_(None),
    )
    return session.scalar(query)


def has_or_had(session: Session, workspace_id: int, customer_id: int, digest: bytes) -> bool:
    """Say whether this is, or once was, an address of this customer."""
    query = select(
        exists().where(
            Address.workspace_id == workspace_id, Address.customer_id == customer_id, Address.digest == digest
        )
    )
    return bool(session.scalar(query))


def is_somebody_elses(session: Session, workspace_id: int, customer_id: int, digest: bytes) -> bool:
    """Say whether an address that this customer has or had is now in use by another one."""
    known = select(Address.key).where(
        *(Address.workspace_id == workspace_id, Address.customer_id == customer_id, Address.digest == digest),
        Address.kind == EMAIL,
    )
    query = select(
        exists().where(
            *(Address.workspace_id == workspace_id, Address.kind == EMAIL, Address.ended_at.is_(None)),
            *(Address.key.in_(known), Address.customer_id != customer_id),
        )
    )
    return bool(session.scalar(query))


def digest_query(workspace_id: int, customer_id: int, address_id: int) -> Select[bytes]:
    """Select the digest of one address of this customer, in use or not."""
    return select(Address.digest).where(
        Address.workspace_id == workspace_id, Address.customer_id == customer_id, Address.id == address_id
    )


def own_email_digests(session: Session, workspace_id: int, customer_id: int) -> list[bytes]:
    """Return the digests of all emails this customer has or had, but those that are somebody else's by now."""
    other = aliased(Address)
    is_others = exists().where(
        *(other.workspace_id == workspace_id, other.kind == EMAIL, other.ended_at.is_(None)),
        *(other.key == Address.key, other.customer_id != customer_id),
    )
    query = select(Address.digest).where(
        *(Address.workspace_id == workspace_id, Address.customer_id == customer_id, Address.kind == EMAIL), ~is_others
    )
    return list(session.scalars(query.distinct()))


def living_email_digests(session: Session, workspace_id: int, customer_id: int) -> list[bytes]:
    """Return the digests of the emails that this customer has now."""
    query = select(Address.digest).where(
        *(Address.workspace_id == workspace_id, Address.customer_id == customer_id),
        *(Address.kind == EMAIL, Address.ended_at.is_(None)),
    )
    return list(session.scalars(query.order_by(Address.id)))
