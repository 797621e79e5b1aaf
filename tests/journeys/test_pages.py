"""A marketer builds, publishes and watches a journey; a viewer watches."""

from __future__ import annotations

import re
from datetime import timedelta

from app.followup import tasks
from app.journeys.engine import enrolment
from app.segments import codec
from app.segments.models import Segment
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.conditions import Is
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey, a_mail, a_segment, hold_mail_back, run_due
from tests.factories.workspaces import PASSWORD


def built(client, workspace, **changes):
    """A draft with the prospect nurture's steps, made on the pages; its address."""
    plan = {
        "name": "Welcome",
        "way_in": f"topic:{workspace.topic_id}",
        "topic_id": workspace.topic_id,
        "identity_id": workspace.identity_id,
        "interest_title": "Call",
        "interest_owner_id": workspace.owner_id,
        "is_from_library": "y",
    }
    made = client.post("/journeys/new", data={**plan, **changes})
    assert made.status_code == 303, made.text
    return made.location.removesuffix("/edit")


def steps_on(client, journey):
    """The ids of the steps on the editor's page, in their order."""
    return list(dict.fromkeys(re.findall(rf'href="{journey}/steps/([a-z0-9]+)"', client.get(f"{journey}/edit").text)))


def test_a_journey_is_built_changed_published_and_paused(client, workspace):
    journey = built(client, workspace)
    first, wait, *_ = steps_on(client, journey)
    assert client.post(f"{journey}/steps/{wait}", data={"days": "9"}).status_code == 303
    assert client.post(f"{journey}/steps/new?kind=task&after={first}", data={"title": "Call", "owner_id": "0"}).location
    task = steps_on(client, journey)[1]
    assert client.post(f"{journey}/steps/{task}/move", data={"to": "down"}).status_code == 303
    assert steps_on(client, journey)[:3] == [first, wait, task]
    assert client.post(f"{journey}/steps/{task}/remove").status_code == 303
    assert "Wait 9 days" in client.get(f"{journey}/edit").text
    assert "People enter as they subscribe" in client.get(f"{journey}/publish").text

    assert client.post(f"{journey}/publish").location == journey
    assert "0 people here" in client.get(journey).text
    assert client.post(f"{journey}/pause").status_code == 303
    assert client.post(f"{journey}/pause").status_code == 409
    assert client.post(f"{journey}/resume").status_code == 303


def test_pages_say_what_a_step_waits_for_and_until_when(client, database, workspace):
    """Whose mail waits for the cap stands at that mail: on the journey's page, in the list, on the customer's own."""
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace)
        ada = consented_customer(session, workspace.id)
        enrolment.enrol_customer(session, made, ada.id, now=NOON)
        run_due(session, workspace.id, now=NOON)
        journey, customer = f"/journeys/{made.id}", f"/customers/{ada.id}"
    assert "Its mail is about to leave" in client.get(f"{journey}/people").text
    with database.transaction(workspace.id) as session:
        hold_mail_back(session, workspace.id, until=NOON + timedelta(days=7))

    assert "1 mail waits for the frequency cap until" in client.get(journey).text
    for page in (f"{journey}/people", customer):
        assert "The mail waits for the frequency cap until" in client.get(page).text


def test_publishing_a_paused_journey_offers_what_becomes_of_its_mail(client, database, workspace):
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace)
        ada = consented_customer(session, workspace.id)
        enrolment.enrol_customer(session, made, ada.id, now=NOON)
        run_due(session, workspace.id, now=NOON)
        journey = f"/journeys/{made.id}"
    client.post(f"{journey}/pause")
    client.post(f"{journey}/steps/{steps_on(client, journey)[1]}", data={"days": "3"})
    review = client.get(f"{journey}/publish").text
    assert "1 mail of an earlier version waits" in review
    assert "Publish and cancel them" in review

    client.post(f"{journey}/publish", data={"waiting": "cancel"})

    assert "waits" not in client.get(f"{journey}/publish").text
    assert "The sending was cancelled." in client.get(f"/customers/{ada.id}").text


def test_taking_out_the_only_step_leaves_an_empty_draft(client, database, workspace):
    with database.transaction(workspace.id) as session:
        journey = f"/journeys/{a_journey(session, workspace, a_mail('Only', 'Only')).id}"

    client.post(f"{journey}/steps/{steps_on(client, journey)[0]}/remove")

    assert "Only" not in client.get(f"{journey}/edit").text.partition("Steps")[2]
    assert "There is no mail in it yet." in client.get(f"{journey}/publish").text


