"""What staff fill in about a file of purchases."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectField

from app.customers.forms import MappingForm
from app.web.choices import PickerField


class PurchasesMappingForm(MappingForm):
    """How the rows of a file of purchases are meant."""

    option_names = ("currency", "unknown", "order_rows")

    unknown = SelectField(
        _("Purchases of unknown people"),
        choices=[("refuse", _("Reject the row")), ("create", _("Add the person"))],
    )
    order_rows = SelectField(
        _("Several rows of one order"),
        choices=[
            ("sum", _("Each row is a part; amounts are added up")),
            ("total", _("Each row repeats the order's total")),
        ],
        description=_("Rows with the same order number are one purchase."),
    )
    currency = PickerField(
        _("Currency"), kind="currency", is_needed=True, default="EUR", description=_("For rows that name none.")
    )
