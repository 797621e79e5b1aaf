"""Double opt-in: sign-up requests and the confirmation that only the owner of the mailbox can give.

Anybody may type anybody's address into a form, so a request is nothing yet: it changes no profile, gives no permission,
and costs the address at most one mail per topic and day, three in all, until its owner acts.

The states of a request, and who moves it:

    typed ----> pending           its owner is asked by mail (request, request_from_link)
    typed ----> unmailed          the address is suppressed or was asked often enough: no mail, and no link to answer
    pending --> confirmed         the owner, by a press on the page behind the link (confirm)
    pending --> denied            the owner, on the same page (deny)
    pending, unmailed --> rejected_abuse    staff end an attack (abuse.purge)

A pending request that is past `expires_at` answers no more. Lock order: request, the ledger's head, customer.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent import actions, facts, suppression, topics
from app.consent.asked_fields import answers
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence
from app.consent.models import SignupForm, SignupRequest
from app.consent.purposes import MARKETING, Event
from app.consent.signup import boxes, confirmation_limits
from app.consent.signup.signup_forms import Choice
from app.consent.texts.consent_texts import language_of
from app.customers.addresses import changes, emails
from app.customers.profiles import people
from app.customers.profiles.provenance import IMPLIED, Telling
from app.kernel import networks
from app.kernel.queueing import outbox
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

VALID_FOR = timedelta(days=7)
MAIL_EVERY = timedelta(hours=24)
MAILS_EVER = 3
MAILS_A_DAY = 3
# Stands for a form where what is asked was switched on on somebody's preference page.
PREFERENCE_PAGE = 0


class NothingChosen(Refusal):
    """No topic was ticked."""

    status = 422
    message = N_("Tick at least one topic that you would like to receive.")


class ConfirmationExpired(Refusal):
    """The confirmation link is older than the period the customer was promised."""

    status = 410
    message = N_("This confirmation link has expired. Please sign up again.")


class RequestRejected(Refusal):
    """The request was denied by the address's owner, or rejected with an attack on the form."""

    status = 410
    message = N_("This confirmation link is no longer valid. Please sign up again.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody sent with a form: the address as typed, the boxes they ticked or left, and where it came from."""

    email: str
    chosen: tuple[Choice, ...]
    declined: tuple[Choice, ...] = ()
    language: str = "en"
    page: str = ""
    ip: str | None = None
    user_agent: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What a confirmation mail and its page need to know of a request. `network` says from where it was made.

    `purposes` are those beside the topics, each with the words that were shown; `form_id` is None where it was made on
    the preference page.
    """

    id: int
    customer_id: int
    address_digest: bytes
    form_id: int | None
    state: str
    topic_ids: tuple[int, ...]
    topic_names: tuple[str, ...]
    purposes: tuple[tuple[str, str], ...]
    language: str
    network: str
    requested_at: datetime
    expires_at: datetime


def request(session: Session, workspace_id: int, form: SignupForm, answer: Answer, *, now: datetime) -> int:
    """Note the request and have the owner asked, unless they were lately. Any address makes the same work."""
    if not any(choice.topic for choice in answer.chosen):
        raise NothingChosen
    # The ledger before the customer, as everybody who records an answer.
    ledger.hold(session, workspace_id)
    customer = people.upsert(session, workspace_id, email=answer.email, fields={}, source=f"form:{form.slug}", now=now)
    assert customer.email
    assert customer.address_digest
    if emails.find_key(answer.email.strip()) != customer.email_key:
        # Whoever is known by a second address is asked at the primary one, and agrees for that.
        answer = replace(answer, email=customer.email)
    person = (workspace_id, customer.id, customer.address_digest)
    return _note_request(session, person, answer, form_id=form.id, method="web_form", now=now)


def request_from_link(
    session: Session, workspace_id: int, customer_id: int, answer: Answer, *, now: datetime
) -> int | None:
    """Have the owner asked about what somebody with a link from an old mail switched on; None without an address."""
    ledger.hold(session, workspace_id)
    customer = people.get(session, workspace_id, customer_id)
    if customer.email is None or customer.address_digest is None:
        return None
    answer, person = replace(answer, email=customer.email), (workspace_id, customer_id, customer.address_digest)
    return _note_request(session, person, answer, form_id=PREFERENCE_PAGE, method="preferences", now=now)


def _note_request(
    session: Session, person: tuple[int, int, bytes], answer: Answer, *, form_id: int, method: str, now: datetime
) -> int:
    workspace_id, customer_id, address_digest = person
    topic_ids = sorted(choice.topic.id for choice in answer.chosen if choice.topic)
    mailbox = {
        "workspace_id": workspace_id,
        "mailbox_digest": confirmation_limits.mailbox_digest(session, workspace_id, answer.email),
        "now": now,
        "day_ago": now - MAIL_EVERY,
        "a_day": MAILS_A_DAY,
    }
    asked = session.execute(
        confirmation_limits.ASK,
        {
            **mailbox,
            "is_open": session.scalar(confirmation_limits.ASK_MAILBOX, mailbox),
            "form_id": form_id,
            "customer_id": customer_id,
            "address_digest": address_digest,
            "topic_ids": topic_ids or [confirmation_limits.ABOUT_THE_PERSON],
            "choices": json.dumps(boxes.kept(answer.chosen, answer.declined)),
            "language": language_of(answer.language),
            "network": networks.truncated(answer.ip),
            "personal": json.dumps(_personal(answer)),
            "ever": MAILS_EVER,
            "expires_at": now + VALID_FOR,
        },
    ).one()
    if asked.state == "pending":
        row = _row(session, workspace_id, asked.id)
        _ask_owner(session, row, _evidence_of(row, method=method, page=answer.page), now=now)
    return int(asked.id)


def get_request(session: Session, workspace_id: int, request_id: int) -> RequestInfo:
    """Return what the confirmation mail and page say about a request; raise NotFound."""
    row = _row(session, workspace_id, request_id)
    names = tuple(topic.name for topic in topics.named(session, workspace_id, row.topic_ids).values())
    personal = [box for box in boxes.ticked(row) if not box["topic_id"]]
    purposes = tuple((box["purpose"], boxes.words(session, row, box)) for box in personal)
    return RequestInfo(
        *(row.id, row.customer_id, row.address_digest, row.form_id or None, row.state),
        topic_ids=tuple(row.topic_ids),
        topic_names=names,
        purposes=purposes,
        language=row.language,
        network=row.network,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
    )


def confirm(
    session: Session,
    workspace_id: int,
    request_id: int,
    *,
    ip: str | None = None,
    user_agent: str | None = None,
    now: datetime,
) -> bool:
    """Turn the request into consent. Return whether it was this press that did it: a second one changes nothing."""
    ledger.hold(session, workspace_id)
    row = _row(session, workspace_id, request_id, locked=True)
    if row.state == "confirmed":
        return False
    _hold_person(session, row)
    _require_answerable(session, row, now)
    row.state, row.confirmed_at = "confirmed", now
    _give(session, row, ip=ip, user_agent=user_agent, now=now)
    suppression.end_by_confirmation(session, workspace_id, row.address_digest)
    changes.verify(session, workspace_id, row.customer_id, row.address_digest, now=now)
    confirmation_limits.restart(session, row, _address_of(session, row), mailed_count=0)
    _fill_in_profile(session, row, now=now)
    session.flush()
    return True


def deny(
    session: Session,
    workspace_id: int,
    request_id: int,
    *,
    ip: str | None = None,
    user_agent: str | None = None,
    now: datetime,
) -> None:
    """Note that the address's owner did not ask for this: no more questions about these topics by mail."""
    ledger.hold(session, workspace_id)
    row = _row(session, workspace_id, request_id, locked=True)
    if row.state == "denied":
        return
    _hold_person(session, row)
    _require_answerable(session, row, now)
    row.state = "denied"
    form_id = row.form_id or None
    evidence = Evidence(method="denied_by_mail", request_id=row.id, form_id=form_id, ip=ip, user_agent=user_agent)
    for topic_id in row.topic_ids:
        actions.refuse(
            session, workspace_id, row.customer_id, purpose=MARKETING, topic_id=topic_id, evidence=evidence, now=now
        )
    confirmation_limits.restart(session, row, _address_of(session, row), mailed_count=MAILS_EVER)
    session.flush()


def _row(session: Session, workspace_id: int, request_id: int, *, locked: bool = False) -> SignupRequest:
    row = (keyed_rows.lock if locked else keyed_rows.get)(session, SignupRequest, workspace_id, request_id)
    if row.state == "unmailed":
        raise NotFound
    return row


def _hold_person(session: Session, row: SignupRequest) -> None:
    """Keep the person's address as it is until the answer is written: the ledger before the customer."""
    ledger.hold(session, row.workspace_id)
    people.hold(session, people.get(session, row.workspace_id, row.customer_id))


def _require_answerable(session: Session, row: SignupRequest, now: datetime) -> None:
    if row.state != "pending":
        raise RequestRejected
    if now >= row.expires_at:
        raise ConfirmationExpired
    present = session.scalar(select(suppression.digest_query(row.workspace_id, row.customer_id)))
    if present != row.address_digest:
        # The mail went to an address that is no longer this person's.
        raise RequestRejected


def _ask_owner(session: Session, row: SignupRequest, evidence: Evidence, *, now: datetime) -> None:
    entries = [boxes.entry(session, row, box, Event.REQUESTED, evidence) for box in boxes.ticked(row)]
    ledger.append_many(session, row.workspace_id, entries, now=now)
    if suppression.may_ask(session, row.workspace_id, row.address_digest, now=now):
        outbox.publish(session, facts.ConfirmationRequested(row.workspace_id, row.id, row.customer_id))


def _give(session: Session, row: SignupRequest, *, ip: str | None, user_agent: str | None, now: datetime) -> None:
    evidence = Evidence(
        method="double_opt_in",
        at=now,
        form_id=row.form_id or None,
        request_id=row.id,
        address=row.personal.get("address"),
        ip=ip,
        user_agent=user_agent,
    )
    ticked = boxes.ticked(row)
    entries = [boxes.entry(session, row, box, Event.CONFIRMED, evidence) for box in ticked]
    entries += [boxes.entry(session, row, box, Event.REFUSED, evidence) for box in row.choices["declined"]]
    ledger.append_many(session, row.workspace_id, entries, now=now)
    for box in ticked:
        outbox.publish(session, facts.ConsentGiven(row.workspace_id, row.customer_id, box["purpose"], box["topic_id"]))


def _fill_in_profile(session: Session, row: SignupRequest, *, now: datetime) -> None:
    """Only now are the form's other values believed: before, anybody could have sent them."""
    customer = people.get(session, row.workspace_id, row.customer_id)
    # What the form asked for may have changed or gone since; no answer keeps the consent from being recorded.
    given = answers.still_fitting(session, row.workspace_id, row.personal.get("fields", {}), now=now)
    people.change(session, customer, values_by_name=given, source=_source_of(row), now=now)
    if customer.language is None:
        # Nobody was asked for it: it is the language of the page they read.
        spoken = Telling(f"browser:{_source_of(row)}", now, IMPLIED)
        people.change(session, customer, values_by_name={"language": row.language}, source=spoken, now=now)


def _source_of(row: SignupRequest) -> str:
    return f"form:{row.form_id}" if row.form_id else "preferences"


def _address_of(session: Session, row: SignupRequest) -> str:
    """Return the address the question went to: the person's present one, or else the link would not have counted."""
    return people.get(session, row.workspace_id, row.customer_id).email or ""


def _evidence_of(row: SignupRequest, *, method: str, page: str) -> Evidence:
    return Evidence(
        method=method,
        at=row.requested_at,
        page=page or None,
        form_id=row.form_id or None,
        request_id=row.id,
        address=row.personal.get("address"),
        ip=row.network.partition("/")[0],
        user_agent=row.personal.get("user_agent"),
        fields=row.personal.get("fields", {}),
    )


def _personal(answer: Answer) -> dict[str, Any]:
    return {"address": answer.email.strip(), "user_agent": answer.user_agent or "", "fields": answer.fields}
