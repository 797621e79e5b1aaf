"""What is published stays as it was for whoever entered it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.followup import tasks
from app.journeys import definitions, drafts, owners, positions, publishing, versions
from app.journeys.engine import enrolment
from app.journeys.library import prospect_nurture
from app.journeys.steps.task import Task
from app.journeys.steps.wait import Wait
from app.kernel.refusals import NotFound, Refusal
from app.rendering.sources.templates import SourceInvalid
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey, a_mail, a_segment, advance_all, let_mail_leave, run_due, step_ids


def subjects(session, workspace):
    query = "SELECT subject FROM sends WHERE workspace_id = :w AND kind = 'journey' ORDER BY id"
    return list(session.scalars(text(query), {"w": workspace.id}))


def test_a_change_reaches_only_who_enters_after_it_was_published(session, workspace):
    journey = a_journey(session, workspace, Wait(days=1), a_mail("Old", "Old"))
    early = consented_customer(session, workspace.id, email="early@example.com")
    enrolment.enrol_customer(session, journey, early.id, now=NOON)

    drafts.change(session, journey, step_ids(session, journey)[1], a_mail("New", "New"))
    publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON)
    late = consented_customer(session, workspace.id, email="late@example.com")
    enrolment.enrol_customer(session, journey, late.id, now=NOON)
    advance_all(session, workspace.id, now=NOON + timedelta(days=1))

    query = "SELECT s.subject, m.customer_id FROM messages m JOIN sends s ON s.id = m.send_id ORDER BY s.id"
    assert session.execute(text(query)).all() == [("Old", early.id), ("New", late.id)]


def test_every_version_of_a_mail_is_one_send(session, workspace):
    journey = a_journey(session, workspace, a_mail("One", "One"))
    drafts.add(session, journey, Wait(days=3))
    drafts.add(session, journey, a_mail("Two", "Two"))
    publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON)

    assert subjects(session, workspace) == ["One", "One", "Two"]


def test_nothing_to_publish_is_said(session, workspace):
    journey = a_journey(session, workspace)

    with pytest.raises(publishing.NothingToPublish):
        publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON)


@pytest.mark.parametrize("flow", [(Wait(days=3),), (a_mail("A", "A"), Wait(days=3)), (Task(title="Call"),)])
def test_a_journey_that_says_nothing_or_ends_waiting_is_not_published(session, workspace, flow):
    with pytest.raises(publishing.NotReady):
        a_journey(session, workspace, *flow)


@pytest.mark.parametrize(
    "step",
    [
        a_mail("", "Text"),
        a_mail("Subject", " "),
        a_mail("Subject", "\0"),
        Task(title=" "),
    ],
)
def test_an_incomplete_step_is_refused(session, workspace, step):
    journey = a_journey(session, workspace, is_live=False)
    with pytest.raises(Refusal):
        drafts.add(session, journey, step)


@pytest.mark.parametrize("source", ["{{ customer.__class__ }}", "{% for a in range(9) %}{% endfor %}", "{{ nobody }}"])
def test_a_mail_that_reaches_beyond_its_customer_is_refused_with_its_place(session, workspace, source):
    journey = a_journey(session, workspace, is_live=False)
    with pytest.raises(SourceInvalid) as refused:
        drafts.add(session, journey, a_mail("Subject", source))
    assert refused.value.problems[0].line == 1


def test_a_wrong_subject_cannot_split_headers(session, workspace):
    journey = a_journey(session, workspace, is_live=False)
    step_id = drafts.add(session, journey, a_mail("Hello\r\nBcc: all@example.com", "Text"))

    assert drafts.shown(session, journey).get(step_id).subject == "Hello Bcc: all@example.com"


def test_steps_can_be_moved_and_taken_out(session, workspace):
    journey = a_journey(session, workspace, a_mail("A", "A"), Wait(days=2), a_mail("B", "B"))

    first, wait, last = step_ids(session, journey)

    drafts.move(session, journey, last, by=-1)
    drafts.move(session, journey, first, by=-1)
    drafts.remove(session, journey, wait)

    assert step_ids(session, journey) == [first, last]
    assert [each.step.kind for each in versions.latest(session, journey).in_order()] == ["send", "wait", "send"]


def test_tasks_go_to_people_who_work_here(session, database, workspace):
    stranger = a_member(session, workspace.id, role="viewer", now=NOON)
    journey = a_journey(session, workspace, is_live=False)
    drafts.add(session, journey, Task(title="Call", owner_id=stranger.id))
    with pytest.raises(owners.OwnerUnknown):
        drafts.add(session, journey, Task(title="Call", owner_id=stranger.id + 10**6))


def test_the_way_into_a_published_journey_is_fixed(session, workspace):
    journey = a_journey(session, workspace)
    plan = definitions.Plan("Other", "segment", a_segment(session, workspace), workspace.topic_id)

    with pytest.raises(definitions.TriggerFixed):
        definitions.change(session, workspace.id, journey.id, plan, staff_id=None, now=NOON)


def test_a_journey_of_another_workspace_does_not_exist(database, session, workspace):
    journey = a_journey(session, workspace)
    with database.transaction(workspace.id + 10**6) as other, pytest.raises(NotFound):
        definitions.get(other, workspace.id + 10**6, journey.id)


def held_back_by_a_pause(session, workspace):
    """A journey whose first version has a mail that a pause holds back, and a draft of the second."""
    journey = a_journey(session, workspace)
    ada = consented_customer(session, workspace.id)
    enrolment.enrol_customer(session, journey, ada.id, now=NOON)
    run_due(session, workspace.id, now=NOON)
    publishing.pause(session, workspace.id, journey.id, staff_id=None, now=NOON)
    drafts.change(session, journey, step_ids(session, journey)[0], a_mail("Better", "Better"))
    assert publishing.count_held_back(session, journey) == 1
    return journey, ada


def of_messages(session, workspace):
    query = (
        "SELECT s.state, m.state, m.reason FROM messages m JOIN sends s ON s.id = m.send_id WHERE m.workspace_id = :w"
    )
    return session.execute(text(query), {"w": workspace.id}).all()


@pytest.mark.parametrize(
    ("waiting", "becomes"),
    [(publishing.Waiting.SEND, ("queued", None)), (publishing.Waiting.CANCEL, ("skipped", "cancelled"))],
)
def test_publishing_a_paused_journey_strands_no_mail_of_earlier_versions(session, workspace, waiting, becomes):
    """What the pause held back leaves or is cancelled, as staff choose; those it was for go on either way."""
    journey, ada = held_back_by_a_pause(session, workspace)

    publishing.publish(session, workspace.id, journey.id, staff_id=None, waiting=waiting, now=NOON)

    assert of_messages(session, workspace) == [("running", *becomes)]
    assert publishing.count_held_back(session, journey) == 0
    let_mail_leave(session, workspace.id, now=NOON)
    run_due(session, workspace.id, now=NOON + timedelta(minutes=1))
    assert positions.of_customer(session, workspace.id, ada.id)[0].step_number == 2


def test_the_only_step_of_a_draft_can_be_taken_out(session, workspace):
    """What is left is an empty draft, not what was published before."""
    journey = a_journey(session, workspace, a_mail("Only", "Only"))
    drafts.remove(session, journey, step_ids(session, journey)[0])
    assert drafts.shown(session, journey).in_order() == []
    assert drafts.exists(session, journey)
    with pytest.raises(publishing.NotReady):
        publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON)

    drafts.add(session, journey, a_mail("Other", "Other"))
    publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON)
    assert [each.step.subject for each in drafts.shown(session, journey).in_order()] == ["Other"]
    assert not drafts.exists(session, journey)


def test_the_reference_writes_once_then_monthly_and_stops_for_who_answers(session, workspace):
    """The facts; after ten days without change one mail a month for three months; interest ends it."""
    segment_id = a_segment(session, workspace)
    silent, eager = (
        consented_customer(session, workspace.id, email=f"{name}@example.com", tags=["prospect"])
        for name in ("silent", "eager")
    )
    journey = prospect_nurture.create(
        session,
        workspace.id,
        segment_id=segment_id,
        topic_id=workspace.topic_id,
        staff_id=workspace.owner_id,
        now=NOON,
    )
    sent_on: dict[int, list[int]] = {silent.id: [], eager.id: []}
    for day in range(120):
        now = NOON + timedelta(days=day)
        before = _messages(session, workspace)
        advance_all(session, workspace.id, now=now)
        for customer_id in _messages(session, workspace)[len(before) :]:
            sent_on[customer_id].append(day)
        if day == 15:
            enrolment.hear_response(session, workspace.id, [eager.id], reason=enrolment.Stop.INTEREST, at=now, now=now)

    assert sent_on == {silent.id: [0, 10, 40, 70], eager.id: [0, 10]}
    assert positions.count(session, journey).reasons == {"interest": 1}
    assert [task.customer_id for task in tasks.list_open(session, workspace.id)] == [eager.id]


def _messages(session, workspace):
    query = "SELECT customer_id FROM messages WHERE workspace_id = :w ORDER BY id"
    return list(session.scalars(text(query), {"w": workspace.id}))
