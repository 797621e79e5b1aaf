"""Why did a message leave, wait or not leave? One sentence per reason, shown through translation."""

from __future__ import annotations


def N_(message: str) -> str:
    """Mark a message for the catalogue without translating it here."""
    return message


STATES = {
    "queued": N_("About to leave."),
    "handed": N_("Being handed to the mail server."),
    "sent": N_("Taken by the receiving side."),
    "refused": N_("Refused by the receiving side."),
    "in_doubt": N_("It may or may not have arrived; it is not sent again by itself."),
    "skipped": N_("Not sent."),
}
REASONS = {
    "no_address": N_("There is no email address."),
    "journey_ended": N_("They answered, bought or left the journey first."),
    "no_permission": N_("There was no permission for this topic."),
    "suppressed": N_("The address is on the suppression list."),
    "withdrawn": N_("This person withdrew before it left."),
    "cancelled": N_("The sending was cancelled."),
    "erased": N_("This person asked to be erased."),
    "render_error": N_("The content could not be filled in for this person."),
    "undeliverable_eai": N_("The mail server does not know addresses in this script."),
    "waiting:cap": N_("It waits: this person had as many mails as the limit allows."),
    "waiting:promise": N_("It waits: this topic promised fewer mails than that."),
    "waiting:quiet_hours": N_("It waits for a decent hour where this person lives."),
    "deferred:mailbox_full": N_("The mailbox is full; it is tried again."),
    "deferred:throttled": N_("The mail server asked for patience; it is tried again."),
    "deferred:policy": N_("The mail server refused our mail for now; it is tried again."),
    "deferred:connection": N_("The connection broke; it is tried again."),
    "deferred:unclassified": N_("The mail server asked to try again later."),
    "deferred:content": N_("The mail server asked to try again later."),
    "deferred:address": N_("The mail server asked to try again later."),
    "gave_up": N_("It was tried for three days without success."),
    "address": N_("The address does not exist any more."),
    "mailbox_full": N_("The mailbox is full."),
    "policy": N_("The provider refused our mail as such, not this person's mailbox."),
    "content": N_("The mail server refused the content."),
    "unclassified": N_("The mail server refused it without a reason we know."),
    "throttled": N_("The mail server refused it because of too much mail."),
    "connection_lost": N_("The connection broke just after it was handed over."),
    "sender_died": N_("The sending process stopped just as it was handed over."),
    "answer_lost": N_("The mail server's answer was lost."),
}
PAUSES = {
    "staff": N_("Paused by staff."),
    "content_refused": N_("The content cannot be sent as it is."),
}


def why(state: str, reason: str | None) -> str:
    """Return the message id of the sentence for one message."""
    return REASONS.get(reason or "", STATES[state])
