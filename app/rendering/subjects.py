"""Subjects filled in with a person's or a sample's values, wherever they are shown and not sent."""

from __future__ import annotations

import functools
import re
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce import merge_data
from app.rendering import compiler
from app.rendering.compiler import CompiledMessage
from app.rendering.content import Content, Stream
from app.rendering.slots import Slots

# Somebody who fits no real person; what is not known of them reads as it does for people of whom it is not known.
SAMPLE: dict[str, Any] = {
    "customer": {"first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "tags": []},
    "purchases": [],
}
_SLOTS = Slots("somebody@example.com", "preview", "", "preview", "preview", "preview")
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}")
_FIELDS = ("email", "first_name", "last_name", "language", "country", "city", "tags")


def filled(subject: str, person: dict[str, Any] = SAMPLE, *, sender: str = "") -> str:
    """Return the subject as this person reads it; one that cannot be filled in without its tags."""
    if "{" not in subject:
        return subject
    try:
        return _compiled(subject, sender).show(person, _SLOTS).subject
    except Exception:  # noqa: BLE001 - a template may do anything with a person's values; a list shows it all the same
        return " ".join(_TAG.sub("", subject).split())


def of_customer(session: Session, workspace_id: int, customer_id: int, subjects: list[str]) -> list[str]:
    """Return the subjects as this customer read them, as far as is known today."""
    if not any("{" in subject for subject in subjects):
        return subjects
    row = session.execute(merge_data.query(workspace_id, [customer_id])).mappings().first()
    sender = workspaces.get(session, workspace_id).sender_name
    person = SAMPLE
    if row is not None:
        known = {name: row[name] for name in _FIELDS}
        person = {"customer": {**row["custom"], **known}, "purchases": row["purchases"] or []}
    return [filled(subject, person, sender=sender) for subject in subjects]


@functools.lru_cache(maxsize=512)
def _compiled(subject: str, sender: str) -> CompiledMessage:
    stream = Stream(
        from_name=sender,
        from_address="preview@example.com",
        public_url="",
        list_id="preview.example.com",
        postal_address="",
        workspace={"name": sender, "sender_name": sender, "postal_address": ""},
    )
    return compiler.compile_content(Content(subject, "", "", "", "en"), stream=stream)
