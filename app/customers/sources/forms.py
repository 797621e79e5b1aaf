"""What staff write about a source."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField
from wtforms.validators import Optional

from app.customers.field_kinds import money
from app.customers.field_kinds.kind import Reading, Typed, ValueRefused
from app.customers.field_kinds.money import MoneyKind
from app.customers.sources.catalogue import KINDS, SourceDraft, SourceRefused
from app.customers.sources.models import Source
from app.web.forms import Form, LineField, SelectField, TextField, WholeNumberField, required


class SourceForm(Form):
    """A source: what kind it is, what its values are like, what it cost, and how long they may be used."""

    name = LineField(_("Name"), [required], description=_("Such as: Garden fair 2026, Till system."))
    kind = SelectField(_("Type"), choices=[(name, _(kind.label)) for name, kind in KINDS.items()])
    is_external = BooleanField(
        _("External"), description=_("Somebody else collected it. It never replaces what you observed yourselves.")
    )
    is_inferred = BooleanField(_("Inferred"), description=_("Concluded by a model or a person, not seen or told."))
    is_implied = BooleanField(_("Implied"), description=_("A sign of the thing and not the thing itself."))
    certainty = WholeNumberField(_("How sure, in percent"), [Optional()])
    cost = LineField(_("Cost"), description=_("An amount and its currency, such as 1234.50 EUR"))
    licence = TextField(_("Licence"), description=_("What you may do with it, and where that is written."))
    licence_ends_on = DateField(
        _("Licence ends on"),
        [Optional()],
        description=_("The day after, its values are cleared and kept in the history."),
    )

    def draft(self, currency: str) -> SourceDraft:
        """Return what was written; raise SourceRefused. `currency` is that of an amount without one."""
        amount = self._amount(currency)
        return SourceDraft(
            name=self.name.data or "",
            kind=self.kind.data,
            is_external=self.is_external.data,
            is_inferred=self.is_inferred.data,
            is_implied=self.is_implied.data,
            certainty=self.certainty.data,
            cost=amount[0] if amount else None,
            currency=amount[1] if amount else None,
            licence=self.licence.data or "",
            licence_ends_on=self.licence_ends_on.data,
        )

    def _amount(self, currency: str) -> tuple[Decimal, str] | None:
        try:
            return money.split(MoneyKind().accept(self.cost.data, _Plain(), Reading(currency=currency)))
        except ValueRefused as refused:
            raise SourceRefused(refused.message, field="cost") from None


class _Plain(Typed):
    """No field of anybody's: an amount alone."""

    choices = ()
    refers_to = None


def form_of(source: Source) -> SourceForm:
    """Return the form filled with what a source is."""
    cost = f"{source.cost} {source.currency}" if source.cost is not None else ""
    names = ("name", "kind", "is_external", "is_inferred", "is_implied", "certainty", "licence", "licence_ends_on")
    return SourceForm(formdata=None, cost=cost, **{name: getattr(source, name) for name in names})
