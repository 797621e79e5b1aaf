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
