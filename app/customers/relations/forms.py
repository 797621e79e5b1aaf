"""What staff fill in about organisations and whom they have."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField
from wtforms.validators import Length, NumberRange, Optional

from app.customers.organisations import organisation_values
from app.customers.organisations.buying_centre import ROLES
from app.customers.organisations.members import NAMES
from app.customers.relations.kinds import DIRECTIONS, title
from app.web.choices import PickerField
from app.web.edits import EditForm
from app.web.forms import (
    Form,
    LineField,
    SelectField,
    SelectMultipleChecks,
    TextField,
    WholeNumberField,
    required,
)


class OrganisationForm(EditForm):
    """What is known of an organisation. `parent` is the name or number of the one above it."""

    name = LineField(_("Name"), [required, Length(max=200)])
    external_ref = LineField(_("Organisation number"), [Length(max=200)], description=_("As your own books have it."))
    parent = LineField(_("Parent organisation"), description=_("Name or number of the organisation above it."))
    industry = LineField(_("Industry"), [Length(max=100)])
    employees = WholeNumberField(
        _("Employees"), [Optional(), NumberRange(0, organisation_values.MOST_EMPLOYEES)]
    )
    website = LineField(_("Website"))
    domains = LineField(_("Email domains"), description=_("Comma-separated, such as example.com."))
    address = TextField(_("Address"), [Length(max=organisation_values.LONGEST_ADDRESS)])
    city = LineField(_("City"), [Length(max=200)])
    country = PickerField(_("Country"), kind="country")

    def values(self, written: set[str] | None = None) -> dict[str, Any]:
        """Return what was filled in, or in these fields of it; whom `parent` means is for its caller to find."""
        said: dict[str, Any] = {
            name: self[name].data for name in organisation_values.NAMES if name not in ("parent_id", "domains")
        }
        said["domains"] = (self.domains.data or "").replace(";", ",").split(",")
        return said if written is None else {name: value for name, value in said.items() if name in written}


class MemberForm(EditForm):
    """Somebody's place in an organisation."""

    position = LineField(_("Position"), [Length(max=200)], description=_("Such as head of purchasing."))
    buying_roles = SelectMultipleChecks(_("Parts in the buying centre"), choices=[(n, _(w)) for n, w in ROLES.items()])
    since = DateField(_("Since"), [Optional()])
    until = DateField(_("Until"), [Optional()], description=_("Empty while they are there."))
    is_primary = BooleanField(_("Their primary organisation"))

    def values(self, written: set[str] | None = None) -> dict[str, Any]:
        """Return what was filled in, or in these fields of it."""
        return {name: self[name].data for name in NAMES if written is None or name in written}


class NewMemberForm(MemberForm):
    """Somebody who joins an organisation: by their email or number."""

    person = LineField(_("Person"), [required], description=_("Their email or customer number."))


class WorkplaceForm(MemberForm):
    """An organisation somebody is at: by its name or number, added where there is none of this name."""

    organisation = LineField(
        _("Organisation"), [required, Length(max=200)], description=_("Its name or number. A new name adds it.")
    )


HOUSEHOLD = "household"


class RelationForm(Form):
    """Somebody else, and what they are to this person."""

    person = LineField(_("Person"), [required], description=_("Their email or customer number."))
    kind = SelectField(
        _("They are"),
        choices=[
            (HOUSEHOLD, _("In the same household")),
            *((name, _(title(kind.name, is_inverse=inverse))) for name, (kind, inverse) in DIRECTIONS.items()),
        ],
    )
