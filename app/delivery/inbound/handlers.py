"""Acts on incoming mail: an invalid address is suppressed, a complaint ends all marketing, a reply is kept.

A report is believed only where it cannot be a stranger's invention; others are noted and change nothing.

Mail that arrives twice, or a report about a message long settled, changes nothing the second time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.consent import actions, suppression
from app.consent.ledger.evidence import Evidence
from app.customers.addresses import emails, queries
from app.customers.merging import aliases
from app.customers.profiles import people
from app.customers.timeline import activities, activity_queries
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.delivery.inbound import authenticity, bounce_classification
from app.delivery.inbound.bounce_classification import Cause, Report
from app.delivery.inbound.parsed_mail import Received
from app.delivery.models import Message
from app.delivery.sending import bounce_handling
from app.delivery.tokens import AboutMessage
from app.delivery.transitions import messages
from app.tracking.replies import replies


def take(
    session: Session,
    about: AboutMessage,
    mail: Received,
    *,
    is_secret: bool,
    is_return_path: bool,
    authserv_id: str | None,
    now: datetime,
) -> None:
    """Take a mail about a message. `is_secret` says that what named the message stood in that message alone."""
    about = aliases.current(session, about)
    is_persons = is_secret or _is_from_person(session, about, mail, authserv_id)
    if is_return_path:
        is_verified = is_secret or authenticity.is_from_reporter(mail, authserv_id)
        bounce_or_complaint(session, about, mail, is_verified=is_verified, is_persons=is_persons, now=now)
    else:
        reply(session, about, mail, is_verified=is_persons, now=now)


def _is_from_person(session: Session, about: AboutMessage, mail: Received, authserv_id: str | None) -> bool:
    """Say whether an answer came from the address of the person we wrote to."""
    address = authenticity.sender(mail)
    known = people.find_by_email(session, about.workspace_id, address) if address else None
    return known is not None and known.id == about.customer_id and authenticity.is_from(mail, address, authserv_id)


def bounce_or_complaint(
    session: Session, about: AboutMessage, mail: Received, *, is_verified: bool, is_persons: bool, now: datetime
) -> None:
    """Take a mail about a message: a complaint, a failure report, or something that says neither.

    `is_verified` says that the report came to the message's secret return path, or from a known reporter: others may
    have invented it. `is_persons` says the same of an answer.
    """
    report = bounce_classification.read_report(mail)
    is_complaint = bounce_classification.is_abuse_report(mail)
    if is_complaint or (report is not None and report.is_failure):
        if not is_verified:
            _note_unverified(session, about, "complaint" if is_complaint else "bounce", now=now)
        elif is_complaint:
            complain(session, about, now=now)
        elif report is not None:
            fail(session, about, report, now=now)
    elif report is None and not mail.is_report and mail.headers.get("auto-submitted", "no").lower() == "no":
        reply(session, about, mail, is_verified=is_persons, now=now)


def _note_unverified(session: Session, about: AboutMessage, said: str, *, now: datetime) -> None:
    """Keep, once per message, that somebody said so; it silences nobody and changes no message."""
    name = EventName.COMPLAINT_UNVERIFIED
    workspace_id, message_id, send_id, customer_id = about
    if not activity_queries.is_recorded(session, workspace_id, customer_id, name=name, message_id=message_id):
        row = ActivityRow(
            *(workspace_id, customer_id, now, name, Source.DELIVERY, message_id, send_id), facts={"text": said}
        )
        activities.record(session, row, now=now)


def fail(session: Session, about: AboutMessage, report: Report, *, now: datetime) -> bool:
    """Note that a message taken earlier came back; return whether that was news."""
    is_news = messages.refuse_returned(
        session,
        about.workspace_id,
        about.message_id,
        reason=report.cause.value,
        code=report.code,
        reply=f"{report.status} {report.diagnostic}",
    )
    if not is_news:
        return False
    bounce_handling.record_bounce(
        session,
        about.workspace_id,
        bounce_handling.BouncedMessage(
            about.customer_id, about.message_id, about.send_id, _find_failed(session, about, report)
        ),
        is_final=report.cause is Cause.ADDRESS,
        said={"code": report.code, "text": report.diagnostic, "cause": report.cause.value},
        now=now,
    )
    return True


def _left_to(session: Session, about: AboutMessage) -> bytes | None:
    """Return the digest of the address this message left to; of the person's present one where that is not known."""
    workspace_id, message_id, *_ = about
    query = select(Message.address_id).where(Message.workspace_id == workspace_id, Message.id == message_id)
    address_id = session.scalar(query)
    named = queries.digest_query(about.workspace_id, about.customer_id, address_id) if address_id else None
    digest = session.scalar(named) if named is not None else None
    return digest or session.scalar(select(suppression.digest_query(about.workspace_id, about.customer_id)))


def _find_failed(session: Session, about: AboutMessage, report: Report) -> bytes | None:
    """Return the digest of the address that failed; the person may have another one by now, which works.

    A report may be forged by whoever got the mail: it suppresses no address but this person's own, present or former,
    and none that is somebody else's by now.
    """
    key = emails.find_key(report.recipient) if report.recipient else None
    if key is None:
        digest = _left_to(session, about)
    else:
        digest = emails.digest(key, workspaces.get(session, about.workspace_id).digest_key)
    if digest is None or not queries.has_or_had(session, about.workspace_id, about.customer_id, digest):
        return None
    return None if queries.is_somebody_elses(session, about.workspace_id, about.customer_id, digest) else digest


def complain(session: Session, about: AboutMessage, *, now: datetime) -> None:
    """The person reported our mail as unwanted: everything ends, and the timeline says so once."""
    digest = _left_to(session, about)
    evidence = Evidence(method="feedback_report", actor="provider", message_id=about.message_id, address_digest=digest)
    known = suppression.find(session, about.workspace_id, digest) if digest else None
    actions.complain(session, about.workspace_id, about.customer_id, evidence=evidence, now=now)
    if known is None or known.reason != suppression.COMPLAINED:
        workspace_id, message_id, send_id, customer_id = about
        row = ActivityRow(
            workspace_id, customer_id, now, EventName.COMPLAINED, Source.DELIVERY, message_id, send_id
        )
        activities.record(session, row, now=now)


def reply(session: Session, about: AboutMessage, mail: Received, *, is_verified: bool, now: datetime) -> None:
    """Keep what the person wrote; tracking decides whether a person wrote it, and whether it asks us to stop."""
    replies.record(
        session,
        about.workspace_id,
        replies.ReceivedReply(subject=mail.subject, text=mail.text, headers=mail.headers, is_verified=is_verified),
        customer_id=about.customer_id,
        message_id=about.message_id,
        send_id=about.send_id,
        now=now,
    )
