"""Keeps which fields a sign-up form or the preference page asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit
from app.consent.asked_fields import asked
from app.consent.asked_fields.asked import AskedField, AskedFieldsRefused
from app.consent.models import PreferencePage, SignupForm
from app.consent.signup import signup_forms
from app.kernel.translatable import N_

USUAL_QUESTIONS, MOST_QUESTIONS = 3, 10


@dataclass(frozen=True)
class PageFields:
    """What the preference page shows of a person, and how many questions it asks at once."""

    fields: Sequence[AskedField] = ()
    questions_at_once: int = USUAL_QUESTIONS


def of_form(session: Session, form: SignupForm) -> list[AskedField]:
    """Return what a sign-up form asks for beside the address."""
    return asked.read(form.fields, asked.offered(session, form.workspace_id)) if form.fields else []


def save_of_form(
    session: Session, workspace_id: int, form_id: int, wanted: Sequence[AskedField], *, staff_id: int, now: datetime
) -> None:
    """Let a sign-up form ask for these; raise NotFound, AskedFieldsRefused."""
    form = signup_forms.hold(session, workspace_id, form_id)
    form.fields = asked.plain(asked.checked(wanted, asked.offered(session, workspace_id)))
    session.flush()
    _note(session, workspace_id, "signup_form.fields_changed", form_id, form.fields, staff_id=staff_id, now=now)


def of_page(session: Session, workspace_id: int) -> PageFields:
    """Return what the preference page asks for and shows; nothing before the workspace chose."""
    kept = session.get(PreferencePage, workspace_id)
    if kept is None:
        return PageFields()
    return PageFields(asked.read(kept.fields, asked.offered(session, workspace_id)), kept.questions_at_once)


def save_of_page(
    session: Session, workspace_id: int, wanted: PageFields, *, staff_id: int, now: datetime
) -> None:
    """Let the preference page ask for these; raise AskedFieldsRefused."""
    if not 0 <= wanted.questions_at_once <= MOST_QUESTIONS:
        raise AskedFieldsRefused(N_("Ask 0 to 10 questions at once."), field="questions_at_once")
    chosen = asked.plain(asked.checked(wanted.fields, asked.offered(session, workspace_id)))
    values = {"fields": chosen, "questions_at_once": wanted.questions_at_once}
    keeping = insert(PreferencePage).values(workspace_id=workspace_id, **values)
    session.execute(keeping.on_conflict_do_update(index_elements=["workspace_id"], set_=values))
    _note(session, workspace_id, "preference_page.changed", None, chosen, staff_id=staff_id, now=now)


def _note(
    session: Session,
    workspace_id: int,
    action: str,
    subject_id: int | None,
    chosen: Sequence[dict[str, object]],
    *,
    staff_id: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action=action,
        subject_kind="signup_form",
        subject_id=subject_id,
        details={"fields": [each["name"] for each in chosen]},
        now=now,
    )
