"""What the preference page shows somebody of themselves: questions, and what is known, to be corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field

from app.consent.asked_fields import answers, asked, keeping
from app.consent.asked_fields.answers import AnswersRefused
from app.consent.asked_fields.asked import AskedField, Offered
from app.consent.views.profile_fields import controls
from app.customers.models import Customer


@dataclass(frozen=True)
class ProfilePage:
    """The fields a workspace shows, which of them are asked now, and what is kept of this person."""

    fields: Sequence[AskedField]
    questions: Sequence[AskedField]
    known: dict[str, Offered]
    kept: dict[str, Any]

    @property
    def told(self) -> list[AskedField]:
        """Return the fields that are known and not asked for now."""
        names = {each.name for each in self.questions}
        return [each for each in self.fields if self.kept[each.name] is not None and each.name not in names]


@dataclass(frozen=True)
class ShownProfile:
    """The controls of the page: questions, and what is known with how it stood when the page was opened."""

    questions: Sequence[Field]
    told: Sequence[tuple[Field, str]]


def read(session: Session, customer: Customer, *, now: datetime) -> ProfilePage:
    """Return what the page is made of for this person."""
    page = keeping.of_page(session, customer.workspace_id)
    return ProfilePage(
        page.fields,
        answers.to_ask(session, customer, page, now=now),
        asked.offered(session, customer.workspace_id),
        {each.name: answers.current(customer, each.name) for each in page.fields},
    )


def said(page: ProfilePage) -> dict[str, Any]:
    """Return what was said, by the names of the fields: answers to questions, and what was changed of the rest.

    What nobody touched is not said again, so that nobody stands for a value they only left there.
    """
    typed = controls.typed(controls.form_of(page.fields, page.known), page.fields)
    found = {}
    for each in page.fields:
        name = controls.name_of(each)
        was = request.form.get(f"was-{name}")
        is_touched = typed[each.name] is not None if was is None else _plain(typed[each.name]) != was
        if is_touched and (name in request.form or was is not None):
            found[each.name] = typed[each.name]
    return found


def shown(page: ProfilePage, refused: AnswersRefused | None) -> ShownProfile | None:
    """Return the controls, with what is wrong at each; None where the workspace shows nothing."""
    if not page.fields:
        return None
    form = controls.form_of(page.fields, page.known, page.kept, formdata=_typed(page) if refused else None)
    if refused is not None:
        controls.refuse(form, page.fields, refused)

    def control(each: AskedField) -> Field:
        return form[controls.name_of(each)]

    told = [(control(each), _plain(controls.said(page.known[each.name], page.kept[each.name])))
            for each in page.told]  # fmt: skip
    return ShownProfile([control(each) for each in page.questions], told)


def _typed(page: ProfilePage) -> MultiDict[str, str]:
    """Return what was posted, and for the fields of the other form on the page what is kept."""
    typed = MultiDict(request.form)
    for each in page.fields:
        name = controls.name_of(each)
        if name not in typed and f"was-{name}" not in typed:
            held = controls.said(page.known[each.name], page.kept[each.name])
            typed.setlist(name, held if isinstance(held, list) else [held])
    return typed


def _plain(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else str(value or "")
