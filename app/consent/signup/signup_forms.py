"""Public sign-up forms, made by staff."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent import topics
from app.consent.models import SignupForm, SignupRequest
from app.consent.purposes import MARKETING, PERSONAL_PURPOSES
from app.consent.texts import consent_texts
from app.consent.texts.consent_texts import Shown
from app.consent.topics import TopicInfo
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
SLUG_INVALID = N_("Write the ending with small letters, digits and hyphens, 60 at most.")
_UNIQUE_SLUG = "uq_signup_forms_workspace_id_slug"
TOPIC_MISSING = N_("Choose at least one topic.")


class FormAddressTaken(Refusal):
    """Another form already has this address."""

    message = N_("Another form already uses this address. Choose a different ending.")


class FormInvalid(Refusal):
    """A form needs a name, an address and at least one topic."""

    status = 422
    message = N_("A form needs a name, an address and at least one topic.")


@dataclass(frozen=True, slots=True)
class Choice:
    """One box on a form: what it stands for and the exact words beside it."""

    name: str
    purpose: str
    topic: TopicInfo | None
    shown: Shown


@dataclass(frozen=True, slots=True)
class FormDraft:
    """What staff say of a form: its address ends with the slug, and `asks` are purposes it has boxes for."""

    name: str
    slug: str
    introduction: str
    topic_ids: list[int]
    asks: list[str]
    language: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class FormCounts:
    """What became of a form's requests since a moment."""

    asked: int
    mailed: int
    confirmed: int


def get(session: Session, workspace_id: int, form_id: int) -> SignupForm:
    """Return the form; raise NotFound."""
    return keyed_rows.get(session, SignupForm, workspace_id, form_id)


def hold(session: Session, workspace_id: int, form_id: int) -> SignupForm:
    """Return the form as it is now, and keep others from changing it until the transaction ends; raise NotFound."""
    return keyed_rows.hold(session, SignupForm, workspace_id, form_id)


def get_open(session: Session, workspace_id: int, slug: str) -> SignupForm:
    """Return the form the public sees under this address; raise NotFound when there is none, or it is closed."""
    form = session.scalar(select(SignupForm).where(SignupForm.workspace_id == workspace_id, SignupForm.slug == slug))
    if form is None or not form.is_open:
        raise NotFound
    return form


def list_all(session: Session, workspace_id: int) -> list[SignupForm]:
    """Return every form, newest first."""
    query = select(SignupForm).where(SignupForm.workspace_id == workspace_id).order_by(SignupForm.id.desc())
    return list(session.scalars(query.limit(200)))


def save(
    session: Session, workspace_id: int, form_id: int | None, draft: FormDraft, *, now: datetime
) -> SignupForm:
    """Create or change a form; raise FormInvalid or FormAddressTaken."""
    known = topics.named(session, workspace_id, draft.topic_ids)
    if not draft.name.strip():
        raise FormInvalid(field="name")
    if not known or len(known) < len(set(draft.topic_ids)):
        raise FormInvalid(TOPIC_MISSING, field="topic_ids")
    if not SLUG.fullmatch(draft.slug):
        raise FormInvalid(SLUG_INVALID, field="slug")
    same = select(SignupForm.id).where(SignupForm.workspace_id == workspace_id, SignupForm.slug == draft.slug)
    if session.scalar(same.where(SignupForm.id != (form_id or 0))):
        raise FormAddressTaken(field="slug")
    form = hold(session, workspace_id, form_id) if form_id else SignupForm(workspace_id=workspace_id, created_at=now)
    with refusing_duplicates(session, _UNIQUE_SLUG, FormAddressTaken(field="slug")):
        form.name, form.slug, form.introduction = draft.name.strip(), draft.slug, draft.introduction.strip()
        form.topic_ids = list(known)
        form.asks = [purpose for purpose in PERSONAL_PURPOSES if purpose in draft.asks]
        form.is_open = draft.is_open
        form.language = consent_texts.language_of(draft.language)
        session.add(form)
        session.flush()
    return form


def choices(
    session: Session, form: SignupForm, *, language: str, sender: str, now: datetime, keep: bool = True
) -> list[Choice]:
    """Return the boxes of this form in this language, each with the words now in force. All start empty.

    `keep` is False where a page only shows them: opening a page writes nothing.
    """
    workspace_id = form.workspace_id
    offered = [topic for topic in topics.named(session, workspace_id, form.topic_ids).values() if topic.is_active]
    marketing = consent_texts.current(session, workspace_id, MARKETING, language, now=now, keep=keep)
    boxes = [
        Choice(
            f"topic-{topic.id}",
            MARKETING,
            topic,
            marketing.shown(sender=sender, topic=topic.name, promise=topic.promise),
        )
        for topic in offered
    ]
    for purpose in form.asks:
        notice = consent_texts.current(session, workspace_id, purpose, language, now=now, keep=keep)
        boxes.append(Choice(purpose, purpose, None, notice.shown(sender=sender)))
    return boxes


def counts(session: Session, workspace_id: int, *, now: datetime, within: timedelta) -> dict[int, FormCounts]:
    """Return, by form, how many asked, were sent a confirmation mail, and confirmed."""
    rows = session.execute(
        select(
            SignupRequest.form_id,
            func.count(),
            func.count().filter(SignupRequest.state.in_(("pending", "confirmed"))),
            func.count().filter(SignupRequest.state == "confirmed"),
        )
        .where(SignupRequest.workspace_id == workspace_id, SignupRequest.requested_at > now - within)
        .group_by(SignupRequest.form_id)
    )
    return {form_id: FormCounts(asked, mailed, confirmed) for form_id, asked, mailed, confirmed in rows}
