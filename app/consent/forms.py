"""What staff fill in about permission."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField
from wtforms.fields.core import Field
from wtforms.validators import NumberRange, ValidationError

from app.consent.signup import signup_forms
from app.web.edits import EditForm
from app.web.forms import Form, LineField, SelectField, SelectMultipleChecks, TextField, WholeNumberField, required
from app.web.language import LANGUAGES


def _is_slug(_form: Form, field: Field) -> None:
    if not signup_forms.SLUG.fullmatch(field.data.lower()):
        raise ValidationError(gettext(signup_forms.SLUG_INVALID))


def _has_topic(_form: Form, field: Field) -> None:
    if not field.data:
        raise ValidationError(gettext(signup_forms.TOPIC_MISSING))


class SignupFormForm(EditForm):
    """A public sign-up form. Its topics are filled in from the workspace."""

    name = LineField(_("Name"), [required], description=_("People read it as the title of the page."))
    slug = LineField(
        _("URL slug"), [required, _is_slug], description=_("Small letters, digits and hyphens.")
    )
    introduction = TextField(_("A sentence about what people get"))
    topic_ids = SelectMultipleChecks(_("Topics to choose from"), [_has_topic], coerce=int)
    asks = SelectMultipleChecks(
        _("Also ask whether we may"),
        choices=[
            ("open_tracking", _("see whether mails are opened")),
            ("click_tracking", _("see which links are clicked")),
            ("profiling", _("draw conclusions from purchases and clicks")),
        ],
        description=_("Each is a box of its own, empty at first, and nobody has to tick it."),
    )
    language = SelectField(_("Language"), choices=list(LANGUAGES.items()))
    is_open = BooleanField(_("Open for sign-ups"), default=True)


class TopicForm(EditForm):
    """A topic and its promise."""

    name = LineField(_("Name"), [required])
    description = LineField(_("In one sentence: what it is about"))
    promised_limit = WholeNumberField(_("At most this many mails"), [NumberRange(1, 100)], default=4)
    promised_days = WholeNumberField(_("In this many days"), [NumberRange(1, 366)], default=30)
    is_active = BooleanField(_("People can join it"), default=True)


class WordingForm(Form):
    """The next version of a wording."""

    text = TextField(_("Consent text"), [required])


class SuppressionForm(Form):
    """An address to be suppressed."""

    email = LineField(_("Email address"), [required])
    note = LineField(_("Why"), [required], description=_("For your colleagues: it is kept with the address."))


class PurgeForm(Form):
    """How far back an attack reaches."""

    hours = SelectField(
        _("Requests of"),
        coerce=int,
        choices=[(1, _("the last hour")), (24, _("the last 24 hours")), (168, _("the last 7 days"))],
        default=24,
    )
    network = LineField(_("Only from this network"))
