"""What other rooms draw on the page of one customer."""

from __future__ import annotations

from app.customers.customer_id import CustomerId
from app.web.panels import Panels


class CustomerPanels(Panels[CustomerId]):
    """What the page of one customer shows of the rooms above."""
