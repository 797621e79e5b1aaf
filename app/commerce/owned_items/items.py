"""What customers have, as staff and programs say it: added, changed, ended and brought back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import FromClause, select
from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.commerce import products
from app.commerce.models import OwnedItem, Product
from app.commerce.products import NamedProduct
from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import people
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

LONGEST = 200
MOST_SHOWN = 50
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
CONDITIONS = ("new", "used")
DATES = ("since_on", "warranty_until", "service_until", "finance_until", "replace_on")


# Who owns something, for the undo of imports.
TRACE = Trace(OwnedItem.customer_id)


class ItemRefused(Refusal):
    """The item has no name, or a value that cannot be."""

    status = 422
    message = N_("This item cannot be kept.")


@dataclass(frozen=True)
class ItemAccount:
    """What somebody says about an item. `product_ref` names its product; without one it has a name alone."""

    name: str = ""
    product_ref: str = ""
    quantity: int = 1
    condition: str | None = None
    since_on: date | None = None
    warranty_until: date | None = None
    service_until: date | None = None
    finance_until: date | None = None
    life_days: int | None = None
    replace_on: date | None = None
    serial_number: str | None = None
    ended_on: date | None = None


def add(
    session: Session,
    workspace_id: int,
    customer_id: int,
    account: ItemAccount,
    *,
    source: str,
    now: datetime,
    ref: str | None = None,
    staff_id: int | None = None,
) -> OwnedItem:
    """Add an item; raise NotFound for nobody, ItemRefused."""
    people.get(session, workspace_id, customer_id)
    item = OwnedItem(
        workspace_id=workspace_id, customer_id=customer_id, ref=ref, source=source, created_at=now, updated_at=now
    )
    _fill(session, item, account, now)
    session.add(item)
    session.flush()
    if staff_id is not None:
        audit.note(session, item, "owned_item.added", staff_id=staff_id, now=now)
    return item


def rewrite(
    session: Session, item: OwnedItem, account: ItemAccount, *, source: str, now: datetime, staff_id: int | None = None
) -> None:
    """Put what is said in place of what was known; raise ItemRefused."""
    _fill(session, item, account, now)
    item.source, item.updated_at = source, now
    session.flush()
    if staff_id is not None:
        audit.note(session, item, "owned_item.changed", staff_id=staff_id, now=now)


def save(
    session: Session, workspace_id: int, customer_id: int, ref: str, account: ItemAccount, *, now: datetime
) -> tuple[OwnedItem, bool]:
    """Add or change the item of this number, as a program says; return it and whether it is new. Raise ItemRefused."""
    if not 0 < len(ref) <= LONGEST or "\0" in ref:
        raise ItemRefused(N_("Give the item's number, at most 200 characters."), field="ref")
    query = select(OwnedItem).where(OwnedItem.workspace_id == workspace_id, OwnedItem.ref == ref).with_for_update()
    item = session.scalar(query.execution_options(populate_existing=True))
    if item is None:
        return add(session, workspace_id, customer_id, account, source="api", now=now, ref=ref), True
    if item.customer_id != customer_id:
        raise ItemRefused(N_("Another customer has the item of this number."), field="ref")
    rewrite(session, item, account, source="api", now=now)
    return item, False


def end(
    session: Session, workspace_id: int, item_id: int, *, staff_id: int, now: datetime
) -> PageLink | None:
    """Note that they have it no more; return the address that takes this back, None if it had ended. Raise NotFound."""
    item = hold(session, workspace_id, item_id)
    if item.ended_on is not None:
        return None
    # What staff said stays when its order is told again.
    item.ended_on, item.source, item.updated_at = now.date(), "staff", now
    audit.note(session, item, "owned_item.ended", staff_id=staff_id, now=now)
    kept = {"item_id": item_id}
    return undo.keep(session, workspace_id, kind="commerce.item_ended", values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Let them have it again."""
    item = hold(session, workspace_id, values["item_id"])
    item.ended_on, item.updated_at = None, now
    audit.note(session, item, "owned_item.restored", staff_id=staff_id, now=now)
    page = page_links.to("customers.show_customer", customer_id=item.customer_id)
    return undo.Restored(page, N_("The item is back."))


