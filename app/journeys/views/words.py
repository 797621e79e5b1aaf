"""How are the reasons for leaving a journey said?"""

from __future__ import annotations

from flask_babel import lazy_gettext as _

REASONS = {
    "interest": _("showed interest"),
    "reply": _("answered"),
    "purchase": _("bought"),
    "withdrawn": _("may no longer be mailed"),
}
