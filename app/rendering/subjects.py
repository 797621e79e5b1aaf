"""Subjects filled in with a person's or a sample's values, wherever they are shown and not sent."""

from __future__ import annotations

import functools
import re
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.rendering import compiler, sample_people, senders
from app.rendering.compiler import CompiledMessage
from app.rendering.content import Content

_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}")


def filled(subject: str, person: dict[str, Any] = sample_people.SAMPLE, *, sender: str = "") -> str:
    """Return the subject as this person reads it; one that cannot be filled in without its tags."""
    if "{" not in subject:
        return subject
    try:
        return _compiled(subject, sender).show(person, sample_people.SLOTS).subject
    except Exception:  # noqa: BLE001 - a template may do anything with a person's values; a list shows it all the same
        return " ".join(_TAG.sub("", subject).split())


def of_customer(session: Session, workspace_id: int, customer_id: int, subjects: list[str]) -> list[str]:
    """Return the subjects as this customer read them, as far as is known today."""
    if not any("{" in subject for subject in subjects):
        return subjects
    sender = workspaces.get(session, workspace_id).sender_name
    person = sample_people.shown(session, workspace_id, customer_id)
    return [filled(subject, person, sender=sender) for subject in subjects]


@functools.lru_cache(maxsize=512)
def _compiled(subject: str, sender: str) -> CompiledMessage:
    return compiler.compile_content(Content(subject, "", "", "", "en"), stream=senders.named(sender))
