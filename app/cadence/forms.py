"""What staff decide about frequency."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TimeField
from wtforms.validators import NumberRange, Optional

from app.cadence.decide import Cap, Policy
from app.cadence.quiet_hours import Hours
from app.web.edits import EditForm
from app.web.forms import SelectMultipleChecks, WholeNumberField

_DAYS = [
    ("0", _l("Monday")),
    ("1", _l("Tuesday")),
    ("2", _l("Wednesday")),
    ("3", _l("Thursday")),
    ("4", _l("Friday")),
    ("5", _l("Saturday")),
    ("6", _l("Sunday")),
]


class PolicyForm(EditForm):
    """How often, when at night, and on which days."""

    has_cap = BooleanField(_l("Frequency cap: limit how many mails one person gets"))
    cap_limit = WholeNumberField(_l("At most so many mails"), [Optional(), NumberRange(1, 40)])
    cap_days = WholeNumberField(_l("In so many days"), [Optional(), NumberRange(1, 366)])
    has_quiet = BooleanField(_l("Send nothing during the night, by the clock where each person lives"))
    quiet_from = TimeField(_l("Quiet hours from"), [Optional()])
    quiet_until = TimeField(_l("Quiet hours until"), [Optional()])
    sending_days = SelectMultipleChecks(_l("Sending days"), choices=_DAYS)

    def fill(self, policy: Policy) -> None:
        """Fill the fields with what holds now."""
        hours = policy.hours
        self.has_cap.data = policy.cap is not None
        self.cap_limit.data = policy.cap.limit if policy.cap else 4
        self.cap_days.data = policy.cap.days if policy.cap else 7
        self.has_quiet.data = hours.quiet_from is not None
        self.quiet_from.data, self.quiet_until.data = hours.quiet_from, hours.quiet_until
        self.sending_days.data = [str(day) for day in sorted(hours.days)]

    def policy(self) -> Policy:
        """Return what was asked for."""
        cap = Cap(self.cap_limit.data or 0, self.cap_days.data or 0) if self.has_cap.data else None
        quiet: tuple[Any, Any] = (self.quiet_from.data, self.quiet_until.data) if self.has_quiet.data else (None, None)
        return Policy(cap, Hours(*quiet, frozenset(int(day) for day in self.sending_days.data or ())))
