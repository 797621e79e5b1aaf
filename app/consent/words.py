"""Labels of consent states, purposes and methods, as message ids that pages translate."""

from __future__ import annotations

from app.kernel.translatable import N_

PURPOSES = {
    "marketing": N_("Marketing mail"),
    "open_tracking": N_("Seeing whether mails are opened"),
    "click_tracking": N_("Seeing which links are clicked"),
    "profiling": N_("Drawing conclusions from purchases and clicks"),
}
STATES = {
    "given": N_("Gave consent"),
    "confirmed": N_("Agreed and confirmed"),
    "pending": N_("Asked, not confirmed"),
    "refused": N_("Refused consent"),
    "withdrawn": N_("Withdrawn"),
    "objected": N_("Objected"),
    "complained": N_("Complained"),
    "expired": N_("Expired"),
    "rejected": N_("Rejected as abuse"),
    "erased": N_("Erased"),
}
EVENTS = {
    "requested": N_("Asked to confirm"),
    "given": N_("Gave consent"),
    "refused": N_("Refused consent"),
    "confirmed": N_("Confirmed"),
    "renewed": N_("Renewed"),
    "expired": N_("Expired"),
    "withdrawn": N_("Withdrew consent"),
    "objected": N_("Objected"),
    "complained": N_("Complained"),
    "erased": N_("Erased"),
    "imported": N_("Consent imported"),
    "corrected": N_("Corrected"),
    "merged": N_("Merged: the stricter answer holds"),
    "unmerged": N_("Merge undone: the answer of before"),
    "rejected_abuse": N_("Rejected as abuse"),
}
BASES = {
    "consent": N_("Consent"),
    "soft_opt_in": N_("Own customers, similar goods (soft opt-in)"),
    "casl_implied_purchase": N_("Implied by a purchase (Canada)"),
    "casl_implied_inquiry": N_("Implied by an inquiry (Canada)"),
    "transactional": N_("Part of a contract"),
}
METHODS = {
    "web_form": N_("Web form"),
    "double_opt_in": N_("Web form, confirmed by email"),
    "preferences": N_("Preference page"),
    "one_click": N_("One-click unsubscribe in the mail program"),
    "unsubscribe_page": N_("Unsubscribe page"),
    "denied_by_mail": N_("Owner of the address said it was not them"),
    "reply": N_("Reply to a mail"),
    "bounce": N_("Bounce"),
    "feedback_report": N_("Complaint report from the mailbox provider"),
    "purge": N_("Attack removed by the team"),
    "staff": N_("Entered by the team"),
    "address_changed": N_("Address was changed"),
    "deadline": N_("Deadline passed"),
}
SUPPRESSIONS = {
    "bounced": N_("Undeliverable"),
    "complained": N_("Complaint"),
    "objected": N_("Objection"),
    "erased": N_("Erased"),
    "manual": N_("Added by the team"),
    "unconfirmed": N_("Changed address, not confirmed"),
}


def method(name: str) -> str:
    """Return what a way of agreeing is called; ways named by a file are shown as the file named them."""
    return METHODS.get(name, name)
