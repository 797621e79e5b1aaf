"""Topics people can subscribe to, each with its promised frequency."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent.ledger.record import FrequencyPromise
from app.consent.models import Topic
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

_UNIQUE_KEY = "uq_topics_workspace_id_key"


class TopicKeyTaken(Refusal):
    """Another topic already has this key."""

    message = N_("Another topic already uses this short name. Choose a different one.")


class TopicInvalid(Refusal):
    """A topic needs a name, a short name and a promise that can be kept."""

    status = 422
    message = N_("A topic needs a name and a promise of at least one mail.")


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic as plain values."""

    id: int
    key: str
    name: str
    description: str
    promise: FrequencyPromise
    is_active: bool


def list_active(session: Session, workspace_id: int) -> list[TopicInfo]:
    """Return the topics people can join now, in the order staff gave them."""
    return [topic for topic in list_all(session, workspace_id) if topic.is_active]


def list_all(session: Session, workspace_id: int) -> list[TopicInfo]:
    """Return every topic, closed ones too."""
    found = session.scalars(
        select(Topic).where(Topic.workspace_id == workspace_id).order_by(Topic.position, Topic.id).limit(500)
    )
    return [_info(topic) for topic in found]


def get(session: Session, workspace_id: int, topic_id: int) -> TopicInfo:
    """Return the topic; raise NotFound."""
    return _info(_row(session, workspace_id, topic_id))


def find_by_key(session: Session, workspace_id: int, key: str) -> TopicInfo | None:
    """Return the topic an import or a program names by its key."""
    row = session.scalar(select(Topic).where(Topic.workspace_id == workspace_id, Topic.key == key))
    return _info(row) if row else None


def named(session: Session, workspace_id: int, topic_ids: Collection[int]) -> dict[int, TopicInfo]:
    """Return these topics by id; unknown ids are left out."""
    rows = session.scalars(
        select(Topic)
        .where(Topic.workspace_id == workspace_id, Topic.id.in_(topic_ids))
        .order_by(Topic.position, Topic.id)
    )
    return {row.id: _info(row) for row in rows}


def create(
    session: Session,
    workspace_id: int,
    *,
    name: str,
    key: str | None = None,
    description: str = "",
    promised_limit: int = 4,
    promised_days: int = 30,
) -> TopicInfo:
    """Add a topic at the end of the list; raise TopicKeyTaken or TopicInvalid."""
    key = key or _key_of(name)
    _check(name, promised_limit, promised_days)
    _check_key(key)
    if find_by_key(session, workspace_id, key):
        raise TopicKeyTaken(field="key")
    position = session.scalar(
        select(func.coalesce(func.max(Topic.position), 0) + 1).where(Topic.workspace_id == workspace_id)
    )
    topic = Topic(
        workspace_id=workspace_id,
        key=key,
        name=name.strip(),
        description=description.strip(),
        promised_limit=promised_limit,
        promised_days=promised_days,
        position=position or 1,
        is_active=True,
    )
    with refusing_duplicates(session, _UNIQUE_KEY, TopicKeyTaken(field="key")):
        session.add(topic)
        session.flush()
    return _info(topic)


def hold(session: Session, workspace_id: int, topic_id: int) -> TopicInfo:
    """Return the topic as it is now, and keep others from changing it until the transaction ends; raise NotFound."""
    return _info(_held(session, workspace_id, topic_id))


def change(
    session: Session,
    workspace_id: int,
    topic_id: int,
    *,
    name: str,
    description: str,
    promised_limit: int,
    promised_days: int,
    is_active: bool,
) -> TopicInfo:
    """Change how a topic presents itself. People keep the promise that was made to them when they joined."""
    topic = _held(session, workspace_id, topic_id)
    _check(name, promised_limit, promised_days)
    topic.name, topic.description = name.strip(), description.strip()
    topic.promised_limit, topic.promised_days = promised_limit, promised_days
    topic.is_active = is_active
    session.flush()
    return _info(topic)


def _row(session: Session, workspace_id: int, topic_id: int) -> Topic:
    return keyed_rows.get(session, Topic, workspace_id, topic_id)


def _held(session: Session, workspace_id: int, topic_id: int) -> Topic:
    return keyed_rows.hold(session, Topic, workspace_id, topic_id)


def _check(name: str, limit: int, days: int) -> None:
    if not name.strip():
        raise TopicInvalid(field="name")
    if limit < 1 or not 1 <= days <= 366:
        raise TopicInvalid(field="promised_limit" if limit < 1 else "promised_days")


def _check_key(key: str) -> None:
    """Mails carry the key in List-Id, which is written like a host name: no underscores, no hyphen at an end."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", key):
        raise TopicInvalid(N_("Write the short name with small letters, digits and hyphens."), field="key")


def _key_of(name: str) -> str:
    key = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    return key or "topic"


def _info(topic: Topic) -> TopicInfo:
    promise = FrequencyPromise(topic.promised_limit, topic.promised_days)
    return TopicInfo(topic.id, topic.key, topic.name, topic.description or "", promise, topic.is_active)
