"""How is a deed of the audit said in words?"""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _

DEEDS = {
    "staff.invited": _("invited somebody"),
    "staff.invitation_withdrawn": _("withdrew an invitation"),
    "staff.joined": _("joined the workspace"),
    "staff.role_changed": _("changed a role"),
    "staff.removed": _("removed somebody from the workspace"),
    "workspace.changed": _("changed the settings"),
    "api_key.created": _("made an API key"),
    "api_key.revoked": _("revoked an API key"),
    "identity.created": _("added a sender"),
    "identity.changed": _("changed a sender"),
    "identity.relay_changed": _("changed the mail server of a sender"),
    "identity.keys_renewed": _("made new signing keys"),
    "identity.made_default": _("chose the first sender"),
    "journey.created": _("made a journey"),
    "journey.changed": _("changed a journey"),
    "journey.published": _("published a journey"),
    "journey.paused": _("paused a journey"),
    "campaign.created": _("made a campaign"),
    "campaign.launched": _("sent a campaign"),
    "campaign.scheduled": _("scheduled a campaign"),
    "campaign.paused": _("paused a campaign"),
    "campaign.resumed": _("resumed a campaign"),
    "campaign.cancelled": _("cancelled a campaign"),
    "segment.saved": _("saved a segment"),
    "segment.created": _("made a segment"),
    "segment.changed": _("changed a segment"),
    "segment.deleted": _("deleted a segment"),
    "import.started": _("started an import"),
}


def say(action: str) -> str:
    """Return the deed in words; one that nobody worded is shown as its own two words."""
    if action in DEEDS:
        return str(DEEDS[action])
    thing, _dot, deed = action.replace("_", " ").partition(".")
    return gettext("%(thing)s: %(deed)s", thing=thing, deed=deed) if deed else thing
