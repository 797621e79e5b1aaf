"""The counts of the first page: who is mailable now, on what ground, since when, and how that changed."""

from datetime import timedelta

from app.consent import actions, reports, suppression
from app.consent.ledger.evidence import Evidence
from tests.factories import NOON
from tests.factories.consent import a_topic, a_yes, consented_customer


def test_the_base_counts_people_once_and_leaves_out_who_is_suppressed(session, workspace):
    offers = a_topic(session, workspace.id)
    ada = consented_customer(session, workspace.id, now=NOON - timedelta(days=400))
    actions.grant(session, workspace.id, ada.id, topic_id=offers.id, evidence=a_yes(), now=NOON)
    bob = consented_customer(session, workspace.id, email="bob@example.com")
    suppression.add(session, workspace.id, address_digest=bob.address_digest, reason="bounced", source="test", now=NOON)
    eve = consented_customer(session, workspace.id, email="eve@example.com")
    actions.withdraw(session, workspace.id, eve.id, topic_id=workspace.topic_id, evidence=a_yes(), now=NOON)

    base = reports.base(session, workspace.id, now=NOON)

    assert base.people == 1
    assert base.by_topic == {workspace.topic_id: 1, offers.id: 1}
    assert base.not_allowed == {workspace.topic_id: {"withdrawn": 1}}
    assert base.by_source == [("consent", "web_form", 2)]
    assert base.by_age == (1, 0, 1, 0)


def test_the_weeks_say_what_was_gained_and_lost_and_why(session, workspace):
    ada = consented_customer(session, workspace.id, now=NOON - timedelta(weeks=2))
    actions.complain(session, workspace.id, ada.id, evidence=Evidence(method="feedback_report"), now=NOON)

    flow = reports.flow(session, workspace.id, now=NOON, time_zone="Europe/Berlin")

    assert len(flow.weeks) == 13
    assert flow.gained["given"][-3:] == (1, 0, 0)
    assert flow.lost["complained"][-3:] == (0, 0, 1)
    assert (flow.gained_total, flow.lost_total) == (1, 1)
