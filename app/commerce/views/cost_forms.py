"""What staff fill in about costs, rates and purchases elsewhere."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import DateField, DecimalField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.commerce.costs.competitors import LONGEST, NewPurchase
from app.commerce.costs.costs import LONGEST_NOTE, NewCost, Rates
from app.web.edits import EditForm
from app.web.forms import Form, LineField, SelectField, WholeNumberField, required

TOLD_BY = [
    ("asked", _("The customer, when asked")),
    ("survey", _("A survey")),
    ("observed", _("Somebody of ours who saw it")),
    ("bought", _("Bought data")),
    ("other", _("Another source")),
]
KINDS = [("service", _("Service")), ("gift", _("Gift")), ("other", _("Other"))]


class CostForm(Form):
    """Something spent on a customer."""

    kind = SelectField(_("Spent on"), choices=KINDS)
    spent_on = DateField(_("Date"), [InputRequired(_("Please fill this in."))])
    minutes = WholeNumberField(_("Minutes"), [Optional(), NumberRange(1, 100_000)])
    amount = DecimalField(_("Amount"), [Optional(), NumberRange(0, 10**8)], places=2)
    note = LineField(_("Purpose or note"), [Length(max=LONGEST_NOTE)])

    def new(self) -> NewCost:
        """Return what was filled in."""
        minutes = self.minutes.data if self.kind.data == "service" else None
        return NewCost(self.kind.data, self.spent_on.data, minutes, self.amount.data, note=self.note.data or "")


class CompetitorForm(Form):
    """Something bought elsewhere."""

    what = LineField(_("What they bought"), [required, Length(max=LONGEST)])
    competitor = LineField(_("Where"), [Length(max=LONGEST)])
    bought_on = DateField(_("Date"), [Optional()])
    amount = DecimalField(_("Amount"), [Optional(), NumberRange(0, 10**8)], places=2)
    told_by = SelectField(_("Who says so"), choices=TOLD_BY)

    def new(self) -> NewPurchase:
        """Return what was filled in."""
        return NewPurchase(
            *(self.what.data or "", self.competitor.data or "", self.bought_on.data, self.amount.data),
            told_by=self.told_by.data,
        )


class RatesForm(EditForm):
    """What a minute and a mail cost, and the budget for gifts."""

    service_minute = DecimalField(_("A minute of service"), [Optional(), NumberRange(0, 10**6)], places=4)
    mail = DecimalField(_("One mail"), [Optional(), NumberRange(0, 10**6)], places=4)
    gift_budget = DecimalField(_("Gifts to one customer in a year"), [Optional(), NumberRange(0, 10**8)], places=2)

    def rates(self) -> Rates:
        """Return what was filled in."""
        return Rates(self.service_minute.data, self.mail.data, self.gift_budget.data)
