"""The tables of the API that may hold something about customers."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.api.models import IdempotencyKey
from app.customers.merging.person_tables import Erasing, PersonTable

_SPEAKS_OF_THEM = "EXISTS (SELECT FROM unnest(CAST(:mentions AS text[])) mention WHERE lower(t.body) ~ mention)"


def _blank(session: Session, erasing: Erasing) -> None:
    """Forget the answer; that the request was answered stays, so that it is not carried out again."""
    session.execute(
        text(f"UPDATE idempotency_keys t SET body = '{{}}' WHERE t.workspace_id = :w AND {_SPEAKS_OF_THEM}"),
        erasing.binds,
    )


TABLES = (PersonTable(IdempotencyKey, None, _blank, of_person=_SPEAKS_OF_THEM, hidden=("request_hash", "body")),)
