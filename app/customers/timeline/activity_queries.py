"""Published questions to `activities`, for rooms that count or look up what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from app.customers.models import Activity, ExpiredLinkClicks, ExpiredSendResponse
from app.customers.timeline.event_names import HITS, RESERVED, EventName, Source
from app.customers.timeline.event_properties import PropertyTest

# From the strongest to the weakest evidence of a person.
VERDICTS = ("human", "unsure", "proxy", "scanner")
# By send: event, verdict, people.
PeopleByEvent = dict[int, dict[str, dict[str, int]]]


@dataclass(frozen=True, slots=True)
class EventCount:
    """How often an event happened with a customer, from `since` on and `before` a time, or ever.

    No name: any that programs report. With `tests` its data passes all of them.
    """

    name: str | None
    since: datetime | None = None
    human_only: bool = False
    before: datetime | None = None
    tests: tuple[PropertyTest, ...] = ()


def counts_query(
    workspace_id: int, asked: Sequence[EventCount], *, until: datetime, also: Sequence[ColumnElement[Any]] = ()
) -> Select[Any]:
    """Select (customer_id, n0, n1, ...), a count for each question, of everybody who has any; in one pass.

    `also` are further columns, over what is to come as well.
    """
    happened = (Activity.at <= until,)
    counted = [
        func.count().filter(*is_counted(each), *(happened if also else ())).label(f"n{number}")
        for number, each in enumerate(asked)
    ]
    columns: list[Any] = [Activity.customer_id, *counted, *also]
    query: Select[Any] = select(*columns).where(Activity.workspace_id == workspace_id, or_(*_wanted(asked)))
    query = query.group_by(Activity.customer_id)
    if not also:
        query = query.where(*happened)
    begins = [each.since for each in asked]
    if None not in begins:
        query = query.where(Activity.at >= min(since for since in begins if since))
    if all(each.human_only for each in asked):
        query = query.where(Activity.verdict == "human")
    return query


def activity_rows() -> FromClause:
    """Return the table of what happened, one row each, for rooms that count it by columns of their own."""
    return Activity.__table__


def reported_names(session: Session, workspace_id: int, *, limit: int) -> list[str]:
    """Return names of events that programs reported, by the alphabet: each is one step in the index on names."""
    return list(session.scalars(_REPORTED_NAMES, {"workspace_id": workspace_id, "limit": limit}))


_REPORTED_NAMES = text(
    """
    WITH RECURSIVE known AS (
        (SELECT name FROM activities WHERE workspace_id = :workspace_id AND source <> 'tracking' ORDER BY name LIMIT 1)
        UNION ALL
        SELECT (SELECT a.name FROM activities a
                WHERE a.workspace_id = :workspace_id AND a.source <> 'tracking' AND a.name > known.name
                ORDER BY a.name LIMIT 1)
        FROM known WHERE known.name IS NOT NULL
    )
    SELECT known.name FROM known
    WHERE known.name IS NOT NULL AND EXISTS (
        SELECT FROM activities a
        WHERE a.workspace_id = :workspace_id AND a.source <> 'tracking' AND a.name = known.name
            AND a.source IN ('api', 'import')
    )
    LIMIT :limit
    """
)


def is_recorded(session: Session, workspace_id: int, customer_id: int, *, name: str, message_id: int) -> bool:
    """Say whether this already happened with a message."""
    query = select(Activity.id).where(
        *_of(workspace_id, customer_id), Activity.name == name, Activity.message_id == message_id
    )
    return session.scalar(query.limit(1)) is not None


def messages_with(
    session: Session, workspace_id: int, messages: Mapping[int, int], *, names: Sequence[str], since: datetime
) -> set[int]:
    """Return with which of these messages (id: customer) one of these events happened since then.

    What a stranger may have made up does not count.
    """
    asked = func.unnest(cast(list(messages), ARRAY(BigInteger)), cast(list(messages.values()), ARRAY(BigInteger)))
    given = asked.table_valued("message_id", "customer_id").render_derived("given")
    happened = (
        select(literal(1))
        .where(
            Activity.workspace_id == workspace_id,
            Activity.customer_id == given.c.customer_id,
            Activity.at >= since,
            Activity.message_id == given.c.message_id,
            Activity.name.in_(names),
            not_(Activity.reasons.contains(["unverified_sender"])),
        )
        .exists()
    )
    return set(session.scalars(select(given.c.message_id).where(happened)))


def times(
    session: Session,
    workspace_id: int,
    customer_id: int,
    *,
    name: str,
    facts: dict[str, Any],
    after: datetime | None,
    limit: int,
) -> list[datetime]:
    """Return when events of a name that hold these facts happened, the newest first."""
    query = select(Activity.at).where(
        *_of(workspace_id, customer_id), Activity.name == name, Activity.facts.contains(facts)
    )
    if after is not None:
        query = query.where(Activity.at > after)
    return list(session.scalars(query.order_by(Activity.at.desc()).limit(limit)))


def customers_with(
    session: Session,
    workspace_id: int,
    name: str,
    people: Sequence[tuple[int, datetime]],
    tests: Sequence[PropertyTest] = (),
) -> list[int]:
    """Return those of these people (customer, time) with whom an event of this name was reported that passes all tests.

    The period is said outright, so that the planner opens the months concerned and no others.
    """
    if not people:
        return []
    ids, times_ = [each for each, _at in people], [at for _customer, at in people]
    given = (
        func.unnest(cast(ids, ARRAY(BigInteger)), cast(times_, ARRAY(Activity.at.type)))
        .table_valued("customer_id", "at")
        .render_derived("given")
    )
    happened = (
        select(literal(1))
        .where(*_of(workspace_id, given.c.customer_id), Activity.at.between(min(times_), max(times_)))
        .where(Activity.at == given.c.at, Activity.name == name, Activity.source == Source.API)
        .where(*(each.to_sql(Activity.facts["data"][each.name].astext) for each in tests))
        .exists()
    )
    return sorted(set(session.scalars(select(given.c.customer_id).where(happened))))


def newest_query(workspace_id: int, customer_id: int, *, until: datetime | None, limit: int) -> Select[Activity]:
    """Select a customer's newest activities at or before a time: a few rows of each month, whatever there is."""
    query = select(Activity).where(*_of(workspace_id, customer_id))
    if until is not None:
        query = query.where(Activity.at <= until)
    return query.order_by(Activity.at.desc(), Activity.id.desc()).limit(limit)


