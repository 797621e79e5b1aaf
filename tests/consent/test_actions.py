"""What people can do about being written to, and what follows."""

import pytest
from sqlalchemy import text

from app.consent import actions, facts, permission, suppression, topics
from app.consent.ledger import verification
from app.consent.ledger.evidence import Evidence
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.profiles import people
from app.kernel.queueing.outbox import Listeners
from tests.factories import NOON
from tests.factories.consent import a_topic, a_yes, consented_customer

CLICK = Evidence(method="one_click", message_id=5)


@pytest.fixture
def extensions(extensions):
    """One job listens to both facts."""
    both = (facts.ConsentGiven, facts.ConsentWithdrawn)
    return extensions.replacing(Listeners(dict.fromkeys(both, ("consent_test.listen",))))


def count(session, event):
    return session.scalar(text("SELECT count(*) FROM consent_ledger WHERE event = :event"), {"event": event})


def allows(session, workspace, customer, topic_id, purpose="marketing"):
    return permission.allows(session, workspace.id, customer.id, purpose=purpose, topic_id=topic_id, now=NOON)


def test_a_yes_to_one_topic_is_no_yes_to_another(session, workspace):
    ada = consented_customer(session, workspace.id)
    offers = a_topic(session, workspace.id)

    assert allows(session, workspace, ada, workspace.topic_id)
    assert not allows(session, workspace, ada, offers.id)
    assert not allows(session, workspace, ada, 0, purpose="open_tracking")


def test_withdrawing_twice_is_one_record(session, workspace):
    ada = consented_customer(session, workspace.id)
    for _ in range(2):
        actions.withdraw(session, workspace.id, ada.id, topic_id=workspace.topic_id, evidence=CLICK, now=NOON)

    assert count(session, "withdrawn") == 1
    assert not allows(session, workspace, ada, workspace.topic_id)


def test_leaving_everything_ends_every_topic_and_purpose(session, workspace):
    offers = a_topic(session, workspace.id)
    ada = consented_customer(session, workspace.id, purposes=("open_tracking", "profiling"))
    actions.grant(session, workspace.id, ada.id, topic_id=offers.id, evidence=a_yes(), now=NOON)

    for _ in range(2):
        actions.leave_all(session, workspace.id, ada.id, evidence=CLICK, now=NOON)

    assert not any(row.allowed for row in permission.state_of(session, workspace.id, ada.id))
    assert count(session, "withdrawn") == 3


def test_a_person_may_come_back_to_one_topic_by_their_own_act(session, workspace):
    offers = a_topic(session, workspace.id)
    ada = consented_customer(session, workspace.id)
    actions.leave_all(session, workspace.id, ada.id, evidence=CLICK, now=NOON)
    actions.grant(session, workspace.id, ada.id, topic_id=offers.id, evidence=a_yes(), now=NOON)

    assert allows(session, workspace, ada, offers.id)
    assert not allows(session, workspace, ada, workspace.topic_id)


@pytest.mark.parametrize("act", [actions.complain, actions.object_all])
def test_a_complaint_or_objection_also_suppresses_the_address(session, workspace, act):
    ada = consented_customer(session, workspace.id, purposes=("profiling",))
    for _ in range(2):
        act(session, workspace.id, ada.id, evidence=Evidence(method="feedback_report"), now=NOON)

    assert suppression.is_suppressed(session, workspace.id, ada.address_digest)
    assert not allows(session, workspace, ada, workspace.topic_id)


def test_a_complaint_after_a_withdrawal_is_still_recorded(session, workspace):
    ada = consented_customer(session, workspace.id)
    actions.withdraw(session, workspace.id, ada.id, evidence=CLICK, now=NOON)
    actions.complain(session, workspace.id, ada.id, evidence=CLICK, now=NOON)

    assert count(session, "complained") == 1


def test_an_empty_box_takes_nothing_back(session, workspace):
    """Leaving a box empty on a second form is not a withdrawal of what was given before."""
    ada = consented_customer(session, workspace.id, purposes=("profiling",))
    refused = actions.refuse(session, workspace.id, ada.id, purpose="profiling", evidence=CLICK, now=NOON)

    assert refused is None
    assert allows(session, workspace, ada, 0, purpose="profiling")


def test_every_change_is_announced(session, workspace):
    ada = consented_customer(session, workspace.id)
    actions.withdraw(session, workspace.id, ada.id, topic_id=workspace.topic_id, evidence=CLICK, now=NOON)
    actions.withdraw(session, workspace.id, ada.id, topic_id=workspace.topic_id, evidence=CLICK, now=NOON)

    rows = session.execute(text("SELECT args FROM outbox WHERE name = 'consent_test.listen' ORDER BY id")).scalars()
    expected = {"workspace_id": workspace.id, "customer_id": ada.id, "purpose": "marketing"}
    given, withdrawn = rows
    assert given == {**expected, "topic_id": workspace.topic_id}
    assert withdrawn == {**expected, "topic_id": workspace.topic_id, "message_id": 5}


def test_erasing_evidence_leaves_the_chain_whole(session, workspace):
    ada = consented_customer(session, workspace.id)
    second = changes.add(session, ada, NewAddress("email", "ada@work.example"), source="staff:9", now=NOON)
    digests = [ada.address_digest, second.digest]
    actions.erase_evidence(session, workspace.id, ada.id, evidence=Evidence(method="request", actor="staff"), now=NOON)

    assert session.scalar(text("SELECT count(*) FROM consent_evidence")) == 0
    assert [suppression.find(session, workspace.id, digest).reason for digest in digests] == ["erased", "erased"]
    assert session.scalar(text("SELECT count(*) FROM addresses WHERE customer_id = :id"), {"id": ada.id}) == 0
    assert people.get(session, workspace.id, ada.id).email is None
    assert verification.check(session, workspace.id) == []


def test_erasing_suppresses_former_emails_but_not_those_of_others(session, workspace):
    """Somebody's old mailbox could be imported and written to again after they were erased."""
    ada = people.upsert(session, workspace.id, email="ada@example.com", fields={}, source="test", now=NOON)
    digests = [ada.address_digest]
    for email in ("info@example.com", "ada@new.example"):
        changes.change_email(session, ada, email=email, source="staff:9", now=NOON)
        digests.append(ada.address_digest)
    bob = people.upsert(session, workspace.id, email="info@example.com", fields={}, source="test", now=NOON)
    actions.erase_evidence(session, workspace.id, ada.id, evidence=Evidence(method="request", actor="staff"), now=NOON)

    held = [suppression.find(session, workspace.id, digest) for digest in digests]
    assert [each.reason if each else None for each in held] == ["erased", None, "erased"]
    assert people.get(session, workspace.id, bob.id).email == "info@example.com"


@pytest.mark.parametrize("key", ["spring_sale", "-spring", "spring-", "Spring"])
def test_a_topic_key_can_stand_in_a_list_id(session, workspace, key):
    with pytest.raises(topics.TopicInvalid):
        topics.create(session, workspace.id, name="Spring", key=key)
    assert topics.create(session, workspace.id, name="Spring sale").key == "spring-sale"
