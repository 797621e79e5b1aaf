"""Idempotency keys: a repeated write gets the first answer and changes nothing again.

The key is taken in the transaction of the write itself: whoever comes second waits for the first to commit, and finds
its answer, or to fail, and then does the work. So a key never belongs to half a write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.api.models import IdempotencyKey
from app.kernel.refusals import Refusal
from app.kernel.translatable import english

KEPT_FOR = timedelta(days=7)
SHAPE = r"^[!-~]{1,200}$"


class KeyMissing(Refusal):
    """A write without a key could not be told from its own repetition."""

    status = 400
    message = english("Send an Idempotency-Key header of 1 to 200 visible ASCII characters with every POST.")


class KeyReused(Refusal):
    """The key belongs to a different request."""

    status = 422
    message = english("This Idempotency-Key was used for a different request.")


@dataclass(frozen=True)
class Asked:
    """A write as it came in."""

    key: str | None
    path: str
    body: bytes


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body, as text so that a repeated answer is the same to the byte."""

    status: int
    body: str


def once(
    session: Session, workspace_id: int, asked: Asked, work: Callable[[], tuple[int, dict[str, Any]]], *, now: datetime
) -> Answer:
    """Do the work, or give the answer it had when it was done under this key; raise KeyMissing, KeyReused."""
    if asked.key is None or not re.fullmatch(SHAPE, asked.key):
        raise KeyMissing
    digest = sha256(asked.path.encode() + b"\0" + asked.body).digest()
    taken = session.execute(
        insert(IdempotencyKey)
        .values(workspace_id=workspace_id, key=asked.key, request_hash=digest, created_at=now)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    ).first()
    if taken is None:
        return _earlier(session, workspace_id, asked.key, digest)
    status, body = work()
    answer = Answer(status, json.dumps(body, ensure_ascii=False, sort_keys=True))
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.workspace_id == workspace_id, IdempotencyKey.key == asked.key)
        .values(status=answer.status, body=answer.body)
    )
    return answer


def forget(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Forget keys that nobody repeats any more."""
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.workspace_id == workspace_id, IdempotencyKey.created_at < now - KEPT_FOR
        )
    )


def _earlier(session: Session, workspace_id: int, key: str, digest: bytes) -> Answer:
    row = session.execute(
        select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.workspace_id == workspace_id, IdempotencyKey.key == key
        )
    ).one()
    if row.request_hash != digest:
        raise KeyReused
    return Answer(row.status, row.body)
