"""Labels and colours of states, one table for all pages."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _


@dataclass(frozen=True)
class State:
    """A word and its tone; colour never speaks alone, the word is always beside it."""

    label: object
    tone: str


STATES = {
    # permission
    "given": State(_("given"), "good"),
    "confirmed": State(_("confirmed"), "good"),
    "allowed": State(_("mailable"), "good"),
    "not_allowed": State(_("not mailable"), "quiet"),
    "pending": State(_("waiting for confirmation"), "waiting"),
    "requested": State(_("asked"), "waiting"),
    "renewed": State(_("renewed"), "good"),
    "refused": State(_("refused"), "bad"),
    "withdrawn": State(_("withdrawn"), "bad"),
    "objected": State(_("objected"), "bad"),
    "complained": State(_("complained"), "bad"),
    "expired": State(_("expired"), "quiet"),
    "erased": State(_("erased"), "quiet"),
    "suppressed": State(_("suppressed"), "bad"),
    "imported": State(_("imported"), "quiet"),
    "corrected": State(_("corrected"), "quiet"),
    # campaigns, sends, journeys
    "draft": State(_("draft"), "quiet"),
    "scheduled": State(_("scheduled"), "waiting"),
    "held": State(_("held"), "warning"),
    "preparing": State(_("preparing"), "active"),
    "sending": State(_("sending"), "active"),
    "running": State(_("running"), "active"),
    "live": State(_("live"), "active"),
    "paused": State(_("paused"), "warning"),
    "cancelled": State(_("cancelled"), "quiet"),
    "stopped": State(_("stopped"), "quiet"),
    "done": State(_("done"), "good"),
    "failed": State(_("failed"), "bad"),
    "undoing": State(_("being undone"), "active"),
    "undone": State(_("undone"), "quiet"),
    "active": State(_("active"), "active"),
    # messages
    "queued": State(_("queued"), "waiting"),
    "claimed": State(_("queued"), "active"),
    "handed": State(_("handed off"), "active"),
    "sent": State(_("sent"), "good"),
    "in_doubt": State(_("in doubt"), "warning"),
    "skipped": State(_("not sent"), "quiet"),
    "bounced": State(_("bounced"), "bad"),
    # verdicts
    "human": State(_("person"), "good"),
    "proxy": State(_("mail proxy"), "quiet"),
    "scanner": State(_("scanner"), "quiet"),
    "unsure": State(_("unsure"), "waiting"),
    # roles, health
    "viewer": State(_("viewer"), "quiet"),
    "marketer": State(_("marketer"), "quiet"),
    "owner": State(_("owner"), "active"),
    "ok": State(_("in order"), "good"),
    "verified": State(_("verified"), "good"),
    "unproved": State(_("domain not verified"), "warning"),
    "incomplete": State(_("records incomplete"), "warning"),
    "unchecked": State(_("not checked yet"), "waiting"),
    "found": State(_("found"), "good"),
    "missing": State(_("not found"), "warning"),
    "differs": State(_("different"), "bad"),
    "no_answer": State(_("no answer"), "quiet"),
    "warning": State(_("needs attention"), "warning"),
    "error": State(_("not working"), "bad"),
    "unknown": State(_("not known yet"), "quiet"),
    # webhooks
    "waiting": State(_("waiting"), "waiting"),
    "outdated": State(_("outdated"), "quiet"),
    "ignored": State(_("ignored"), "quiet"),
    "connected": State(_("connected"), "good"),
    "disconnected": State(_("disconnected"), "quiet"),
    "revoked": State(_("revoked"), "quiet"),
}


def state_of(name: object) -> State:
    """Return how to say this state; a word nobody listed is shown as it is."""
    key = getattr(name, "value", name)
    return STATES.get(str(key)) or State(str(key).replace("_", " "), "quiet")
