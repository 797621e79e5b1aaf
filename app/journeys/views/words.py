"""Labels of exit reasons, and the words of triggers."""

from __future__ import annotations

from flask_babel import get_translations, gettext
from flask_babel import lazy_gettext as _

from app.conditions.description import Language
from app.journeys import event_trigger
from app.journeys.models import Journey
from app.journeys.views.blueprint import bp

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


@bp.app_template_global("journey_event")
def event(journey: Journey) -> str:
    """Return the event that starts a journey, with what its properties are to be like, in the reader's language."""
    if journey.trigger_event is None:
        return ""
    return event_trigger.load(journey.trigger_event).describe(Language(gettext, get_translations().ungettext))
