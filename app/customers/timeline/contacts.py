"""Contacts that staff log by hand: calls, visits, letters, notes, support, satisfaction and complaints, both ways.

Each is an activity of its own name. A program may report the same names, and they count the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.accounts import undo
from app.customers.models import Activity
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId

IN, OUT = "in", "out"
DIRECTIONS = (IN, OUT)
LONGEST = 4000
SCORES = range(1, 6)
_LOGGED = "customers.contact_logged"


@dataclass(frozen=True)
class ContactKind:
    """One kind of contact: its label, its channel on the timeline, and its titles when they or we began it."""

    label: MessageId
    channel: str
    title_in: MessageId
    title_out: MessageId


KINDS = {
    "call": ContactKind(N_("Call"), "call", N_("They called"), N_("We called them")),
    "visit": ContactKind(N_("Visit"), "visit", N_("They visited us"), N_("We visited them")),
    "letter": ContactKind(N_("Letter"), "letter", N_("They wrote a letter"), N_("We wrote a letter")),
    "support": ContactKind(N_("Support"), "support", N_("They asked for support"), N_("We gave support")),
    "satisfaction": ContactKind(
        N_("Satisfaction"), "feedback", N_("They said how satisfied they are"), N_("We asked how satisfied they are")
    ),
    "complaint": ContactKind(N_("Complaint"), "feedback", N_("They complained to us"), N_("We answered a complaint")),
    str(EventName.NOTED): ContactKind(N_("Note"), "note", N_("Note"), N_("Note")),
}


class ContactRefused(Refusal):
    """This cannot be logged."""

    status = 422
    message = N_("Write down what was said or learned.")


@dataclass(frozen=True, slots=True)
class Contact:
    """What one of the staff logs. `score` is how satisfied somebody is, from 1 to 5."""

    name: str
    text: str
    staff_id: int
    staff_name: str
    direction: str = IN
    score: int | None = None


class ContactQuestion(NamedTuple):
    """How often contacts happened, of one name or of any, begun by one side or either, from `since`, `before` a time.

    With `worst` only ratings up to this score are counted.
    """

    name: str | None
    direction: str | None
    since: datetime | None
    before: datetime | None
    worst: int | None = None


def log(session: Session, workspace_id: int, customer_id: int, given: Contact, *, now: datetime) -> PageLink:
    """Put a contact on the timeline; return what takes it back. Raise ContactRefused."""
    if given.name not in KINDS or given.direction not in DIRECTIONS:
        raise ContactRefused(N_("Choose one of the list."), field="how")
    text = given.text.strip()
    if len(text) > LONGEST:
        raise ContactRefused(N_("This text is too long."), field="words")
    if given.name == EventName.NOTED and not text:
        raise ContactRefused(field="words")
    facts: dict[str, Any] = {"text": text, "direction": given.direction, "staff": given.staff_name}
    if given.name == "satisfaction":
        if given.score not in SCORES:
            raise ContactRefused(N_("Say how satisfied they are, from 1 to 5."), field="score")
        facts["score"] = given.score
    row = ActivityRow(workspace_id, customer_id, now, given.name, Source.STAFF, facts=facts, recorded_by=given.staff_id)
    kept = {"customer_id": customer_id, "at": now.isoformat(), "id": activities.add(session, row, now=now)}
    return undo.keep(session, workspace_id, kind=_LOGGED, values=kept, staff_id=given.staff_id, now=now)


def take_back(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Take an entry off the timeline; raise NotFound where it is gone."""
    at = datetime.fromisoformat(values["at"])
    activities.take_back(session, workspace_id, values["customer_id"], at, values["id"])
    page = page_links.to("customers.show_customer", customer_id=values["customer_id"])
    return undo.Restored(page, N_("The entry is taken back."))


UNDO_LOGGING = undo.Opposite(_LOGGED, take_back, role="marketer")


def counts_query(
    workspace_id: int, asked: list[ContactQuestion], *, until: datetime, also: Sequence[ColumnElement[Any]] = ()
) -> Select[Any]:
    """Select (customer_id, n0, n1, ...), a count for each question, of everybody who has any; in one pass.

    `also` are further columns, over what is to come as well.
    """
    happened = (Activity.at <= until,)
    wanted = [is_asked(each) for each in asked]
    counted = [
        func.count().filter(each, *(happened if also else ())).label(f"n{number}") for number, each in enumerate(wanted)
    ]
    columns: list[Any] = [Activity.customer_id, *counted, *also]
    query: Select[Any] = (
        select(*columns)
        .where(Activity.workspace_id == workspace_id, Activity.source != Source.TRACKING)
        .where(Activity.name.in_(sorted(KINDS)), *(() if also else happened), or_(*wanted))
        .group_by(Activity.customer_id)
    )
    begins = [each.since for each in asked]
    if None not in begins:
        query = query.where(Activity.at >= min(since for since in begins if since))
    return query


def title(name: str, facts: dict[str, Any]) -> MessageId:
    """Return what the timeline calls a contact; one that says no direction came from them."""
    kind = KINDS[name]
    return kind.title_out if said(facts, "direction") == OUT else kind.title_in


def said(facts: dict[str, Any], name: str) -> Any:
    """Return what staff wrote down, or what a program reported in its data."""
    data = facts.get("data")
    return facts.get(name) or (data.get(name) if isinstance(data, dict) else None)


def is_asked(asked: ContactQuestion) -> ColumnElement[bool]:
    """Return what contacts of a question are found by, beside that they have happened."""
    found: list[ColumnElement[bool]] = [Activity.name.in_([asked.name] if asked.name else sorted(KINDS))]
    if asked.direction is not None:
        found.append(func.coalesce(_said("direction"), IN) == asked.direction)
    if asked.since is not None:
        found.append(Activity.at >= asked.since)
    if asked.before is not None:
        found.append(Activity.at < asked.before)
    if asked.worst is not None:
        found.append(_said("score").in_([str(each) for each in SCORES if each <= asked.worst]))
    return and_(*found)


def _said(name: str) -> ColumnElement[str]:
    return func.coalesce(Activity.facts[name].astext, Activity.facts["data", name].astext)
