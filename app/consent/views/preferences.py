"""The page where people set what they receive. The link from their mailbox is their key; nobody logs in.

A link minted for one message (its letter's c) may turn things on for a while. One reached from an unsubscribe link,
which never expires and gets forwarded, has c = 0 and only turns off (G9).
"""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.consent import actions, preferences
from app.consent.evidence import Evidence
from app.consent.preferences import Preferences
from app.consent.views.blueprint import Sender, bp, language_for, public_page, sender_of
from app.customers import people
from app.kernel.services import services
from app.web import guard, language


@bp.get("/p/<token>")
@guard.token("preferences")
def show_preferences(token: str) -> ResponseReturnValue:
    """Show every switch as it stands."""
    return _show()


@bp.post("/p/<token>")
@guard.token("preferences")
def change_preferences(token: str) -> ResponseReturnValue:
    """Save the switches, or leave everything."""
    chosen = request.form.get("language", "")
    refused = 0
    evidence = Evidence(
        method="preferences", page="/p/", ip=request.remote_addr, user_agent=request.user_agent.string[:300]
    )
    with services().database.transaction(g.workspace_id) as session:
        if request.form.get("leave") == "all":
            actions.leave_all(session, g.workspace_id, g.letter.a, evidence=evidence, now=services().clock.now())
        else:
            _, _, shown = _read(session, keep=True)
            only_off = _is_only_off(shown)
            refused = preferences.change(
                session,
                g.workspace_id,
                g.letter.a,
                wanted=shown,
                on=set(request.form),
                language=chosen if chosen in language.LANGUAGES and not only_off else None,
                evidence=evidence,
                now=services().clock.now(),
                may_turn_on=not only_off,
            ).refused
    if chosen in language.LANGUAGES:
        g.chosen_language = chosen
    page = _show(saved=not refused, left=request.form.get("leave") == "all", refused=refused > 0)
    return page, 403 if refused else 200


def _is_only_off(shown: Preferences) -> bool:
    return shown.awaits_owner or not g.letter.c


def _read(session: Session, *, keep: bool) -> tuple[Sender, str, Preferences]:
    sender = sender_of(session, g.workspace_id)
    customer = people.get(session, g.workspace_id, g.letter.a)
    code = g.get("chosen_language") or language_for(customer.language or sender.language)
    shown = preferences.read(
        session,
        g.workspace_id,
        g.letter.a,
        sender=sender.name,
        language=code,
        now=services().clock.now(),
        keep=keep,
    )
    return sender, code, shown


def _show(*, saved: bool = False, left: bool = False, refused: bool = False) -> str:
    with services().database.transaction(g.workspace_id) as session:
        sender, code, shown = _read(session, keep=False)
    language.use(code)
    titles = {
        "open_tracking": _("Let us see whether you open our mails"),
        "click_tracking": _("Let us see which links you click"),
        "profiling": _("Let us suggest what may interest you"),
    }
    return public_page(
        "consent/public_preferences.html",
        sender,
        code,
        shown=shown,
        titles=titles,
        languages=language.LANGUAGES,
        saved=saved,
        left=left,
        refused=refused,
        only_off=_is_only_off(shown),
    )
