"""Reads the products that a mail made of blocks shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from sqlalchemy.orm import Session

from app.commerce import products
from app.commerce.models import Product
from app.rendering.blocks import schema
from app.rendering.blocks.goods import Good, Goods
from app.rendering.blocks.schema import Mail

# So long before a mail was written purchases make a product popular.
POPULAR_WITHIN = timedelta(days=90)


def read(session: Session, workspace_id: int, mail: Mail, language: str, *, written_at: datetime) -> Goods:
    """Return the products of each block that shows some; one that is gone or no longer sold is left out."""
    since = written_at - POPULAR_WITHIN
    blocks = schema.product_blocks(mail)
    wanted = {number for block in blocks if block.source == "chosen" for number in block.product_ids}
    known = products.by_ids(session, workspace_id, wanted)
    found: dict[str, tuple[Good, ...]] = {}
    for block in blocks:
        shown = _of_block(session, workspace_id, block, known, since)
        found[block.id] = tuple(good(product, language) for product in shown)
    return found


def _of_block(
    session: Session, workspace_id: int, block: schema.Product, known: dict[int, Product], since: datetime
) -> list[Product]:
    if block.source == "popular":
        return products.popular(session, workspace_id, category=block.category, since=since, limit=block.count)
    return [known[number] for number in block.product_ids if number in known and known[number].is_sold]


def good(product: Product, language: str) -> Good:
    """Return a product as a mail in this language shows it."""
    price = ""
    if product.price is not None and product.currency:
        price = format_currency(product.price, product.currency, locale=_locale(language))
    return Good(product.name, product.url or "", product.image_url or "", price)


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
