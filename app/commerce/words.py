"""Labels of what a purchase says, as message ids that pages translate."""

from __future__ import annotations

from app.customers.words import LABELS as CUSTOMER_LABELS
from app.kernel.translatable import N_

LABELS = {
    "email": CUSTOMER_LABELS["email"],
    "external_ref": CUSTOMER_LABELS["external_ref"],
    "order_ref": N_("Order number"),
    "purchased_at": N_("Date of purchase"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
    "items": CUSTOMER_LABELS["items"],
    "product": N_("Product"),
    "product_ref": N_("Product number (SKU)"),
    "category": N_("Category"),
    "unit_price": N_("Price of one piece"),
    "channel": N_("Channel"),
    "shop": N_("Shop"),
    "payment_method": N_("Payment method"),
}

# What a column of a file of products may be.
PRODUCT_LABELS = {
    "ref": LABELS["product_ref"],
    "name": N_("Name"),
    "category": LABELS["category"],
    "price": N_("Price"),
    "currency": LABELS["currency"],
    "url": N_("Web page"),
    "image_url": N_("Picture"),
    "stock": N_("In stock"),
    "life_days": N_("Usual life in days"),
    "event": N_("Name of the event"),
    "happened_at": N_("Happened at"),
    "data": N_("Properties"),
    "is_durable": N_("Is kept by who buys it"),
    "is_sold": N_("Is sold"),
    "attributes": N_("Attributes"),
}

# What a shop tells of, and what a path of its payloads leads to.
RESOURCE_LABELS = {
    "customers": N_("Customers"),
    "orders": N_("Orders"),
    "refunds": N_("Refunds"),
    "carts": N_("Carts"),
    "products": N_("Products"),
    "events": N_("Events"),
}
PATH_LABELS = {
    **{name: CUSTOMER_LABELS[name] for name in ("email", "first_name", "last_name", "language", "country", "city")},
    **{name: LABELS[name] for name in ("amount", "currency", "channel", "payment_method", "category")},
    "tags": N_("Tags"),
    "phone": N_("Phone"),
    "external_id": N_("Number in the shop"),
    "customer_id": N_("Number of the customer"),
    "order_id": N_("Number of the order"),
    "order_ref": LABELS["order_ref"],
    "updated_at": N_("Changed at"),
    "created_at": N_("Begun at"),
    "purchased_at": LABELS["purchased_at"],
    "cancelled_at": N_("Cancelled at"),
    "refunded_at": N_("Refunded at"),
    "discount": N_("Discount"),
    "cart_ref": N_("Number of the cart"),
    "lines": N_("List of lines"),
    "ordered": N_("Whether it was ordered"),
    "reason": N_("Reason"),
    "ref": LABELS["product_ref"],
    "product_ref": LABELS["product_ref"],
    "name": N_("Name"),
    "quantity": N_("Quantity"),
    "price": N_("Price"),
    "url": N_("Web page"),
    "image_url": N_("Picture"),
    "stock": N_("In stock"),
    "life_days": N_("Usual life in days"),
    "event": N_("Name of the event"),
    "happened_at": N_("Happened at"),
    "data": N_("Properties"),
    "topic_path": N_("Topic"),
    "consent_path": N_("Whether they agreed"),
    "consent_at_path": N_("When they agreed"),
    "consent_method_path": N_("How they agreed"),
}
