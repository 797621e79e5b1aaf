"""What shops tell, whichever shop it is: people with what they agreed to, orders, refunds, carts, products, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.commerce.products import NamedProduct, ProductChange


@dataclass(frozen=True)
class ToldConsent:
    """What a shop says about a person's answer to being mailed; `method` is empty where it does not say how."""

    is_yes: bool
    at: datetime | None
    method: str = ""


@dataclass(frozen=True)
class ToldCustomer:
    """A person as a shop knows them. `values` are profile fields and custom ones; empty ones are left out.

    `is_account` where it is their account that tells: the email of an order may be another's, or one for this order.
    """

    external_id: str
    email: str
    told_at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    phone: str = ""
    consent: ToldConsent | None = None
    is_account: bool = False


@dataclass(frozen=True)
class ToldLine:
    """A line of an order or cart, with the shop's own number for it."""

    external_id: str
    product: NamedProduct
    quantity: int
    amount: Decimal
    discount: Decimal = Decimal(0)


@dataclass(frozen=True)
class ToldRefund:
    """Money given back; `returned` says how many pieces of which line, by the shop's number of the line."""

    external_id: str
    order_id: str
    amount: Decimal
    at: datetime
    reason: str = ""
    returned: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ToldOrder:
    """An order with everything the shop says about it; `cart_refs` are the carts it came of.

    Where the shop does not say of each order whether it is cancelled, `tells_cancellation` is False: one that was
    cancelled stays so.
    """

    external_id: str
    order_ref: str
    told_at: datetime
    customer: ToldCustomer
    purchased_at: datetime
    amount: Decimal
    currency: str
    lines: tuple[ToldLine, ...] = ()
    discount: Decimal = Decimal(0)
    channel: str = ""
    payment_method: str = ""
    cancelled_at: datetime | None = None
    tells_cancellation: bool = True
    refunds: tuple[ToldRefund, ...] = ()
    cart_refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToldCart:
    """A cart as it stands; `customer` is None where the shop does not know whose it is."""

    ref: str
    told_at: datetime
    started_at: datetime
    customer: ToldCustomer | None
    amount: Decimal
    currency: str
    lines: tuple[ToldLine, ...] = ()
    url: str = ""
    is_ordered: bool = False


@dataclass(frozen=True)
class ToldEvent:
    """Something a customer did, with its properties; `external_id` is empty where the program gives it no number."""

    external_id: str
    name: str
    at: datetime
    customer: ToldCustomer
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ToldProduct:
    """A product with its variants, each of which is a product of the catalogue."""

    external_id: str
    told_at: datetime
    variants: tuple[ProductChange, ...]


@dataclass(frozen=True)
class ToldGone:
    """A product the shop no longer has."""

    external_id: str
    told_at: datetime


@dataclass(frozen=True)
class NothingTold:
    """A webhook that is of no use here, and why."""

    why: str


Told = ToldCustomer | ToldOrder | ToldRefund | ToldCart | ToldEvent | ToldProduct | ToldGone | NothingTold
