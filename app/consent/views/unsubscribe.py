"""Unsubscribing: one click in the mail program, or one button here; no login, reason, redirect or cookie."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.consent import actions, topics
from app.consent.ledger.evidence import Evidence
from app.consent.preferences import preference_links
from app.consent.tokens import UnsubscribeToken
from app.consent.topics import TopicInfo
from app.consent.views.blueprint import Sender, bp, language_for, public_page, sender_of
from app.customers.merging import aliases
from app.customers.profiles import people
from app.kernel.refusals import NotFound
from app.kernel.services import services
from app.web import guard


@bp.get("/u/<token>")
@guard.token(UnsubscribeToken)
def show_unsubscribe(token: str) -> ResponseReturnValue:
    """Show one button; opening the link changes nothing."""
    return _show("ask")


@bp.post("/u/<token>")
@guard.token(UnsubscribeToken)
def unsubscribe(token: str) -> ResponseReturnValue:
    """End the topic of that mail, or everything when they chose so; whatever else is posted ends the topic too."""
    everything = request.form.get("scope") == "all"
    by_program = request.form.get("List-Unsubscribe") == "One-Click"
    evidence = Evidence(
        method="one_click" if by_program else "unsubscribe_page",
        message_id=g.token.message_id or None,
        ip=request.remote_addr,
        user_agent=request.user_agent.string[:300],
    )
    with services().database.transaction(g.workspace_id) as session:
        g.token = aliases.current(session, g.token)
        now = services().clock.now()
        if everything or not g.token.topic_id:
            actions.leave_all(session, g.workspace_id, g.token.customer_id, evidence=evidence, now=now)
        else:
            actions.withdraw(
                session, g.workspace_id, g.token.customer_id, topic_id=g.token.topic_id, evidence=evidence, now=now
            )
    return _show("left_all" if everything or not g.token.topic_id else "left")


def _show(what: str) -> str:
    with services().database.transaction(g.workspace_id) as session:
        g.token = aliases.current(session, g.token)
        sender, topic, known_language = _read(session)
    # Without a message (c) this link only turns off: an unsubscribe link never expires, and gets forwarded.
    now = services().clock.now()
    preferences = preference_links.mint(services().tokens, g.workspace_id, g.token.customer_id, now=now)
    return public_page(
        "consent/public_unsubscribe.html",
        sender,
        language_for(known_language),
        what=what,
        topic=topic.name if topic else None,
        preferences_url=url_for("consent.show_preferences", token=preferences),
    )


def _read(session: Session) -> tuple[Sender, TopicInfo | None, str]:
    """Return what the page says; somebody who was erased since still gets it, in the sender's language."""
    sender = sender_of(session, g.workspace_id)
    topic = topics.get(session, g.workspace_id, g.token.topic_id) if g.token.topic_id else None
    try:
        known = people.get(session, g.workspace_id, g.token.customer_id).language
    except NotFound:
        known = None
    return sender, topic, known or sender.language
