"""The catalogue: products by the number or name their shop has for them, made when an order first names one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, distinct, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.commerce.models import OrderLine, Product
from app.customers.field_kinds.references import ReferenceTarget
from app.customers.profiles import codes
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

LONGEST = 200
MOST_LEVELS = 6
LEVEL = " > "
MOST_ATTRIBUTES = 50


class ProductRefused(Refusal):
    """The product has no name, or a value that cannot be."""

    status = 422
    message = N_("This product cannot be kept.")


@dataclass(frozen=True)
class NamedProduct:
    """A product as an order names it: by number, name, or both."""

    ref: str
    name: str
    category: str = ""


@dataclass(frozen=True)
class ProductChange:
    """What a shop says about a product; None leaves a value as it is known."""

    ref: str
    name: str | None = None
    category: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    url: str | None = None
    image_url: str | None = None
    stock: int | None = None
    life_days: int | None = None
    attributes: Mapping[str, Any] | None = field(default=None)
    is_sold: bool | None = None
    is_durable: bool | None = None


@dataclass(frozen=True)
class ListedProduct:
    """A product with how often it was ordered, in how many pieces and by how many people."""

    product: Product
    orders: int
    pieces: int
    buyers: int


def category_path(text: str) -> str:
    """Return a category as it is kept, its levels parted by " > "; shops also write slashes or arrows."""
    plain = " ".join(text.split())
    for mark in ("»", "›", "→", "/", "|", ">"):
        plain = plain.replace(mark, "\n")
    levels = [level.strip()[:80] for level in plain.split("\n") if level.strip()]
    return LEVEL.join(levels[:MOST_LEVELS])


def find_or_create(
    session: Session, workspace_id: int, named: Iterable[NamedProduct], *, now: datetime
) -> dict[str, Product]:
    """Return these products by number, making those that are new; two at once make one."""
    wanted = {each.ref: each for each in named}
    if not wanted:
        return {}
    found = _by_ref(session, workspace_id, wanted)
    missing = [each for ref, each in sorted(wanted.items()) if ref not in found]
    for ref, product in found.items():
        if not product.category and (path := category_path(wanted[ref].category)):
            product.category, product.updated_at = path, now
    session.flush()
    if missing:
        rows = [
            {
                "workspace_id": workspace_id,
                "ref": each.ref,
                "name": each.name,
                "category": category_path(each.category),
                "created_at": now,
                "updated_at": now,
            }
            for each in missing
        ]
        session.execute(insert(Product).values(rows).on_conflict_do_nothing())
        found |= _by_ref(session, workspace_id, [each.ref for each in missing])
    return found


def save(
    session: Session, workspace_id: int, change: ProductChange, *, now: datetime, adds_attributes: bool = False
) -> tuple[Product, bool]:
    """Add or change the product of this number; return it and whether it is new. Raise ProductRefused.

    Attributes are put in place of those on record, or added to them.
    """
    check(change)
    values = {name: value for name, value in vars(change).items() if value is not None and name != "ref"}
    if "category" in values:
        values["category"] = category_path(str(values["category"]))
    product, is_new = _held(session, workspace_id, change.ref), False
    if product is None:
        _require_currency(values.get("price"), values.get("currency"))
        row = {"workspace_id": workspace_id, "ref": change.ref, "name": change.ref, **values, "created_at": now}
        made = insert(Product).values(**row, updated_at=now).on_conflict_do_nothing().returning(Product.id)
        is_new = session.scalar(made) is not None
        product = _held(session, workspace_id, change.ref)
        assert product is not None
    if not is_new:
        _require_currency(values.get("price", product.price), values.get("currency", product.currency))
        before = _lasts(product)
        if adds_attributes and change.attributes:
            values["attributes"] = {**product.attributes, **change.attributes}
            check(replace(change, attributes=values["attributes"]))
        for name, value in values.items():
            setattr(product, name, value)
        product.updated_at = now
        _tell_owners(session, product, before)
    session.flush()
    return product, is_new


def add(session: Session, workspace_id: int, change: ProductChange, *, now: datetime) -> Product:
    """Add a product under a number nobody uses; raise ProductRefused."""
    product, is_new = save(session, workspace_id, change, now=now)
    if not is_new:
        raise ProductRefused(N_("Another product has this number already."), field="ref")
    return product


def hold(session: Session, workspace_id: int, product_id: int) -> Product:
    """Return the product as it is now, and keep others from changing it until the transaction ends; raise NotFound."""
    return keyed_rows.hold(session, Product, workspace_id, product_id)


def rewrite(session: Session, product: Product, change: ProductChange, *, now: datetime) -> None:
    """Put what a form says in place of what was known, but for the number; what is None is not known."""
    check(change)
    _require_currency(change.price, change.currency)
    before = _lasts(product)
    product.name, product.category = change.name or product.ref, category_path(change.category or "")
    product.price, product.currency = change.price, change.currency
    product.url, product.image_url = change.url, change.image_url
    product.stock, product.life_days = change.stock, change.life_days
    product.is_sold, product.updated_at = change.is_sold is not False, now
    product.is_durable = bool(change.is_durable)
    if change.attributes is not None:
        product.attributes = dict(change.attributes)
    _tell_owners(session, product, before)
    session.flush()


def end_selling(session: Session, workspace_id: int, refs: Sequence[str], *, now: datetime) -> None:
    """Note that these products are not sold any more; what was sold stays."""
    if refs:
        mine = (Product.workspace_id == workspace_id, Product.ref.in_(list(refs)), Product.is_sold)
        session.execute(update(Product).where(*mine).values(is_sold=False, updated_at=now))


def search(session: Session, workspace_id: int, words: str, *, limit: int) -> list[Product]:
    """Return the products whose name or number holds the words, the newest first."""
    return list(session.scalars(_found_query(workspace_id, words).limit(limit)))


def get(session: Session, workspace_id: int, product_id: int) -> Product:
    """Return the product; raise NotFound."""
    return keyed_rows.get(session, Product, workspace_id, product_id)


def list_page(
    session: Session, workspace_id: int, *, words: str = "", category: str = "", after: int = 0, limit: int = 50
) -> list[ListedProduct]:
    """Return products whose name or number holds the words, in a category and below it, the newest first.

    Keyset: `after` is the id of the last product of the page before.
    """
    query = _found_query(workspace_id, words).limit(limit)
    if category:
        query = query.where(in_category(category))
    if after:
        query = query.where(Product.id < after)
    shown = list(session.scalars(query))
    counts = _counts(session, workspace_id, [product.id for product in shown])
    return [ListedProduct(product, *counts.get(product.id, (0, 0, 0))) for product in shown]


def _found_query(workspace_id: int, words: str) -> Select[Product]:
    """Select the products whose name or number holds the words, the newest first."""
    query = select(Product).where(Product.workspace_id == workspace_id).order_by(Product.id.desc())
    if not words:
        return query
    folded = func.lower(words)
    held = (func.strpos(func.lower(Product.name), folded), func.strpos(func.lower(Product.ref), folded))
    return query.where(or_(*(place > 0 for place in held)))


def in_category(category: str) -> Any:
    """Return the condition that a product is in a category or below it."""
    return or_(Product.category == category, Product.category.startswith(category + LEVEL, autoescape=True))


def names(session: Session, workspace_id: int, *, limit: int = 2000) -> dict[int, str]:
    """Return the names by id of the products that came last, for choosing one."""
    query = select(Product.id, Product.name).where(Product.workspace_id == workspace_id)
    return {row.id: row.name for row in session.execute(query.order_by(Product.id.desc()).limit(limit))}


def names_of_ids(session: Session, workspace_id: int, ids: Collection[int]) -> dict[int, str]:
    """Return the names by id of these products, in one statement."""
    query = select(Product.id, Product.name).where(Product.workspace_id == workspace_id, Product.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)}


def categories(session: Session, workspace_id: int, *, limit: int = 500) -> list[str]:
    """Return the categories there are, with every level above them, in their order."""
    query = select(Product.category).where(Product.workspace_id == workspace_id, Product.category != "").distinct()
    query = query.order_by(Product.category)
    found: set[str] = set()
    for path in session.scalars(query.limit(limit)):
        levels = path.split(LEVEL)
        found |= {LEVEL.join(levels[:depth]) for depth in range(1, len(levels) + 1)}
    return sorted(found)


def popular(
    session: Session, workspace_id: int, *, category: str = "", since: datetime, limit: int
) -> list[Product]:
    """Return the products that most people bought since then, of those still sold and in stock, the most bought first.

    Where nothing was bought, the newest products.
    """
    bought = (
        select(OrderLine.product_id, func.count(OrderLine.customer_id.distinct()).label("buyers"))
        .where(OrderLine.workspace_id == workspace_id, OrderLine.purchased_at > since)
        .group_by(OrderLine.product_id)
        .subquery()
    )
    query = (
        select(Product)
        .outerjoin(bought, bought.c.product_id == Product.id)
        .where(Product.workspace_id == workspace_id, Product.is_sold, or_(Product.stock.is_(None), Product.stock > 0))
        .order_by(func.coalesce(bought.c.buyers, 0).desc(), Product.id.desc())
    )
    if category:
        query = query.where(in_category(category))
    return list(session.scalars(query.limit(limit)))


def by_ids(session: Session, workspace_id: int, product_ids: Collection[int]) -> dict[int, Product]:
    """Return these products by id; those that are gone are left out."""
    query = select(Product).where(Product.workspace_id == workspace_id, Product.id.in_(product_ids))
    return {product.id: product for product in session.scalars(query)} if product_ids else {}


def ids_query(workspace_id: int, *, product_id: int | None, category: str | None) -> Select[int]:
    """Return the ids of one product, or of those in a category and below it."""
    query = select(Product.id).where(Product.workspace_id == workspace_id)
    if product_id is not None:
        return query.where(Product.id == product_id)
    return query.where(in_category(category or ""))


def is_owned(product: Product) -> bool:
    """Say whether who buys this product has it from then on."""
    return product.is_durable or product.life_days is not None


def _lasts(product: Product) -> tuple[bool, int | None]:
    return is_owned(product), product.life_days


def _tell_owners(session: Session, product: Product, before: tuple[bool, int | None]) -> None:
    """Have owned items follow a product that lasts otherwise than it did."""
    if _lasts(product) != before:
        key = f"commerce.follow_product:{product.workspace_id}:{product.id}"
        place = product.workspace_id, product.id
        outbox.enqueue(session, "commerce.follow_product", key=key, workspace_id=place[0], product_id=place[1])


def _held(session: Session, workspace_id: int, ref: str) -> Product | None:
    query = select(Product).where(Product.workspace_id == workspace_id, Product.ref == ref).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def _require_currency(price: object, currency: object) -> None:
    if price is not None and currency is None:
        raise ProductRefused(N_("Name the currency of the price."), field="currency")


def _by_ref(session: Session, workspace_id: int, refs: Collection[str]) -> dict[str, Product]:
    query = select(Product).where(Product.workspace_id == workspace_id, Product.ref.in_(list(refs)))
    return {product.ref: product for product in session.scalars(query)}


def _counts(session: Session, workspace_id: int, product_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    line = OrderLine
    query = (
        select(
            line.product_id,
            func.count(distinct(line.order_id)),
            func.sum(line.quantity - line.returned),
            func.count(distinct(line.customer_id)),
        )
        .where(line.workspace_id == workspace_id, line.product_id.in_(product_ids))
        .group_by(line.product_id)
    )
    return {row[0]: (row[1], int(row[2]), row[3]) for row in session.execute(query)}


def check(change: ProductChange) -> None:
    """Raise ProductRefused where a value cannot be."""
    for name in ("ref", "name"):
        value = getattr(change, name)
        if value is not None and (not 0 < len(value) <= LONGEST or "\0" in value):
            raise ProductRefused(N_("Write at most 200 characters."), field=name)
    for name in ("url", "image_url"):
        value = getattr(change, name)
        if value and not value.startswith(("https://", "http://")):
            raise ProductRefused(N_("Give a web address that begins with https://."), field=name)
    if change.price is not None and (not change.price.is_finite() or not 0 <= change.price < Decimal(10) ** 11):
        raise ProductRefused(N_("Give the price as a number."), field="price")
    if change.currency is not None and change.currency not in codes.currencies():
        raise ProductRefused(N_("This is not a currency; write its three letters, such as EUR."), field="currency")
    if change.life_days is not None and not 1 <= change.life_days <= 36_500:
        raise ProductRefused(N_("Give between 1 and 36,500 days."), field="life_days")
    if change.attributes is not None and len(change.attributes) > MOST_ATTRIBUTES:
        raise ProductRefused(N_("A product has at most 50 attributes."), field="attributes")


def _named_rows(workspace_id: Any) -> Select[*tuple[Any, ...]]:
    return select(Product.id, Product.name, Product.ref, func.lower(Product.name).label("folded")).where(
        Product.workspace_id == workspace_id
    )


# Fields of customers can refer to a product.
TARGET = ReferenceTarget("product", N_("A product"), _named_rows)
