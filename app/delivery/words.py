"""A sentence for each reason a message was sent, waits or was not sent."""

from __future__ import annotations

from app.kernel.translatable import N_

STATES = {
    "queued": N_("Queued."),
    "handed": N_("Being handed to the mail server."),
    "sent": N_("Accepted."),
    "refused": N_("Bounced."),
    "in_doubt": N_("It may or may not have arrived; it is not sent again by itself."),
    "skipped": N_("Not sent."),
}
# Each reason a message may carry, said twice: of one message, and of a number of people ("12 · have no address").
REASONS = {
    "no_address": (N_("There is no email address."), N_("no email address")),
    "held_out": (
        N_("Held out: they get nothing, so that the effect can be measured."),
        N_("held out, to measure the effect"),
    ),
    "journey_ended": (
        N_("They replied, bought or exited the journey first."),
        N_("answered, bought or left the journey first"),
    ),
    "no_permission": (N_("There was no permission for this topic."), N_("not subscribed to this topic")),
    "suppressed": (N_("The address is on the suppression list."), N_("their address is on the suppression list")),
    "withdrawn": (N_("This person withdrew before it left."), N_("unsubscribed before it was sent")),
    "cancelled": (N_("The sending was cancelled."), N_("the sending was cancelled")),
    "erased": (N_("This person asked to be erased."), N_("asked to be erased")),
    "merged": (
        N_("They are the same person as somebody else who gets this mail, and get it once."),
        N_("the same person twice: they get it once"),
    ),
    "render_error": (
        N_("The content could not be filled in for this person."),
        N_("the mail could not be filled in for them"),
    ),
    "undeliverable_eai": (
        N_("The mail server does not know addresses in this script."),
        N_("the mail server does not know addresses in their script"),
    ),
    "waiting:cap": (
        N_("Frequency cap: it waits until this person may get another mail."),
        N_("later: frequency cap"),
    ),
    "waiting:promise": (
        N_("Frequency limit of the topic: it waits until it may be sent."),
        N_("later: frequency limit of the topic"),
    ),
    "waiting:quiet_hours": (
        N_("Quiet hours: it waits for the morning where this person lives."),
        N_("later: quiet hours"),
    ),
    "deferred:mailbox_full": (N_("The mailbox is full; it is tried again."), N_("later: the mailbox is full")),
    "deferred:throttled": (
        N_("The mail server is throttling us; it is tried again."),
        N_("later: the mailbox provider asks us to slow down"),
    ),
    "deferred:policy": (
        N_("The mail server refused our mail for now; it is tried again."),
        N_("later: the mailbox provider refuses our mail for now"),
    ),
    "deferred:connection": (N_("The connection broke; it is tried again."), N_("later: the connection broke")),
    "deferred:unclassified": (
        N_("The mail server asked to try again later."),
        N_("later: the mail server asked to try again"),
    ),
    "deferred:content": (
        N_("The mail server asked to try again later."),
        N_("later: the mail server asked to try again"),
    ),
    "deferred:address": (
        N_("The mail server asked to try again later."),
        N_("later: the mail server asked to try again"),
    ),
    "gave_up": (
        N_("It was tried for three days without success."),
        N_("the mailbox provider took no mail for three days"),
    ),
    "address": (N_("Invalid address."), N_("the address does not exist")),
    "mailbox_full": (N_("The mailbox is full."), N_("the mailbox is full")),
    "policy": (
        N_("The provider refused our mail as such, not this person's mailbox."),
        N_("the mailbox provider refused our mail as such"),
    ),
    "content": (N_("The mail server refused the content."), N_("the mailbox provider refused the content")),
    "unclassified": (
        N_("The mail server refused it without a reason we know."),
        N_("refused without a clear reason"),
    ),
    "throttled": (
        N_("The mail server refused it because of too much mail."),
        N_("refused because of too much mail"),
    ),
    "connection_lost": (
        N_("The connection broke just after it was handed over."),
        N_("in doubt: the connection broke just after the hand-over"),
    ),
    "sender_died": (
        N_("The sending process stopped just as it was handed over."),
        N_("in doubt: the sending process stopped at the hand-over"),
    ),
    "left_in_doubt": (
        N_("It may or may not have arrived; it was decided to leave it at that."),
        N_("in doubt, and left at that"),
    ),
    "answer_lost": (N_("The mail server's answer was lost."), N_("in doubt: the mail server's answer was lost")),
}
# What was decided about one message, where the reason does not say it.
_DECISIONS = {
    "wait": N_("It waits."),
    "drop": N_("Not sent."),
    "held_out": N_("Held out: they get nothing, so that the effect can be measured."),
}
PAUSES = {
    "staff": N_("Paused by the team."),
    "content_refused": N_("The content cannot be sent as it is."),
    "journey": N_("Its journey is paused."),
    "outage": N_(
        "The service was down for more than an hour while this was being sent. Check that it still says what is right, "
        "then resume or cancel it."
    ),
}


def why(state: str, reason: str | None) -> str:
    """Return the message id of the sentence for one message."""
    return REASONS[reason][0] if reason in REASONS else STATES[state]


def decision(answer: str, rule: str) -> str:
    """Return the message id of the sentence for one answer of the gate."""
    return REASONS[rule][0] if rule in REASONS else _DECISIONS[answer]


def of_people(reason: str) -> str:
    """Return the message id of why a number of people did not get a mail, or get it later."""
    return REASONS[reason][1] if reason in REASONS else N_("for another reason")
