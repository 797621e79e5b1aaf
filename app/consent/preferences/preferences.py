"""Email preferences: what a person sees and may change about themselves without logging in."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.consent import actions, permission, suppression, topics
from app.consent.ledger.evidence import Evidence
from app.consent.purposes import ALL_TOPICS, MARKETING, PERSONAL_PURPOSES
from app.consent.signup import double_opt_in
from app.consent.signup.double_opt_in import Answer
from app.consent.signup.signup_forms import Choice
from app.consent.texts import consent_texts, wording
from app.consent.texts.consent_texts import Shown
from app.customers.profiles import people


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing a person may turn on or off, in the words they read."""

    name: str
    purpose: str
    topic_id: int
    title: str
    description: str
    promise: str
    is_on: bool
    shown: Shown


@dataclass(frozen=True, slots=True)
class Preferences:
    """Everything on one person's page. `address` is shown shortened, because mail gets forwarded."""

    address: str
    language: str
    topics: tuple[Switch, ...]
    purposes: tuple[Switch, ...]
    is_silent: bool
    awaits_owner: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """How many switches went each way, how many the owner is asked about by mail, and how many may not be turned on."""

    turned_on: int = 0
    turned_off: int = 0
    asked: int = 0
    refused: int = 0


def read(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    sender: str,
    language: str,
    now: datetime,
    keep: bool = True,
) -> Preferences:
    """Return this person's switches; raise NotFound for somebody we no longer know.

    `keep` is False where a page only shows them: opening a page writes nothing.
    """
    customer = people.get(session, workspace_id, customer_id)
    held = {
        (row.purpose, row.topic_id): permission.explain_row(row, now=now) is None
        for row in permission.state_of(session, workspace_id, customer_id)
    }
    marketing = consent_texts.current(session, workspace_id, MARKETING, language, now=now, keep=keep)
    return Preferences(
        address=shorten(customer.email or ""),
        language=customer.language or language,
        topics=tuple(
            Switch(
                name=f"topic-{topic.id}",
                purpose=MARKETING,
                topic_id=topic.id,
                title=topic.name,
                description=topic.description,
                promise=wording.describe_promise(topic.promise, marketing.language),
                is_on=held.get((MARKETING, topic.id), False),
                shown=marketing.shown(sender=sender, topic=topic.name, promise=topic.promise),
            )
            for topic in topics.list_all(session, workspace_id)
            if topic.is_active or held.get((MARKETING, topic.id))
        ),
        purposes=tuple(
            _purpose_switch(session, workspace_id, purpose, sender, language, held, now, keep)
            for purpose in PERSONAL_PURPOSES
        ),
        is_silent=suppression.find_of_customer(session, workspace_id, customer_id) is not None,
        awaits_owner=suppression.awaits_owner(session, workspace_id, customer_id),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody chose on the page as it was `shown`: the names of the switches to be on, and a language."""

    shown: Preferences
    on: Collection[str]
    language: str | None = None


def change(
    session: Session,
    workspace_id: int,
    customer_id: int,
    wanted: Wanted,
    *,
    evidence: Evidence,
    now: datetime,
    may_turn_on: bool = True,
    is_proof: bool = True,
) -> Changes:
    """Set the switches that are wanted on, unset all others, and return what changed.

    Nothing is turned on while the address awaits its owner's answer, or without `may_turn_on`. A link that does not
    prove its holder (`is_proof`) has its yes asked about by mail; one to tracking or profiling always is.
    """
    shown, language = wanted.shown, wanted.language
    may_turn_on = may_turn_on and not shown.awaits_owner
    wished = [switch for switch in (*shown.topics, *shown.purposes) if (switch.name in wanted.on) != switch.is_on]
    going_on = [switch for switch in wished if not switch.is_on]
    going_off = [switch for switch in wished if switch.is_on]
    for switch in going_off:
        topic_id = switch.topic_id
        actions.withdraw(
            session, workspace_id, customer_id, purpose=switch.purpose, topic_id=topic_id, evidence=evidence, now=now
        )
    if not may_turn_on:
        return Changes(turned_off=len(going_off), refused=len(going_on))
    at_once = [switch for switch in going_on if is_proof and switch.purpose == MARKETING]
    for switch in at_once:
        act = replace(evidence, wording=switch.shown.wording)
        actions.grant(session, workspace_id, customer_id, topic_id=switch.topic_id, evidence=act, now=now)
    asked = [switch for switch in going_on if switch not in at_once]
    if asked:
        _ask_owner(session, workspace_id, customer_id, asked, shown.language, evidence, now=now)
    if language and is_proof:
        customer = people.get(session, workspace_id, customer_id)
        people.change(session, customer, values_by_name={"language": language}, source="preferences", now=now)
    return Changes(len(at_once), len(going_off), asked=len(asked))


def _ask_owner(
    session: Session,
    workspace_id: int,
    customer_id: int,
    switches: list[Switch],
    language: str,
    evidence: Evidence,
    *,
    now: datetime,
) -> None:
    chosen = [
        Choice(
            switch.name,
            switch.purpose,
            topics.get(session, workspace_id, switch.topic_id) if switch.topic_id else None,
            switch.shown,
        )
        for switch in switches
    ]
    answer = Answer(
        email="",
        chosen=tuple(chosen),
        language=language,
        page=evidence.page or "",
        ip=evidence.ip,
        user_agent=evidence.user_agent,
    )
    double_opt_in.request_from_link(session, workspace_id, customer_id, answer, now=now)


def shorten(address: str) -> str:
    """Return an address that its owner recognises and a stranger does not learn: a•••@example.com."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else ""


def _purpose_switch(
    session: Session,
    workspace_id: int,
    purpose: str,
    sender: str,
    language: str,
    held: dict[tuple[str, int], bool],
    now: datetime,
    keep: bool,
) -> Switch:
    notice = consent_texts.current(session, workspace_id, purpose, language, now=now, keep=keep)
    shown = notice.shown(sender=sender)
    return Switch(purpose, purpose, ALL_TOPICS, "", shown.text, "", held.get((purpose, ALL_TOPICS), False), shown)
