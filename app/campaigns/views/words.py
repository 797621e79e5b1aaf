"""How is it said why somebody did not get a mail, and what a step is called?"""

from __future__ import annotations

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from app.campaigns.preflight import Check
from app.web import language

REASONS = {
    "no_permission": _("did not agree to this topic"),
    "suppressed": _("asked for no mail at all, or the mailbox is dead"),
    "withdrawn": _("withdrew before it left"),
    "no_address": _("have no email address"),
    "cancelled": _("you ended the campaign"),
    "cap": _("have had enough mail from you lately"),
    "promise": _("have had as much about this topic as they were promised"),
    "quiet_hours": _("are asleep; it leaves in their morning"),
    "address": _("the mailbox does not exist"),
    "mailbox_full": _("the mailbox is full"),
    "policy": _("the mailbox provider refused us"),
    "throttled": _("the mailbox provider asks us to slow down"),
    "content": _("the mailbox provider refused the content"),
    "unclassified": _("refused without a clear reason"),
    "template_error": _("the mail could not be filled in for them"),
    "gave_up": _("the mailbox provider took no mail for days"),
    "staff": _("somebody of the staff paused it"),
}
STEPS = {"audience": _("Audience"), "content": _("Content"), "when": _("When")}


def reason(word: str) -> str:
    """Return why, in words; what nobody listed is shown as it is. Some mails wait, and follow later."""
    course, _colon, cause = word.rpartition(":")
    said = str(REASONS.get(cause) or cause.replace("_", " "))
    return gettext("later: %(reason)s", reason=said) if course in ("waiting", "deferred") else said


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


def people(count: int) -> str:
    """Return "1 person" or "2,431 people"."""
    return str(ngettext("%(people)s person", "%(people)s people", count, people=language.number(count)))
