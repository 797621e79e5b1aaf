"""What a customer ordered, on the customer's page, and products in the search box."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.commerce import carts, orders, products
from app.commerce.costs import balance, competitors, costs
from app.commerce.owned_items import items
from app.commerce.views.cost_forms import KINDS, TOLD_BY
from app.customers.customer_id import CustomerId

SHOWN = 10
PER_SEARCH = 5


def customer_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw what they own with what is due, carts that were left, and the newest orders with their lines."""
    bought = orders.newest(session, workspace_id, customer_id, limit=SHOWN)
    left = carts.newest(session, workspace_id, customer_id)
    lines = orders.lines_of(session, workspace_id, [order.id for order in bought])
    owned = {
        "customer_id": customer_id,
        "items": items.list_of(session, workspace_id, customer_id),
        "today": now.date(),
    }
    return render_template("commerce/customer_panel.html", orders=bought, lines=lines, carts=left, **owned)


def balance_panel(session: Session, workspace_id: int, customer_id: CustomerId, now: datetime) -> str:
    """Draw what went into them and what came of it, and what they bought elsewhere."""
    found = balance.of_customer(session, workspace_id, customer_id, today=now.date())
    listed = costs.newest(session, workspace_id, customer_id, limit=SHOWN)
    elsewhere = competitors.newest(session, workspace_id, customer_id, limit=SHOWN)
    return render_template(
        "commerce/balance_panel.html",
        customer_id=customer_id,
        balance=found,
        costs=listed,
        elsewhere=elsewhere,
        is_known=bool(listed or found.revenue or found.mails),
        kinds=dict(KINDS),
        told_by=dict(TOLD_BY),
    )


def search(session: Session, workspace_id: int, words: str) -> list[tuple[str, str, str]]:
    """Answer the search box with products whose name or number holds the words."""
    found = products.search(session, workspace_id, words, limit=PER_SEARCH)
    return [(each.name, _("Product"), url_for("commerce.show_product", product_id=each.id)) for each in found]
