"""The preference center: people set what they receive, without login, by a link in their mailbox.

How much a link may do is for `preference_links` to say: a yes by a link from before a no, or one that went to another
address than the present one, is asked about by mail.
"""

from __future__ import annotations

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.consent import actions
from app.consent.asked_fields import answers
from app.consent.asked_fields.answers import AnswersRefused
from app.consent.ledger.evidence import Evidence
from app.consent.preferences import preference_links, preferences
from app.consent.preferences.preference_links import Rights
from app.consent.preferences.preferences import Changes, Preferences
from app.consent.tokens import PreferencesToken
from app.consent.views.blueprint import Sender, bp, language_for, public_page, purpose_titles, sender_of
from app.consent.views.profile_fields import pages
from app.customers.erasing import erasures, export
from app.customers.merging import aliases
from app.customers.profiles import people
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.translatable import N_
from app.web import errors, guard, language


class NotTheirs(Refusal):
    """Mails get forwarded: a link that does not show whose it is hands out and erases nothing."""

    status = 403
    message = N_("Open this page from the newest mail you got from us to do this.")


@bp.get("/p/<token>")
@guard.token(PreferencesToken)
def show_preferences(token: str) -> ResponseReturnValue:
    """Show every switch as it stands."""
    return _show()


@bp.post("/p/<token>")
@guard.token(PreferencesToken)
def change_preferences(token: str) -> ResponseReturnValue:
    """Save the switches, or leave everything."""
    chosen = request.form.get("language", "")
    changes = Changes()
    with services().database.transaction(g.workspace_id) as session:
        g.token = aliases.current(session, g.token)
        if request.form.get("leave") == "all":
            now, evidence = services().clock.now(), _evidence(preference_links.rights(session, g.token))
            actions.leave_all(session, g.workspace_id, g.token.customer_id, evidence=evidence, now=now)
        else:
            # Texts are stored before anybody is kept waiting.
            _, _, shown = _read(session, keep=True)
            preference_links.hold(session, g.token)
            rights, only_off = preference_links.rights(session, g.token), _is_only_off(shown)
            spoken = chosen if chosen in language.LANGUAGES and not only_off else None
            changes = preferences.change(
                session,
                g.workspace_id,
                g.token.customer_id,
                preferences.Wanted(shown, on=set(request.form), language=spoken),
                evidence=_evidence(rights),
                now=services().clock.now(),
                may_turn_on=not only_off,
                is_proof=rights.proves_owner,
            )
    if chosen in language.LANGUAGES:
        g.chosen_language = chosen
    page = _show(changes, is_answer=True, left=request.form.get("leave") == "all")
    return page, 403 if changes.refused else 200


@bp.post("/p/<token>/profile")
@guard.token(PreferencesToken)
def correct_profile(token: str) -> ResponseReturnValue:
    """Keep what a person says of themselves; only by a link that shows it is them."""
    now = services().clock.now()
    try:
        with services().database.transaction(g.workspace_id) as session:
            customer = people.get(session, g.workspace_id, _owner(session))
            page = pages.read(session, customer, now=now)
            said = pages.said(page)
            answers.record(session, customer, page.fields, said, now=now)
    except AnswersRefused as refused:
        return _show(refused=refused), refused.status
    return _show(has_told=True)


@bp.post("/p/<token>/data")
@guard.token(PreferencesToken)
def take_data(token: str) -> ResponseReturnValue:
    """Hand out to a person what is held about them; only by a link that shows it is them."""
    now = services().clock.now()
    with services().database.transaction(g.workspace_id) as session:
        customer_id = _owner(session)
        told = export.read(session, g.workspace_id, customer_id, by="person", now=now)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(told, mimetype="application/json", headers=headers)


@bp.post("/p/<token>/erase")
@guard.token(PreferencesToken)
def erase_me(token: str) -> ResponseReturnValue:
    """Have this person erased in a day, as they ask; mail to them stops now."""
    with services().database.transaction(g.workspace_id) as session:
        customer_id = _owner(session)
        erasures.ask(session, g.workspace_id, customer_id, by=erasures.PERSON, now=services().clock.now())
    return _show()


def _owner(session: Session) -> int:
    """Return who holds this link, where it shows that it is them; raise NotTheirs."""
    g.token = aliases.current(session, g.token)
    preference_links.hold(session, g.token)
    if not g.token.address_id or not preference_links.rights(session, g.token).proves_owner:
        raise NotTheirs
    return int(g.token.customer_id)


def _evidence(rights: Rights) -> Evidence:
    """Return who answers, as far as the request says; the answer is that of the address the link went to."""
    return Evidence(
        method="preferences",
        page="/p/",
        ip=request.remote_addr,
        user_agent=request.user_agent.string[:300],
        address_digest=rights.address_digest,
    )


def _is_only_off(shown: Preferences) -> bool:
    return shown.awaits_owner or not g.token.address_id


def _read(session: Session, *, keep: bool) -> tuple[Sender, str, Preferences]:
    sender = sender_of(session, g.workspace_id)
    customer = people.get(session, g.workspace_id, g.token.customer_id)
    code = g.get("chosen_language") or language_for(customer.language or sender.language)
    shown = preferences.read(
        session,
        g.workspace_id,
        g.token.customer_id,
        sender=sender.name,
        language=code,
        now=services().clock.now(),
        keep=keep,
    )
    return sender, code, shown


def _show(
    changes: Changes | None = None,
    *,
    is_answer: bool = False,
    left: bool = False,
    has_told: bool = False,
    refused: AnswersRefused | None = None,
) -> str:
    with services().database.transaction(g.workspace_id) as session:
        g.token = aliases.current(session, g.token)
        sender, code, shown = _read(session, keep=False)
        rights = preference_links.rights(session, g.token)
        asked = erasures.find(session, g.workspace_id, g.token.customer_id)
        # Whoever is not proven to be this person sees nothing of them, not even what is unknown.
        is_theirs = rights.proves_owner and not _is_only_off(shown) and not asked
        customer = people.get(session, g.workspace_id, g.token.customer_id)
        page = pages.read(session, customer, now=services().clock.now()) if is_theirs else None
    language.use(code)
    changes = changes or Changes()
    return public_page(
        "consent/public_preferences.html",
        sender,
        code,
        shown=shown,
        titles=purpose_titles(),
        languages=language.LANGUAGES,
        saved=is_answer and not changes.refused,
        asked=changes.asked > 0,
        left=left,
        refused=changes.refused > 0,
        rights=rights,
        erased_at=asked.due_at if asked else None,
        only_off=_is_only_off(shown),
        profile=pages.shown(page, refused) if page else None,
        has_told=has_told,
        problem=errors.say(refused) if refused else None,
    )
