"""People who said yes, no or nothing, written as the real actions write them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.consent import actions, topics
from app.consent.asked_fields import asked
from app.consent.ledger.evidence import Evidence
from app.consent.models import SignupForm
from app.consent.purposes import MARKETING
from app.consent.texts import consent_texts
from app.consent.topics import TopicInfo
from app.customers.models import Customer
from app.customers.profiles import people
from tests.factories import NOON


def a_topic(session: Session, workspace_id: int, *, name: str = "Offers", limit: int = 4, days: int = 30) -> TopicInfo:
    """A topic people can join."""
    return topics.create(session, workspace_id, name=name, promised_limit=limit, promised_days=days)


def switch_topic(session: Session, workspace_id: int, topic_id: int, *, is_active: bool) -> None:
    """Close a topic, or open it again."""
    found = topics.get(session, workspace_id, topic_id)
    topics.change(
        session,
        workspace_id,
        topic_id,
        name=found.name,
        description=found.description,
        promised_limit=found.promise.limit,
        promised_days=found.promise.days,
        is_active=is_active,
    )


def a_yes(*, method: str = "web_form", **values: object) -> Evidence:
    """Evidence of an ordinary yes on a form."""
    return Evidence(method=method, page="http://shop.test/f", ip="198.51.100.77", user_agent="Firefox", **values)  # type: ignore[arg-type]


def consented_customer(
    session: Session,
    workspace_id: int,
    *,
    email: str = "ada@example.com",
    topic: str = "news",
    purposes: tuple[str, ...] = (),
    now: datetime = NOON,
    **fields: object,
) -> Customer:
    """A customer who agreed to this topic, and to these other purposes."""
    customer = people.upsert(session, workspace_id, email=email, fields=fields, source="test", now=now)
    found = topics.find_by_key(session, workspace_id, topic)
    assert found, f"no topic {topic!r}"
    for purpose, topic_id in [(MARKETING, found.id), *((purpose, 0) for purpose in purposes)]:
        notice = consent_texts.current(session, workspace_id, purpose, "en", now=now)
        evidence = a_yes(wording=notice.wording, address=email)
        actions.grant(
            session, workspace_id, customer.id, purpose=purpose, topic_id=topic_id, evidence=evidence, now=now
        )
    return customer


def a_form(
    session: Session, workspace_id: int, topic_ids: list[int], *, now: datetime = NOON, **values: object
) -> SignupForm:
    """A public sign-up form that offers these topics."""
    form = SignupForm(
        workspace_id=workspace_id,
        slug=values.pop("slug", "newsletter"),
        name=values.pop("name", "Newsletter"),
        introduction="",
        topic_ids=topic_ids,
        asks=values.pop("asks", []),
        fields=asked.plain(values.pop("fields", ())),
        language=values.pop("language", "en"),
        is_open=values.pop("is_open", True),
        created_at=now,
    )
    assert not values, values
    session.add(form)
    session.flush()
    return form
