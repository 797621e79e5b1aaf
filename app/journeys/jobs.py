"""Background jobs of journeys: advancing, enrolling, and reactions to facts of other rooms."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from app.accounts import workspaces
from app.consent import permission
from app.consent.purposes import MARKETING
from app.customers.merging import aliases
from app.journeys import definitions
from app.journeys.engine import advancing, enrolment, outage_holds, reported
from app.journeys.engine.enrolment import Stop
from app.kernel.queueing import outages
from app.kernel.queueing.jobs import job
from app.kernel.refusals import Refusal
from app.kernel.services import Services

log = structlog.get_logger()


@job("journeys.advance", every=timedelta(minutes=1))
def advance(services: Services) -> None:
    """Do every step that is due, a batch in each transaction."""

    def advance_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            if outages.is_down(session):
                return
            outage_holds.hold(session, workspace_id, now=services.clock.now())
        is_busy = True
        while is_busy:
            with services.database.transaction(workspace_id) as session:
                is_busy = advancing.advance(session, workspace_id, now=services.clock.now()) > 0

    workspaces.for_each(services.database, advance_one)


@job("journeys.enrol", every=timedelta(minutes=5))
def enrol(services: Services) -> None:
    """Let in whoever joined the segment of a live journey."""

    def enrol_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            live = [journey.id for journey in definitions.list_live(session, workspace_id, trigger_kind="segment")]
        for journey_id in live:
            _enrol_segment(services, workspace_id, journey_id)

    workspaces.for_each(services.database, enrol_one)


def _enrol_segment(services: Services, workspace_id: int, journey_id: int) -> None:
    """Let one journey's segment in; a segment that cannot be used keeps no other journey waiting."""
    try:
        with services.database.transaction(workspace_id) as session:
            journey = definitions.get(session, workspace_id, journey_id)
            if journey.state == "live" and definitions.trigger_name(session, journey):
                enrolment.enrol_kept(session, journey, now=services.clock.now())
    except Refusal as refusal:
        log.warning("journeys.not_enrolled", journey_id=journey_id, reason=type(refusal).__name__)


@job("journeys.join_segment")
def join_segment(services: Services, *, workspace_id: int, segment_id: int, customer_ids: list[int]) -> None:
    """Hear SegmentEntered: let these people into the live journeys that entering this segment starts."""
    with services.database.transaction(workspace_id) as session:
        for journey in definitions.list_live(session, workspace_id, trigger_kind="segment"):
            if journey.trigger_id == segment_id:
                enrolment.enrol_members(session, journey, customer_ids, now=services.clock.now())


@job("journeys.join_topic")
def join_topic(services: Services, *, workspace_id: int, customer_id: int, purpose: str, topic_id: int) -> None:
    """Hear ConsentGiven: let the person into the live journeys about joining this topic."""
    if purpose != MARKETING or not topic_id:
        return
    with services.database.transaction(workspace_id) as session:
        for journey in definitions.list_live(session, workspace_id, trigger_kind="topic"):
            if journey.trigger_id == topic_id:
                person = aliases.current_id(session, workspace_id, customer_id)
                enrolment.enrol_customer(session, journey, person, now=services.clock.now())


@job("journeys.join_imported")
def join_imported(services: Services, *, workspace_id: int, topic_id: int, first: int, last: int) -> None:
    """Hear ConsentsImported: let everybody a file made mailable into the live journeys about joining this topic."""
    joined = permission.recorded_query(workspace_id, topic_id, first=first, last=last)
    with services.database.transaction(workspace_id) as session:
        for journey in definitions.list_live(session, workspace_id, trigger_kind="topic"):
            if journey.trigger_id == topic_id:
                enrolment.enrol_many(session, journey, joined, now=services.clock.now())


@job("journeys.hear_event")
def hear_event(services: Services, *, workspace_id: int, name: str, people: list[tuple[int, str]]) -> None:
    """Hear EventReported: let the people with whom it happened into the live journeys it starts."""
    happened = [(customer_id, datetime.fromisoformat(at)) for customer_id, at in people]
    with services.database.transaction(workspace_id) as session:
        reported.enrol(session, workspace_id, name, happened, now=services.clock.now())


@job("journeys.stop_withdrawn")
def stop_withdrawn(services: Services, *, workspace_id: int, customer_id: int, purpose: str, topic_id: int) -> None:
    """Hear ConsentWithdrawn: whoever said no gets nothing more of any journey about it."""
    if purpose != MARKETING:
        return
    now = services.clock.now()
    with services.database.transaction(workspace_id) as session:
        customer_id = aliases.current_id(session, workspace_id, customer_id)
        enrolment.stop_where_withdrawn(session, workspace_id, customer_id, topic_id=topic_id, now=now)


@job("journeys.hear_response")
def hear_response(services: Services, *, workspace_id: int, customer_ids: list[int], kind: str, at: str) -> None:
    """Hear HumanResponded: replies or clicks by people end the mails and calls for a person."""
    reason = Stop.REPLY if kind == "reply" else Stop.INTEREST
    with services.database.transaction(workspace_id) as session:
        former = aliases.current_ids(session, workspace_id, customer_ids)
        enrolment.hear_response(
            session,
            workspace_id,
            [former.get(each, each) for each in customer_ids],
            reason=reason,
            at=datetime.fromisoformat(at),
            now=services.clock.now(),
        )


@job("journeys.hear_purchase")
def hear_purchase(services: Services, *, workspace_id: int, customer_id: int, at: str) -> None:
    """Hear PurchaseRecorded: who bought needs no more convincing."""
    with services.database.transaction(workspace_id) as session:
        bought_at = datetime.fromisoformat(at)
        customer_id = aliases.current_id(session, workspace_id, customer_id)
        enrolment.stop_for_purchase(session, workspace_id, customer_id, at=bought_at, now=services.clock.now())


@job("journeys.hear_purchases")
def hear_purchases(services: Services, *, workspace_id: int) -> None:
    """Hear PurchasesImported: a file brought purchases of many at once."""
    with services.database.transaction(workspace_id) as session:
        enrolment.stop_all_who_bought(session, workspace_id, now=services.clock.now())
