"""The pages of consent texts and their versions."""

from __future__ import annotations

from flask import abort, g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import audit
from app.consent import words
from app.consent.forms import WordingForm
from app.consent.purposes import PURPOSES
from app.consent.texts import consent_texts
from app.consent.views.blueprint import bp, tabs
from app.kernel.services import services
from app.web import guard, shell
from app.web.language import LANGUAGES


@bp.get("/consent/wordings")
@guard.role("viewer")
def list_wordings() -> ResponseReturnValue:
    """Show the words in force for each purpose and language, and every earlier version."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        current = [
            (purpose, consent_texts.current(session, g.workspace.id, purpose, code, now=now, keep=False))
            for purpose in PURPOSES
            for code in LANGUAGES
        ]
        history = consent_texts.history(session, g.workspace.id)
    return shell.page(
        "consent/wordings.html",
        tabs=tabs(),
        current=current,
        history=history,
        names=words.PURPOSES,
        languages=LANGUAGES,
    )


@bp.get("/consent/wordings/<purpose>/<code>")
@guard.role("marketer")
def edit_wording(purpose: str, code: str) -> ResponseReturnValue:
    """Show the words in force, to be followed by a new version."""
    return _edit(purpose, code, None)


@bp.post("/consent/wordings/<purpose>/<code>")
@guard.role("marketer")
def change_wording(purpose: str, code: str) -> ResponseReturnValue:
    """Store the next version; who agreed to an earlier one agreed to that one."""
    form = WordingForm()
    if not form.validate():
        return _edit(purpose, code, form), 422
    _require_known(purpose, code)
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        stored = consent_texts.create(
            session, g.workspace.id, kind=purpose, language=code, text=form.text.data or "", now=now
        )
        audit.record(
            session,
            g.workspace.id,
            staff_id=g.staff.id,
            action="wording.changed",
            subject_kind="notice",
            subject_id=stored.id,
            details={"kind": purpose, "language": code, "version": stored.version},
            now=now,
        )
    return shell.back(url_for("consent.list_wordings"), _("Version %(version)s is in force.", version=stored.version))


def _edit(purpose: str, code: str, form: WordingForm | None) -> str:
    _require_known(purpose, code)
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        current = consent_texts.current(session, g.workspace.id, purpose, code, now=now, keep=False)
    return shell.page(
        "consent/wording.html",
        tabs=tabs(),
        form=form or WordingForm(formdata=None, text=current.text),
        current=current,
        name=words.PURPOSES[purpose],
        language_name=LANGUAGES[code],
    )


def _require_known(purpose: str, code: str) -> None:
    if purpose not in PURPOSES or code not in LANGUAGES:
        abort(404)
