"""What staff fill in about themselves, their workspace and its keys."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField
from wtforms.validators import Length, NumberRange, Optional

from app.accounts.mailboxes import ADDRESS_CHARS
from app.accounts.sign_in.passwords import LONGEST, SHORTEST
from app.web.choices import PickerField
from app.web.edits import EditForm
from app.web.forms import Form, LineField, SelectField, TextField, WholeNumberField, required

_ROLES = [("viewer", _l("Viewer: sees everything, changes nothing")),
          ("marketer", _l("Marketer: composes and sends")),
          ("owner", _l("Owner: also settings, team and keys"))]  # fmt: skip
_DAYS = [
    (0, _l("not at all")), (7, _l("7 days")), (30, _l("30 days")), (90, _l("90 days")), (365, _l("365 days")),
]  # fmt: skip
_PERIODS = [
    (0, _l("Always")),
    (13, _l("13 months")),
    (25, _l("25 months")),
    (37, _l("37 months")),
    (61, _l("61 months")),
]
_LANGUAGES = [("en", "English"), ("zh", "中文")]


class LoginForm(Form):
    """Address and password."""

    email = LineField(_l("Email"), [required, Length(max=ADDRESS_CHARS)])
    password = PasswordField(_l("Password"), [required, Length(max=LONGEST)])


class KnownInvitationForm(Form):
    """An invited person who has an account shows that it is theirs."""

    password = PasswordField(_l("Your password"), [required, Length(max=LONGEST)])


class NewInvitationForm(Form):
    """An invited person without an account makes one."""

    name = LineField(_l("Your name"), [required, Length(max=120)])
    password = PasswordField(_l("Choose a password"), [required, Length(SHORTEST, LONGEST)])


_PERSONAL_DATA = [
    ("masked", _l("Names and addresses masked")),
    ("shown", _l("Sees personal data")),
    ("exported", _l("Data steward: sees and exports it")),
]


class InviteForm(Form):
    """Whom to ask, and as what."""

    email = LineField(_l("Email"), [required, Length(max=ADDRESS_CHARS)])
    role = SelectField(_l("Role"), choices=_ROLES, default="marketer")


class RoleForm(Form):
    """The role of one member, and how far they reach into personal data."""

    role = SelectField(_l("Role"), choices=_ROLES)
    personal_data = SelectField(_l("Personal data"), choices=_PERSONAL_DATA, default="exported")


class PasswordForm(Form):
    """A new password, confirmed by the current one."""

    current = PasswordField(_l("Current password"), [required, Length(max=LONGEST)])
    password = PasswordField(_l("New password"), [required, Length(SHORTEST, LONGEST)])


class WorkspaceForm(EditForm):
    """What the workspace says about itself."""

    name = LineField(_l("Name of the workspace"), [required, Length(max=120)])
    legal_name = LineField(_l("Name of the company"), [required, Length(max=200)])
    sender_name = LineField(_l("Sender's name"), [required, Length(max=120)])
    sender_address = LineField(_l("Sender's address"), [required, Length(max=ADDRESS_CHARS)])
    reply_to = LineField(_l("Reply-to"), [Optional(), Length(max=ADDRESS_CHARS)])
    postal_address = TextField(_l("Postal address"), [required, Length(max=500)])
    time_zone = PickerField(_l("Time zone"), kind="time_zone", is_needed=True)
    language = SelectField(_l("Language"), choices=_LANGUAGES)
    activity_months = SelectField(_l("Keep activity for"), choices=_PERIODS, coerce=int, default=0)
    import_file_days = SelectField(_l("Keep imported files for"), choices=_DAYS, coerce=int, default=0)
    daily_people = WholeNumberField(_l("People one member may read a day"), [Optional(), NumberRange(0, 10_000_000)])


class ApiKeyForm(Form):
    """What the new key is for."""

    name = LineField(_l("What is it for?"), [required, Length(max=120)])
    is_masked = BooleanField(
        _l("Mask names and addresses"), description=_l("Its answers name nobody; it may still write and send.")
    )


class NewIdentityForm(Form):
    """A new address to send from."""

    from_name = LineField(_l("Sender's name"), [required, Length(max=120)])
    from_address = LineField(_l("Sender's address"), [required, Length(max=ADDRESS_CHARS)])
    signs = BooleanField(_l("Sign its mail (DKIM)"), default=True)


class IdentityForm(EditForm):
    """What may change about an identity."""

    from_name = LineField(_l("Sender's name"), [required, Length(max=120)])
    reply_to = LineField(_l("Reply-to"), [Optional(), Length(max=ADDRESS_CHARS)])
    rate_per_second = WholeNumberField(_l("At most this many mails a second"), [Optional(), NumberRange(1, 10_000)])


class RelayForm(Form):
    """A mail server of one's own. Never filled in from what is stored."""

    smtp_url = PasswordField(_l("Mail server"), [Optional(), Length(max=500)])
    # Which mail server was set when the page was opened; says nothing of it.
    seen = HiddenField()
