"""What staff fill in about a file of orders, and about a product."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, DecimalField
from wtforms.validators import URL, Length, NumberRange, Optional

from app.commerce.owned_items.items import ItemAccount
from app.commerce.products import LONGEST, ProductChange
from app.customers.forms import FileMappingForm, MappingForm, conflict_field
from app.web.choices import PickerField
from app.web.edits import EditForm
from app.web.forms import LineField, SelectField, TextField, WholeNumberField, required


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


class ProductsMappingForm(FileMappingForm):
    """How the rows of a file of products are meant."""

    option_names = ("currency", "conflict")

    currency = PickerField(
        _("Currency"), kind="currency", is_needed=True, default="EUR", description=_("For rows that name none.")
    )
    conflict = conflict_field()


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
    attributes_text = TextField(
        _("Attributes"), [Length(max=8000)], description=_("One a line: the name, a colon, the value.")
    )
    is_durable = BooleanField(_("Durable: who buys one owns it from then on"))
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
            is_durable=bool(self.is_durable.data),
            attributes=self._attributes(),
        )

    def _attributes(self) -> dict[str, str]:
        pairs = (line.partition(":") for line in (self.attributes_text.data or "").splitlines() if line.strip())
        return {name.strip()[:40]: value.strip()[:200] for name, _colon, value in pairs}


class OwnedItemForm(EditForm):
    """Something a customer has."""

    name = LineField(_("What it is"), [Length(max=LONGEST)])
    product_ref = LineField(
        _("Product number (SKU)"), [Length(max=LONGEST)], description=_("If it is a product of your catalogue.")
    )
    quantity = WholeNumberField(_("Pieces"), [Optional(), NumberRange(1, 999_999)], default=1)
    condition = SelectField(_("New or used"), choices=[("", "–"), ("new", _("new")), ("used", _("used"))])
    since_on = DateField(_("Owned since"), [Optional()])
    replace_on = DateField(
        _("To be replaced on"), [Optional()], description=_("What the owner said; else it follows from its usual life.")
    )
    life_days = WholeNumberField(
        _("Usual life in days"),
        [Optional(), NumberRange(1, 36_500)],
        description=_("If it differs from the product's."),
    )
    warranty_until = DateField(_("Warranty until"), [Optional()])
    service_until = DateField(_("Service contract until"), [Optional()])
    finance_until = DateField(_("Finance contract until"), [Optional()])
    serial_number = LineField(_("Serial number"), [Length(max=LONGEST)])

    def account(self) -> ItemAccount:
        """Return what was filled in."""
        return ItemAccount(
            name=self.name.data or "",
            product_ref=self.product_ref.data or "",
            quantity=self.quantity.data or 1,
            condition=self.condition.data or None,
            since_on=self.since_on.data,
            warranty_until=self.warranty_until.data,
            service_until=self.service_until.data,
            finance_until=self.finance_until.data,
            life_days=self.life_days.data,
            replace_on=self.replace_on.data,
            serial_number=self.serial_number.data or None,
        )
