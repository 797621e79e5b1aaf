"""Who enters a journey, about what, as whom."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import memberships
from app.accounts.identities import identities
from app.consent import topics
from app.customers.timeline import activity_queries
from app.journeys import definitions, event_trigger, forms
from app.journeys.forms import PlanForm
from app.journeys.library import prospect_nurture
from app.journeys.models import Journey
from app.journeys.views.blueprint import bp
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.segments import segments
from app.web import guard, shell

# Names of events that are offered while one is typed.
_OFFERED = 200


@bp.get("/journeys/new")
@guard.role("marketer")
def new_journey() -> ResponseReturnValue:
    """Show the form for a new journey."""
    return shell.page("journeys/new.html", form=_offered(PlanForm(formdata=None)))


@bp.post("/journeys/new")
@guard.role("marketer")
def create_journey() -> ResponseReturnValue:
    """Make a journey, empty or with the steps of the prospect nurture."""
    form = _offered(PlanForm())
    try:
        if form.validate():
            journey_id = _created(form)
            return shell.back(url_for("journeys.edit_journey", journey_id=journey_id), _("Now give it its steps."))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("journeys/new.html", form=form), 422


@bp.get("/journeys/<int:journey_id>/plan")
@guard.role("marketer")
def show_plan(journey_id: int) -> ResponseReturnValue:
    """Show what was decided about the journey as a whole."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
    form = _offered(_filled(journey), journey)
    form.show()
    return shell.page("journeys/plan.html", journey=journey, form=form)


@bp.post("/journeys/<int:journey_id>/plan")
@guard.role("marketer")
def change_plan(journey_id: int) -> ResponseReturnValue:
    """Keep what was decided; what its author left alone stays as it is on record."""
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.get(session, g.workspace.id, journey_id)
    form = _offered(PlanForm(), journey)
    try:
        if form.validate():
            _changed(journey_id, form)
            return shell.back(url_for("journeys.show_journey", journey_id=journey_id), _("Journey saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("journeys/plan.html", journey=journey, form=form), 422


def _changed(journey_id: int, form: PlanForm) -> None:
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        form.rebase(_filled(definitions.hold(session, g.workspace.id, journey_id)))
        definitions.change(session, g.workspace.id, journey_id, form.plan(), staff_id=g.staff.id, now=now)


def _created(form: PlanForm) -> int:
    with services().database.transaction(g.workspace.id) as session:
        journey = definitions.create(
            session, g.workspace.id, form.plan(), staff_id=g.staff.id, now=services().clock.now()
        )
        if form.is_from_library.data:
            prospect_nurture.fill(session, journey)
        return journey.id


def _filled(journey: Journey) -> PlanForm:
    event = forms.event_words(event_trigger.load(journey.trigger_event)) if journey.trigger_event else {}
    return PlanForm(
        formdata=None,
        obj=journey,
        way_in=_way_in(journey),
        interest_owner_id=journey.interest_owner_id or 0,
        **event,
    )


def _offered(form: PlanForm, journey: Journey | None = None) -> PlanForm:
    """Fill in what can be chosen, and what is on record for a journey even where nobody could choose it any more."""
    with services().database.transaction(g.workspace.id) as session:
        known = [(topic.id, topic.name) for topic in topics.list_active(session, g.workspace.id)]
        ways_in = _ways_in(session, known)
        if journey is not None and journey.topic_id not in dict(known):
            known.append((journey.topic_id, topics.get(session, g.workspace.id, journey.topic_id).name))
        if journey is not None and _way_in(journey) not in dict(ways_in):
            name = definitions.trigger_name(session, journey)
            ways_in.append((_way_in(journey), name or _("nobody, the segment was deleted")))
        form.offer(
            ways_in=ways_in,
            topics=[(str(topic_id), name) for topic_id, name in known],
            senders=[
                (str(sender.id), f"{sender.from_name} <{sender.from_address}>")
                for sender in identities.list_identities(session, g.workspace.id)
            ],
            people=people_to_choose(session),
        )
        form.offered_events = activity_queries.reported_names(session, g.workspace.id, limit=_OFFERED)
    return form


def _way_in(journey: Journey) -> str:
    return f"{journey.trigger_kind}:{journey.trigger_id or ''}"


def people_to_choose(session: Session) -> list[tuple[str, str]]:
    """Return who may be given a task."""
    return [(str(member.staff_id), member.name) for member in memberships.list_members(session, g.workspace.id)]


def _ways_in(session: Session, known_topics: list[tuple[int, str]]) -> list[tuple[str, str]]:
    by_segment = [
        (f"segment:{segment.id}", _("Whoever joins the segment “%(name)s”", name=segment.name))
        for segment in segments.list_all(session, g.workspace.id)
    ]
    by_topic = [
        (f"topic:{topic_id}", _("Whoever subscribes to “%(name)s”", name=name)) for topic_id, name in known_topics
    ]
    return [*by_segment, *by_topic, (forms.EVENT, _("Whoever a reported event happens with"))]