def people_by_event(session: Session, workspace_id: int, send_ids: Sequence[int]) -> PeopleByEvent:
    """Count people by send, event and best verdict: one click by hand makes a person, whatever else was seen.

    Those are among them whose activities are kept no longer.
    """
    places = {verdict: place for place, verdict in enumerate(VERDICTS, start=1)}
    rank = func.min(case(places, value=Activity.verdict)).label("rank")
    each = (
        select(Activity.send_id, Activity.name, Activity.customer_id, rank)
        .where(Activity.workspace_id == workspace_id, Activity.send_id.in_(send_ids))
        .group_by(Activity.send_id, Activity.name, Activity.customer_id)
        .subquery()
    )
    columns = (each.c.send_id, each.c.name, each.c.rank)
    found: PeopleByEvent = {}
    for send_id, name, verdict, count in session.execute(_expired_responses(workspace_id, send_ids)):
        found.setdefault(send_id, {}).setdefault(name, {})[verdict] = count
    for send_id, name, best, count in session.execute(select(*columns, func.count()).group_by(*columns)):
        counts = found.setdefault(send_id, {}).setdefault(name, {})
        verdict = VERDICTS[best - 1] if best else "unsure"
        counts[verdict] = counts.get(verdict, 0) + count
    return found


def clickers_by_link(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int | None, tuple[int, int]]:
    """Return how many customers clicked each link of these sends, by hand and by machine, as far as ever known."""
    is_human = Activity.verdict == "human"
    rows = session.execute(
        select(
            Activity.link_id,
            func.count(Activity.customer_id.distinct()).filter(is_human),
            func.count(Activity.customer_id.distinct()).filter(~is_human),
        )
        .where(
            Activity.workspace_id == workspace_id,
            Activity.send_id.in_(send_ids),
            Activity.name == EventName.CLICKED,
        )
        .group_by(Activity.link_id)
    )
    found = {link_id: (people, machines) for link_id, people, machines in rows}
    for link_id, people, machines in session.execute(_expired_clicks(workspace_id, send_ids)):
        known = found.get(link_id, (0, 0))
        found[link_id] = (known[0] + people, known[1] + machines)
    return found


def human_clicks_query(workspace_id: int) -> Select[int | None, int]:
    """Select (send_id, customer_id) of every click by a person that is still kept."""
    return select(Activity.send_id, Activity.customer_id).where(
        Activity.workspace_id == workspace_id, Activity.name == EventName.CLICKED, Activity.verdict == "human"
    )


def expired_clickers_query(workspace_id: int) -> Select[int, int]:
    """Select (send_id, people): how many people clicked whose clicks are kept no longer."""
    return select(ExpiredSendResponse.send_id, ExpiredSendResponse.people).where(
        ExpiredSendResponse.workspace_id == workspace_id,
        ExpiredSendResponse.name == EventName.CLICKED,
        ExpiredSendResponse.verdict == "human",
    )


def _expired_responses(workspace_id: int, send_ids: Sequence[int]) -> Select[int, str, str, int]:
    expired = ExpiredSendResponse
    return select(expired.send_id, expired.name, expired.verdict, expired.people).where(
        expired.workspace_id == workspace_id, expired.send_id.in_(send_ids)
    )


def _expired_clicks(workspace_id: int, send_ids: Sequence[int]) -> Select[int, int, int]:
    expired = ExpiredLinkClicks
    return select(expired.link_id, expired.people, expired.machines).where(
        expired.workspace_id == workspace_id, expired.send_id.in_(send_ids)
    )


def _of(workspace_id: int, customer_id: int | ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    return Activity.workspace_id == workspace_id, Activity.customer_id == customer_id


def _wanted(asked: Sequence[EventCount]) -> list[ColumnElement[bool]]:
    """Return what the rows are found by; all but hits say what the index on names is made for."""
    names = {each.name for each in asked if each.name is not None}
    hits, others = sorted(names & set(HITS)), sorted(names - set(HITS))
    found: list[ColumnElement[bool]] = [Activity.name.in_(hits)] if hits else []
    if others:
        found.append((Activity.source != Source.TRACKING) & Activity.name.in_(others))
    if any(each.name is None for each in asked):
        found.append(is_reported())
    return found


def is_counted(asked: EventCount) -> list[ColumnElement[bool]]:
    """Return what activities of a question are found by, beside that they have happened."""
    found = [is_reported() if asked.name is None else Activity.name == asked.name]
    if asked.since is not None:
        found.append(Activity.at >= asked.since)
    if asked.before is not None:
        found.append(Activity.at < asked.before)
    if asked.human_only:
        found.append(Activity.verdict == "human")
    found += [each.to_sql(Activity.facts["data"][each.name].astext) for each in asked.tests]
    return found


def is_reported() -> ColumnElement[bool]:
    """Return the condition that a program or a file told of it."""
    return Activity.source.in_((Source.API, Source.IMPORT)) & not_(Activity.name.in_(sorted(RESERVED)))