UNDO_ENDING = undo.Opposite("commerce.item_ended", restore, role="marketer")


def get(session: Session, workspace_id: int, item_id: int) -> OwnedItem:
    """Return the item; raise NotFound."""
    return keyed_rows.get(session, OwnedItem, workspace_id, item_id)


def hold(session: Session, workspace_id: int, item_id: int) -> OwnedItem:
    """Return the item as it is now, and keep others from changing it; raise NotFound."""
    return keyed_rows.hold(session, OwnedItem, workspace_id, item_id)


def list_of(session: Session, workspace_id: int, customer_id: int, *, limit: int = MOST_SHOWN) -> list[OwnedItem]:
    """Return what a customer has now, what is due first."""
    query = select(OwnedItem).where(
        OwnedItem.workspace_id == workspace_id, OwnedItem.customer_id == customer_id, OwnedItem.ended_on.is_(None)
    )
    return list(session.scalars(query.order_by(OwnedItem.due_on.asc().nulls_last(), OwnedItem.id.desc()).limit(limit)))


def account_of(session: Session, item: OwnedItem) -> ItemAccount:
    """Return what is on record about an item."""
    product = session.get(Product, (item.workspace_id, item.product_id)) if item.product_id else None
    names = ItemAccount.__dataclass_fields__.keys() - {"product_ref"}
    known = ItemAccount(**{name: getattr(item, name) for name in names})
    return replace(known, product_ref=product.ref if product else "")


def item_rows() -> FromClause:
    """Return the rows of owned items for conditions; who reads them names the workspace."""
    return OwnedItem.__table__


def _fill(session: Session, item: OwnedItem, account: ItemAccount, now: datetime) -> None:
    _check(account)
    product = None
    if account.product_ref:
        named = NamedProduct(account.product_ref, account.name or account.product_ref)
        product = products.find_or_create(session, item.workspace_id, [named], now=now)[account.product_ref]
    item.product_id = product.id if product else None
    item.name = account.name or (product.name if product else "")
    for name in ("quantity", "condition", "life_days", "serial_number", "ended_on", *DATES):
        setattr(item, name, getattr(account, name))
    item.due_on = _due(account, product)


def _due(account: ItemAccount, product: Product | None) -> date | None:
    """What its owner said; else as long after they got it as it, or its product, usually lasts."""
    life_days = account.life_days or (product.life_days if product else None)
    if account.replace_on or account.since_on is None or life_days is None:
        return account.replace_on
    return account.since_on + timedelta(days=life_days)


def _check(account: ItemAccount) -> None:
    if not (account.name or account.product_ref):
        raise ItemRefused(N_("Say what it is: a name, or the number of a product."), field="name")
    for name in ("name", "product_ref", "serial_number"):
        value = getattr(account, name) or ""
        if len(value) > LONGEST or "\0" in value:
            raise ItemRefused(N_("Write at most 200 characters."), field=name)
    if not 1 <= account.quantity < 1_000_000:
        raise ItemRefused(N_("Give the number of pieces."), field="quantity")
    if account.condition is not None and account.condition not in CONDITIONS:
        raise ItemRefused(N_("It was new or used when they got it."), field="condition")
    if account.life_days is not None and not 1 <= account.life_days <= 36_500:
        raise ItemRefused(N_("Give between 1 and 36,500 days."), field="life_days")
    for name in (*DATES, "ended_on"):
        day = getattr(account, name)
        if day is not None and not EARLIEST <= day <= LATEST:
            raise ItemRefused(N_("Give a day between 1900 and 2200."), field=name)
