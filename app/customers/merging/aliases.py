"""Old numbers of customers who became part of others: whom they lead to now, and which ones somebody has.

Links in mails, programs and records of the ledger go on naming the old number for as long as there are any.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, Self, TypeVar

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.customers.merging.models import CustomerAlias
from app.kernel.sql import arrays


class NamesCustomer(Protocol):
    """What a link or a program says, a named tuple with the number of a customer in it."""

    @property
    def workspace_id(self) -> int:
        """Whose customer it is."""

    @property
    def customer_id(self) -> int:
        """Their number, perhaps an old one."""

    def _replace(self, *, customer_id: int) -> Self:
        """Return the same with another number."""


Said = TypeVar("Said", bound=NamesCustomer)
_CURRENT = text(
    """
    SELECT former_id, customer_id FROM customer_aliases
    WHERE workspace_id = :workspace_id AND former_id = ANY(CAST(:customer_ids AS bigint[]))
    """
)


def current_id(session: Session, workspace_id: int, customer_id: int) -> int:
    """Return the number this customer has now: another one where they became part of somebody."""
    return current_ids(session, workspace_id, [customer_id]).get(customer_id, customer_id)


def current_ids(session: Session, workspace_id: int, customer_ids: Iterable[int]) -> dict[int, int]:
    """Return the present numbers of those whose number is an old one."""
    values = {"workspace_id": workspace_id, "customer_ids": arrays.numbers(customer_ids)}
    return {row.former_id: row.customer_id for row in session.execute(_CURRENT, values)}


def current(session: Session, said: Said) -> Said:
    """Return what was said with the number the customer has now."""
    found = current_id(session, said.workspace_id, said.customer_id)
    return said if found == said.customer_id else said._replace(customer_id=found)


def find_by_ref(session: Session, workspace_id: int, external_ref: str) -> int | None:
    """Return who is found by a customer number that they do not carry any more."""
    query = select(CustomerAlias.customer_id).where(
        CustomerAlias.workspace_id == workspace_id, CustomerAlias.external_ref == external_ref
    )
    return session.scalar(query)


def ids_by_ref(session: Session, workspace_id: int, refs: Iterable[str]) -> dict[str, int]:
    """Return who is found by these customer numbers that they do not carry any more."""
    query = select(CustomerAlias.external_ref, CustomerAlias.customer_id).where(
        CustomerAlias.workspace_id == workspace_id, CustomerAlias.external_ref.in_(list(refs))
    )
    return {row.external_ref: row.customer_id for row in session.execute(query) if row.external_ref}


def former_ids(session: Session, workspace_id: int, customer_id: int) -> list[int]:
    """Return the old numbers of this customer."""
    query = select(CustomerAlias.former_id).where(
        CustomerAlias.workspace_id == workspace_id, CustomerAlias.customer_id == customer_id
    )
    return sorted(session.scalars(query))


def all_ids(session: Session, workspace_id: int, customer_id: int) -> list[int]:
    """Return every number this customer has or had, the present one first."""
    return [customer_id, *former_ids(session, workspace_id, customer_id)]
