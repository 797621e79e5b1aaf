"""Labels of reasons, checks and steps on campaign pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from app.accounts.models import SendingIdentity
from app.campaigns.models import Campaign
from app.campaigns.preflight import Check
from app.delivery import words
from app.delivery.sending.sends import Progress
from app.web import language

STEPS = {"audience": _("Audience"), "content": _("Content"), "when": _("When")}


def reason(code: str) -> str:
    """Return why people did not get it, or get it later."""
    return str(gettext(words.of_people(code)))


def pause(progress: Progress) -> str:
    """Return the message id of why sending stopped, unless staff stopped it themselves."""
    if progress.state != "paused" or progress.pause_reason in (None, "staff"):
        return ""
    return words.PAUSES[progress.pause_reason]


def check(found: Check) -> dict[str, object]:
    """Return a check as the page shows it, in the reader's language."""
    return {
        "level": found.level,
        "step": found.step,
        "message": gettext(found.msgid, **found.values) if found.values else gettext(found.msgid),
        "hint": (gettext(found.hint, **found.values) if found.values else gettext(found.hint)) if found.hint else "",
        "line": found.line,
        "column": found.column,
        "url": found.url,
        "part": gettext(found.part) if found.part else "",
    }


def launch_failure(campaign: Campaign) -> dict[str, Any] | None:
    """Return when a draft should have been sent and why it was not, in the reader's language."""
    kept = campaign.launch_failure
    if kept is None:
        return None
    message, values = kept["message"], kept["values"]
    why = gettext(message, **values) if values else gettext(message)
    return {"why": why, "at": datetime.fromisoformat(kept["at"])}


def sender(identity: SendingIdentity) -> str:
    """Return as whom mail comes: "Nightjar Tea <hello@nightjar-tea.example>"."""
    return f"{identity.from_name} <{identity.from_address}>" if identity.from_name else identity.from_address


def people(count: int) -> str:
    """Return "1 person" or "2,431 people"."""
    return str(ngettext("%(people)s person", "%(people)s people", count, people=language.number(count)))