def test_a_mail_is_shown_as_somebody_would_read_it(client, workspace):
    journey = built(client, workspace)
    mail, wait, *_ = steps_on(client, journey)

    shown = client.get(f"{journey}/steps/{mail}/mail")

    assert "Hello Ada" in shown.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert client.get(f"{journey}/steps/{wait}/mail").status_code == 404


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(client, workspace):
    journey = built(client, workspace)
    wrong = {"subject": "Hello", "format": "markdown", "source": "{{ customer.__class__ }}", "preheader": ""}

    answer = client.post(f"{journey}/steps/{steps_on(client, journey)[0]}", data=wrong)

    assert answer.status_code == 422
    assert "form-error" in answer.text
    assert "__class__" not in client.get(f"{journey}/edit").text


def test_hostile_words_are_shown_as_words(client, workspace):
    journey = built(client, workspace, name="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get(journey).text
    assert "<script>alert(1)" not in client.get("/journeys").text


def test_a_viewer_sees_and_changes_nothing(anonymous, database, workspace):
    with database.transaction(workspace.id) as session:
        journey = f"/journeys/{a_journey(session, workspace).id}"
        email = a_member(session, workspace.id, role="viewer", now=NOON).email
    anonymous.post("/login", data={"email": email, "password": PASSWORD})

    assert anonymous.get(journey).status_code == 200
    assert anonymous.post(f"{journey}/pause").status_code == 403
    assert anonymous.get(f"{journey}/edit").status_code == 403


def test_people_and_their_reasons_are_listed_and_tasks_done(client, database, workspace):
    with database.transaction(workspace.id) as session:
        journey = a_journey(session, workspace, interest="Call")
        ada = consented_customer(session, workspace.id, first_name="Ada")
        enrolment.enrol_customer(session, journey, ada.id, now=NOON)
        enrolment.hear_response(session, workspace.id, [ada.id], reason=enrolment.Stop.INTEREST, at=NOON, now=NOON)
        task = tasks.list_open(session, workspace.id)[0]

    assert "Ada" in client.get(f"/journeys/{journey.id}/people?reason=interest").text
    assert "Ada" not in client.get(f"/journeys/{journey.id}/people?state=active").text
    assert "clicked" in client.get(f"/customers/{ada.id}").text
    assert "Call" in client.get("/").text
    assert client.post(f"/tasks/{task.id}/done").status_code == 303
    assert "Nothing to do" in client.get("/tasks").text


def test_every_page_of_a_new_workspace_teaches(client):
    assert "No journeys yet" in client.get("/journeys").text
    assert "Nothing to do" in client.get("/tasks").text
    assert re.search(r'<option[^>]*value="topic:\d+"', client.get("/journeys/new").text)
    assert client.get("/journeys/99").status_code == 404


def test_a_segment_that_does_not_work_any_more_is_named_where_the_journey_is_published(client, database, workspace):
    """Its field is gone: the pages answer, the review says what keeps it from going live, and nobody enters."""
    with database.transaction(workspace.id) as session:
        rule = codec.dump(Is("shirt", "M"))
        broken = Segment(workspace_id=workspace.id, name="Shirts", rules=rule, updated_at=NOON, created_by=None)
        session.add(broken)
        session.flush()
        journey_id = a_journey(session, workspace, trigger=("segment", broken.id), is_live=False).id

    answers = [client.get(f"/journeys/{journey_id}{page}") for page in ("", "/edit", "/publish")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "does not work any more" in answers[2].text
    assert client.post(f"/journeys/{journey_id}/publish").status_code == 409


def test_a_journey_whose_way_in_is_gone_can_still_be_renamed(client, database, workspace):
    """People are under way on it: its name, sender and tasks stay in somebody's hands."""
    with database.transaction(workspace.id) as session:
        made = a_journey(session, workspace, trigger=("segment", a_segment(session, workspace)))
        made.trigger_id += 10**6
        journey, gone = f"/journeys/{made.id}", f"segment:{made.trigger_id}"
    assert gone in client.get(f"{journey}/plan").text

    plan = {"name": "Renamed", "way_in": gone, "topic_id": workspace.topic_id, "identity_id": workspace.identity_id}
    assert client.post(f"{journey}/plan", data={**plan, "interest_owner_id": "0"}).status_code == 303
    assert "Renamed" in client.get(journey).text
