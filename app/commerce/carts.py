"""Carts: what somebody has put into one, as the shop last told it, until an order comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.commerce.models import Cart
from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import codes
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

LONGEST_REF = 200
MOST_LINES = 100
LARGEST_AMOUNT = Decimal(10) ** 11
# The connection of what programs tell through the API.
API = 0


# Who has put something into a cart, for the undo of imports.
TRACE = Trace(Cart.customer_id)


class CartRefused(Refusal):
    """The cart has no number, no currency, or an amount that cannot be."""

    status = 422
    message = N_("This cart cannot be recorded.")


@dataclass(frozen=True)
class CartLine:
    """A product in a cart, by its name and the shop's number, and how many pieces."""

    ref: str
    name: str
    quantity: int
    amount: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        amount = None if self.amount is None else str(self.amount)
        return {"ref": self.ref[:200], "name": self.name[:200], "quantity": self.quantity, "amount": amount}


@dataclass(frozen=True)
class NewCart:
    """A cart as it stands at `changed_at`; without lines it was emptied."""

    ref: str
    customer_id: int
    amount: Decimal
    currency: str
    lines: Sequence[CartLine]
    changed_at: datetime
    started_at: datetime | None = None
    url: str | None = None
    connection_id: int = API


def save(session: Session, workspace_id: int, new: NewCart) -> bool:
    """Keep a cart as it stands; what is older than what is known changes nothing. Say whether it was kept."""
    _check(new)
    lines = [line.as_json() for line in new.lines[:MOST_LINES]]
    row = insert(Cart).values(
        workspace_id=workspace_id,
        connection_id=new.connection_id,
        ref=new.ref,
        customer_id=new.customer_id,
        amount=new.amount,
        currency=new.currency,
        items=sum(line.quantity for line in new.lines),
        lines=lines,
        url=new.url,
        started_at=new.started_at or new.changed_at,
        changed_at=new.changed_at,
    )
    told = ("customer_id", "amount", "currency", "items", "lines", "url", "changed_at")
    kept = row.on_conflict_do_update(
        index_elements=["workspace_id", "connection_id", "ref"],
        set_={name: row.excluded[name] for name in told},
        where=(Cart.changed_at <= row.excluded.changed_at) & Cart.ordered_at.is_(None),
    )
    return session.scalar(kept.returning(Cart.id)) is not None


def close(session: Session, workspace_id: int, connection_id: int, refs: Sequence[str], *, at: datetime) -> int:
    """Note that orders came of these carts; return of how many that was new."""
    if not refs:
        return 0
    closing = (
        update(Cart)
        .where(
            Cart.workspace_id == workspace_id,
            Cart.connection_id == connection_id,
            Cart.ref.in_(refs),
            Cart.ordered_at.is_(None),
        )
        .values(ordered_at=at)
        .returning(Cart.id)
    )
    return len(session.scalars(closing).all())


def whose(session: Session, workspace_id: int, connection_id: int, ref: str) -> int | None:
    """Return whose cart this is, as far as that was told before."""
    query = select(Cart.customer_id).where(
        Cart.workspace_id == workspace_id, Cart.connection_id == connection_id, Cart.ref == ref
    )
    found: int | None = session.scalar(query)
    return found


def newest(session: Session, workspace_id: int, customer_id: int, *, limit: int = 3) -> list[Cart]:
    """Return the carts with something in them of which no order came, the newest first."""
    query = (
        select(Cart)
        .where(Cart.workspace_id == workspace_id, Cart.customer_id == customer_id, is_left())
        .order_by(Cart.changed_at.desc(), Cart.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def is_left(rows: FromClause | None = None) -> ColumnElement[bool]:
    """Return the condition that a cart holds something and became no order; on rows of `cart_rows` if given."""
    columns = (Cart.__table__ if rows is None else rows).c
    return and_(columns["ordered_at"].is_(None), columns["items"] > 0)


def cart_rows() -> FromClause:
    """Return the rows of carts for conditions; who reads them names the workspace."""
    return Cart.__table__


def _check(new: NewCart) -> None:
    if not 0 < len(new.ref) <= LONGEST_REF or "\0" in new.ref:
        raise CartRefused(N_("Give the cart's number, at most 200 characters."), field="cart_ref")
    if not new.amount.is_finite() or not 0 <= new.amount < LARGEST_AMOUNT:
        raise CartRefused(N_("Give the amount as a number."), field="amount")
    if new.currency not in codes.currencies():
        raise CartRefused(N_("This is not a currency; write its three letters, such as EUR."), field="currency")
    if new.url and not new.url.startswith(("https://", "http://")):
        raise CartRefused(N_("Give a web address that begins with https://."), field="url")
    if any(not 1 <= line.quantity < 1_000_000 for line in new.lines):
        raise CartRefused(N_("Give each line a product and a quantity."), field="lines")
