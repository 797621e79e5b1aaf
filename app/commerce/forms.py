"""What staff fill in about a file of orders, and about a product."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DecimalField
from wtforms.validators import URL, Length, NumberRange, Optional

from app.commerce.products import LONGEST, ProductChange
from app.customers.forms import MappingForm
from app.web.choices import PickerField
from app.web.edits import EditForm
from app.web.forms import LineField, SelectField, WholeNumberField, required


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


class ProductForm(EditForm):
    """What is known of a product."""

    ref = LineField(
        _("Product number (SKU)"), [required, Length(max=LONGEST)], description=_("As your shop writes it.")
    )
    name = LineField(_("Name"), [required, Length(max=LONGEST)])
    category = LineField(
        _("Category"), [Length(max=500)], description=_("Its path, such as Garden > Roses.")
    )
    price = DecimalField(_("Price"), [Optional(), NumberRange(0, 10**10)], places=2)
    currency = PickerField(_("Currency"), kind="currency")
    url = LineField(_("Web page"), [Optional(), URL(require_tld=False), Length(max=1000)])
    image_url = LineField(_("Picture"), [Optional(), URL(require_tld=False), Length(max=1000)])
    stock = WholeNumberField(_("In stock"), [Optional(), NumberRange(0, 10**12)])
    life_days = WholeNumberField(
        _("Usual life in days"),
        [Optional(), NumberRange(1, 36_500)],
        description=_("How long one usually lasts before the next is due."),
    )
    is_sold = BooleanField(_("Sold at present"), default=True)

    def change(self) -> ProductChange:
        """Return what was filled in."""
        return ProductChange(
            ref=self.ref.data or "",
            name=self.name.data or None,
            category=self.category.data or "",
            price=self.price.data,
            currency=self.currency.data or None,
            url=self.url.data or None,
            image_url=self.image_url.data or None,
            stock=self.stock.data,
            life_days=self.life_days.data,
            is_sold=bool(self.is_sold.data),
        )
