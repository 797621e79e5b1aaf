"""Labels of exit reasons."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _

REASONS = {
    "interest": _("clicked"),
    "reply": _("replied"),
    "purchase": _("bought"),
    "withdrawn": _("no longer mailable"),
    "merged": _("on it already, as somebody merged with them"),
}

# What a mail waits for, as part of a sentence: "The mail waits for %(what)s until ...".
_HINDRANCES = {
    "waiting:cap": _("the frequency cap"),
    "waiting:promise": _("the frequency limit of its topic"),
    "waiting:quiet_hours": _("the end of quiet hours"),
}


def hindrance(reason: str | None) -> str:
    """Say what a mail with this reason waits for; whatever else it is, it is tried again."""
    return str(_HINDRANCES.get(reason or "") or gettext("the next attempt"))
