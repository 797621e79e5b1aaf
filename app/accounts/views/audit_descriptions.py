"""Descriptions of the audit log's actions for the page that lists them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.web import language
from app.web.components import states

ACTIONS = {
    "staff.invited": _("invited somebody"),
    "staff.invitation_withdrawn": _("withdrew an invitation"),
    "staff.joined": _("joined the workspace"),
    "staff.role_changed": _("changed a role"),
    "staff.removed": _("removed somebody from the workspace"),
    "workspace.changed": _("changed the settings"),
    "brand.changed": _("changed the brand kit"),
    "image.added": _("added an image"),
    "image.changed": _("changed an image"),
    "image.removed": _("removed an image"),
    "image.restored": _("brought back a removed image"),
    "set_up.answered": _("answered a step of the set-up"),
    "set_up.skipped": _("skipped a step of the set-up"),
    "personal_data.read": _("read people in lists"),
    "personal_data.exported": _("exported people"),
    "signup_form.fields_changed": _("changed what a form asks for"),
    "preference_page.changed": _("changed the preference page"),
    "quality_rules.changed": _("changed the rules of data quality"),
    "api_key.created": _("created an API key"),
    "api_key.revoked": _("revoked an API key"),
    "api_key.restored": _("let a revoked API key work again"),
    "data.exported": _("exported data"),
    "shop.connected": _("connected a shop"),
    "shop.disconnected": _("disconnected a shop"),
    "shop.reconnected": _("connected a disconnected shop again"),
    "shop.secret_changed": _("changed the signing secret of a shop"),
    "shop.mapped": _("changed what is taken from a shop"),
    "shop.replayed": _("replayed webhooks of a shop"),
    "cost.added": _("noted a cost of a customer"),
    "cost.removed": _("deleted a cost of a customer"),
    "cost.restored": _("brought back a cost of a customer"),
    "cost.rates_changed": _("changed the cost rates"),
    "competitor.added": _("noted a competitor purchase"),
    "competitor.removed": _("deleted a competitor purchase"),
    "competitor.restored": _("brought back a competitor purchase"),
    "owned_item.added": _("noted something a customer owns"),
    "owned_item.changed": _("changed what a customer owns"),
    "owned_item.ended": _("noted that a customer no longer owns something"),
    "owned_item.restored": _("brought back something a customer owns"),
    "identity.created": _("added a sender"),
    "identity.changed": _("changed a sender"),
    "identity.relay_changed": _("changed the mail server of a sender"),
    "identity.keys_renewed": _("created new signing keys"),
    "identity.proved": _("verified the domain of a sender"),
    "identity.unproved": _("found the domain of a sender no longer verified"),
    "identity.made_default": _("changed the default sender"),
    "website.added": _("added a website"),
    "website.deleted": _("deleted a website"),
    "website.restored": _("let a deleted website report again"),
    "jobs.tried_again": _("retried failed jobs"),
    "sending.resumed": _("resumed sending"),
    "messages.left_in_doubt": _("left mails in doubt as they are"),
    "messages.sent_again": _("had mails in doubt sent once more"),
    "cadence.changed": _("changed the frequency cap and quiet hours"),
    "wording.changed": _("published a new consent text"),
    "address.suppressed": _("added an address to the suppression list"),
    "address.bounce_ended": _("had a bounced address mailed again"),
    "customer.merged": _("merged two customers"),
    "customer.erasure_asked": _("had a customer erased in a day"),
    "customer.erasure_taken_back": _("took back an erasure of a customer"),
    "customer.erased": _("erased a customer"),
    "customer.data_exported": _("exported everything held about a customer"),
    "customer.told_apart": _("noted that two customers are not the same"),
    "duplicates.rule_changed": _("changed when duplicates are merged automatically"),
    "customer.merge_undone": _("undid a merge of customers"),
    "topic.saved": _("saved a topic"),
    "signups.purged": _("rejected unconfirmed sign-ups"),
    "signup_form.saved": _("saved a sign-up form"),
    "organisation.added": _("added an organisation"),
    "organisation.changed": _("changed an organisation"),
    "organisation.deleted": _("deleted an organisation"),
    "organisation.restored": _("restored an organisation"),
    "source.added": _("added a source"),
    "source.changed": _("changed a source"),
    "source.retired": _("retired a source"),
    "source.restored": _("brought a source back"),
    "field.flagged": _("said whether a field is sensitive"),
    "field.ground_stated": _("stated the legal basis for using a sensitive field"),
    "field.ground_withdrawn": _("withdrew the legal basis for using a sensitive field"),
    "journey.created": _("created a journey"),
    "journey.changed": _("changed a journey"),
    "journey.published": _("published a journey"),
    "journey.paused": _("paused a journey"),
    "journey.resumed": _("resumed a journey"),
    "journey.held": _("paused a journey after an outage"),
    "campaign.planned": _("scheduled a campaign"),
    "campaign.held": _("held a campaign whose time had passed"),
    "campaign.held_back": _("could not send a campaign that was not ready"),
    "campaign.unplanned": _("moved a campaign back to draft"),
    "campaign.paused": _("paused a campaign"),
    "campaign.resumed": _("resumed a campaign"),
    "campaign.cancelled": _("cancelled a campaign"),
    "campaign.restarted": _("let a cancelled campaign go on"),
    "campaign.deleted": _("deleted a draft"),
    "campaign.restored": _("brought a deleted draft back"),
}


# Which details are shown, and what they are called; the rest are marks for programs.
DETAILS = {
    "name": _("name"),
    "email": _("address"),
    "address": _("address"),
    "role": _("role"),
    "at": _("send time"),
    "reason": _("reason"),
    "note": _("reason"),
    "settings": _("changed"),
    "requests": _("sign-ups"),
    "jobs": _("jobs"),
    "network": _("network"),
    "stopped": _("cancelled recipients"),
    "version": _("version"),
    "language": _("language"),
    "label": _("field"),
    "ground": _("legal basis"),
}


def details(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what an action was about, in words: (name, value)."""
    return [(str(DETAILS[name]), _value(name, value)) for name, value in given.items() if name in DETAILS and value]


def _value(name: str, value: Any) -> str:
    if name == "at":
        return language.moment(datetime.fromisoformat(value))
    if name == "role":
        return str(states.state_of(value).label)
    if name == "language":
        return language.language_name(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def describe(action: str) -> str:
    """Return the action in words; one that nobody worded is shown as its own two words."""
    if action in ACTIONS:
        return str(ACTIONS[action])
    thing, _dot, verb = action.replace("_", " ").partition(".")
    return gettext("%(thing)s: %(verb)s", thing=thing, verb=verb) if verb else thing
