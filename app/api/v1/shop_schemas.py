"""Request and response schemas of products, orders and refunds."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from app.api.v1.schemas import FieldProblem, Line, Moment, Plain, Sent, ShortLine, Whom
from app.commerce.orders import MOST_LINES
from app.kernel.sql.json_values import Key
from app.kernel.translatable import N_

MOST_ORDERS = 100
Money = Annotated[Decimal, Field(max_digits=13, decimal_places=2)]
Sum = Annotated[Decimal, Field(max_digits=13, decimal_places=2, ge=0)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Pieces = Annotated[int, Field(ge=1, lt=1_000_000)]
# Written as in 2026-03-31; strict schemas would want a date, which JSON has not.
Day = Annotated[date, Field(strict=False, ge=date(1900, 1, 1), le=date(2200, 1, 1))]
Address = Annotated[Line, Field(pattern=r"^https?://")]


class LineIn(Sent):
    """One product of an order."""

    product_ref: ShortLine | None = Field(None, description=N_("Your number of the product; without one its name is."))
    name: ShortLine | None = Field(None, description=N_("What the product is called."))
    category: Line | None = Field(None, description=N_("Its path in your catalogue, such as Garden > Roses."))
    quantity: Pieces = 1
    amount: Money = Field(description=N_("What was paid for all pieces of the line, after discount."))
    discount: Sum = Decimal(0)
    cost: Sum | None = Field(None, description=N_("What the pieces cost you, for margins."))

    @model_validator(mode="after")
    def _is_named(self) -> LineIn:
        if self.product_ref is None and self.name is None:
            raise ValueError("needs a product_ref or a name")
        return self


class OrderIn(Sent):
    """One order. Told twice under the same number it is one order; the first account stands."""

    customer: Whom
    order_ref: ShortLine = Field(description=N_("Your number for the order."))
    amount: Money = Field(description=N_("What was paid in all."))
    currency: Currency
    purchased_at: Moment
    lines: Annotated[list[LineIn], Field(max_length=MOST_LINES)] = Field(
        default_factory=list, description=N_("What was ordered, product by product.")
    )
    items: Annotated[int, Field(ge=0, lt=1_000_000)] = Field(1, description=N_("How many pieces, where no lines say."))
    product: Line | None = Field(None, description=N_("What was ordered, where no lines say."))
    discount: Sum = Decimal(0)
    channel: ShortLine | None = Field(None, description=N_("Such as web, shop or telephone."))
    shop: ShortLine | None = None
    payment_method: ShortLine | None = None


class OrdersIn(Sent):
    """Several orders at once."""

    orders: Annotated[list[OrderIn], Field(min_length=1, max_length=MOST_ORDERS)]


class ReturnedIn(Sent):
    """Pieces of one line that came back; lines are numbered from 1."""

    line: Annotated[int, Field(ge=1, le=MOST_LINES)]
    quantity: Pieces


class RefundIn(Sent):
    """Money given back for an order."""

    order_ref: ShortLine = Field(description=N_("Your number for the order."))
    refund_ref: ShortLine = Field(description=N_("Your number for the refund."))
    amount: Sum
    refunded_at: Moment
    reason: Line | None = None
    returned: Annotated[list[ReturnedIn], Field(max_length=MOST_LINES)] = Field(
        default_factory=list, description=N_("What came back.")
    )


class ProductIn(Sent):
    """A product as your shop has it. What is left out stays as it is."""

    ref: ShortLine = Field(description=N_("Your number of the product."))
    name: ShortLine | None = None
    category: Line | None = Field(None, description=N_("Its path in your catalogue, such as Garden > Roses."))
    price: Sum | None = None
    currency: Currency | None = None
    url: Address | None = None
    image_url: Address | None = None
    stock: Annotated[int, Field(ge=0, lt=10**12)] | None = None
    life_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(
        None, description=N_("How many days one usually lasts before the next is due.")
    )
    is_durable: bool | None = Field(None, description=N_("Whether who buys one owns it from then on."))
    attributes: Annotated[dict[Key, Plain], Field(max_length=50)] | None = None
    is_sold: bool | None = Field(None, description=N_("False takes it out of the catalogue; what was sold stays."))


class CartLineIn(Sent):
    """A product in a cart."""

    product_ref: ShortLine | None = None
    name: ShortLine
    quantity: Pieces = 1
    amount: Sum | None = None


class CartIn(Sent):
    """A cart as it stands. Without lines it was emptied; an older account than the one known changes nothing."""

    customer: Whom
    cart_ref: ShortLine = Field(description=N_("Your number for the cart."))
    amount: Sum
    currency: Currency
    changed_at: Moment
    lines: Annotated[list[CartLineIn], Field(max_length=100)] = Field(default_factory=list)
    url: Address | None = Field(None, description=N_("Where the customer finds it again."))
    is_ordered: bool = Field(False, description=N_("True once an order came of it."))


class OwnedItemIn(Sent):
    """Something a customer has. It is replaced as a whole when it is told again."""

    customer: Whom
    ref: ShortLine = Field(description=N_("Your number for the item."))
    name: ShortLine | None = Field(None, description=N_("What it is; without one, the product's name."))
    product_ref: ShortLine | None = None
    quantity: Pieces = 1
    condition: Literal["new", "used"] | None = None
    since_on: Day | None = None
    warranty_until: Day | None = None
    service_until: Day | None = None
    finance_until: Day | None = None
    life_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    replace_on: Day | None = Field(None, description=N_("When its owner says they will replace it."))
    serial_number: ShortLine | None = None
    ended_on: Day | None = Field(None, description=N_("Since when they have it no more."))

    @model_validator(mode="after")
    def _is_named(self) -> OwnedItemIn:
        if self.product_ref is None and self.name is None:
            raise ValueError("needs a product_ref or a name")
        return self


class CostIn(Sent):
    """Something spent on a customer. Told twice under the same number it is one."""

    customer: Whom
    ref: ShortLine = Field(description=N_("Your number for the cost."))
    kind: Literal["service", "gift", "other"]
    spent_on: Day
    minutes: Annotated[int, Field(ge=1, le=100_000)] | None = Field(None, description=N_("Of service."))
    amount: Annotated[Sum, Field(lt=10**9)] | None = Field(
        None, description=N_("What it cost; service without one is counted at the workspace's rate.")
    )
    currency: Currency | None = None
    note: Annotated[Line, Field(max_length=500)] = ""


class CompetitorPurchaseIn(Sent):
    """Something a customer is known to have bought elsewhere. Told twice under the same number it is one."""

    customer: Whom
    ref: ShortLine = Field(description=N_("Your number for the purchase."))
    what: ShortLine = Field(description=N_("What they bought."))
    competitor: Annotated[Line, Field(max_length=200)] = Field("", description=N_("From whom."))
    bought_on: Day | None = None
    amount: Annotated[Sum, Field(lt=10**9)] | None = None
    currency: Currency | None = None
    told_by: Literal["asked", "survey", "observed", "bought", "other"] = Field(
        "other", description=N_("Who says so: the customer when asked, a survey, somebody who saw it, bought data.")
    )


class NotedOut(BaseModel):
    """What is on record under this number, and whether this request was the first to tell it."""

    id: int
    ref: str
    is_new: bool


class CartOut(BaseModel):
    """A cart that was told, and whether that was the newest account of it."""

    cart_ref: str
    is_kept: bool


class OwnedItemOut(BaseModel):
    """An item that is on record; `due_on` is when it is to be replaced."""

    id: int
    customer_id: int
    ref: str
    name: str
    due_on: date | None


class OrderOut(BaseModel):
    """An order that is on record."""

    id: int
    customer_id: int
    order_ref: str


class OrderResult(BaseModel):
    """What came of one order of several: it is on record, or `errors` say what is wrong with it."""

    order_ref: str
    order: OrderOut | None
    errors: list[FieldProblem]


class OrdersOut(BaseModel):
    """What came of each order, in their order."""

    recorded: int
    results: list[OrderResult]


class RefundOut(BaseModel):
    """A refund that is on record, and whether this request was the first to tell it."""

    order_ref: str
    refund_ref: str
    is_new: bool


class ProductOut(BaseModel):
    """A product that is on record."""

    id: int
    ref: str
    name: str
    category: str
    price: Decimal | None
    currency: str | None
    url: str | None
    image_url: str | None
    stock: int | None
    life_days: int | None
    is_sold: bool
    is_durable: bool
    created_at: datetime
    updated_at: datetime
