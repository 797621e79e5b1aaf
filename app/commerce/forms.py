"""What staff fill in about a file of purchases."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectField

from app.customers.forms import MappingForm
from app.web.choices import PickerField


class PurchasesMappingForm(MappingForm):
    """How the rows of a file of purchases are meant."""

    option_names = ("currency", "unknown")

    unknown = SelectField(
        _("Purchases of unknown people"),
        choices=[("refuse", _("Reject the row")), ("create", _("Add the person"))],
    )
    currency = PickerField(
        _("Currency"), kind="currency", is_needed=True, default="EUR", description=_("For rows that name none.")
    )
