"""The link in the confirmation mail: opening it shows a question, pressing its button answers it."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.consent import topics
from app.consent.preferences import preference_links
from app.consent.signup import double_opt_in, signup_forms
from app.consent.signup.double_opt_in import ConfirmationExpired, RequestInfo, RequestRejected
from app.consent.texts import wording
from app.consent.tokens import ConfirmToken
from app.consent.views.blueprint import Sender, bp, language_for, public_page, purpose_titles, sender_of
from app.customers.addresses import queries
from app.kernel.services import services
from app.web import guard, language


@bp.get("/c/<token>")
@guard.token(ConfirmToken)
def show_confirmation(token: str) -> ResponseReturnValue:
    """Ask whether it was them; nothing is confirmed by opening the page."""
    sender, asked = _read()
    if asked.state == "confirmed":
        return _show("done", sender, asked, again=True)
    if asked.state != "pending":
        return _show("over", sender, asked), 410
    if services().clock.now() >= asked.expires_at:
        return _show("over", sender, asked), 410
    return _show("ask", sender, asked)


@bp.post("/c/<token>")
@guard.token(ConfirmToken)
def answer_confirmation(token: str) -> ResponseReturnValue:
    """Confirm, or say that it was somebody else; once is enough, twice is harmless."""
    sender, asked = _read()
    now, visitor = services().clock.now(), {"ip": request.remote_addr, "user_agent": request.user_agent.string[:300]}
    try:
        with services().database.transaction(g.workspace_id) as session:
            if request.form.get("answer") == "not_me":
                double_opt_in.deny(session, g.workspace_id, g.token.request_id, now=now, **visitor)
                return _show("denied", sender, asked)
            first = double_opt_in.confirm(session, g.workspace_id, g.token.request_id, now=now, **visitor)
    except (ConfirmationExpired, RequestRejected) as refusal:
        return _show("over", sender, asked), refusal.status
    return _show("done", sender, asked, again=not first)


def _read() -> tuple[Sender, RequestInfo]:
    with services().database.transaction(g.workspace_id) as session:
        asked = double_opt_in.get_request(session, g.workspace_id, g.token.request_id)
        return sender_of(session, g.workspace_id), asked


def _find_address(session: Session, asked: RequestInfo) -> int | None:
    return queries.find_id(session, g.workspace_id, asked.customer_id, asked.address_digest)


def _show(what: str, sender: Sender, asked: RequestInfo, *, again: bool = False) -> str:
    code = language_for(asked.language)
    with services().database.transaction(g.workspace_id) as session:
        form = signup_forms.get(session, g.workspace_id, asked.form_id) if asked.form_id else None
        named = topics.named(session, g.workspace_id, asked.topic_ids).values()
        # Only the press that confirmed proves a mailbox; a link opened later gets a page that only turns off.
        proven = _find_address(session, asked) if what == "done" and not again else None
    preferences = preference_links.mint(
        *(services().tokens, g.workspace_id, asked.customer_id), address_id=proven or 0, now=services().clock.now()
    )
    language.use(code)
    titles = purpose_titles()
    form_url = url_for("consent.show_signup", workspace_slug=sender.slug, form_slug=form.slug) if form else None
    return public_page(
        "consent/public_confirm.html",
        sender,
        code,
        what=what,
        again=again,
        topics=[(topic.name, topic.description, wording.describe_promise(topic.promise, code)) for topic in named],
        purposes=[(titles[purpose], words) for purpose, words in asked.purposes],
        asked=asked,
        form_url=form_url if form and form.is_open else None,
        preferences_url=url_for("consent.show_preferences", token=preferences) if what == "done" else None,
    )
