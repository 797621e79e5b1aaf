"""What happens to a person's consent when two things are done to it in the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import text

from app.api.v1 import customers
from app.api.v1.schemas import CustomerIn
from app.consent import actions, permission, suppression
from app.consent.imports import consents
from app.consent.ledger import deadlines
from app.consent.ledger.evidence import Evidence
from app.consent.purposes import Event
from app.consent.signup import double_opt_in, signup_forms
from app.consent.tokens import PreferencesToken
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.profiles import people
from tests.factories import NOON
from tests.factories.consent import a_form, a_yes, consented_customer
from tests.factories.customers import import_file
from tests.factories.waiting_locks import until_somebody_waits

ADDRESS = "ada@example.com"


def a_program_brings_proof(database, workspace):
    proof = {"topic": "news", "given_at": NOON, "method": "checkout", "wording": "Yes"}
    given = CustomerIn.model_validate({"email": ADDRESS, "city": "Rome", "consent": [proof]})
    with database.transaction(workspace.id) as session:
        customers.upsert(session, workspace.id, given, key_id=1, now=NOON)


def a_file_brings_answers(database, workspace):
    import_file(database, workspace.id, f"email,city,subscribed\n{ADDRESS},Rome,no\n")


def a_visitor_signs_up(database, workspace):
    with database.transaction(workspace.id) as session:
        form = signup_forms.get_open(session, workspace.id, "newsletter")
        boxes = signup_forms.choices(session, form, language="en", sender="Shop", now=NOON)
        answer = double_opt_in.Answer(email=ADDRESS, chosen=tuple(boxes))
        double_opt_in.request(session, workspace.id, form, answer, now=NOON)


@pytest.mark.parametrize("act", [a_program_brings_proof, a_file_brings_answers, a_visitor_signs_up])
def test_whoever_records_an_answer_waits_before_they_touch_the_customer(database, workspace, act):
    """All come in the same order, the ledger before the customer, so that no two wait for each other."""
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email=ADDRESS)
        a_form(session, workspace.id, [workspace.topic_id])
    a_visitor_signs_up(database, workspace)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            consents.lock_answers(session, workspace.id)
            acting = pool.submit(act, database, workspace)
            until_somebody_waits(database, session)
            with database.transaction(workspace.id) as other:
                for table in ("customers", "confirmation_allowances"):
                    assert other.execute(text(f"SELECT 1 FROM {table} FOR UPDATE NOWAIT")).all()
        acting.result()


def test_a_visitor_whom_the_database_turned_away_is_answered_all_the_same(services, database, workspace, anonymous):
    """Somebody holds the customer and then wants the ledger; the visitor came the other way round."""
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, email=ADDRESS)
        ada, address_id = ada.id, ada.address_id
    made_in = int(services.clock.now().timestamp())
    link = "/p/" + PreferencesToken(workspace.id, ada, made_in, address_id).encode(services.tokens)
    with ThreadPoolExecutor(1) as pool:
        # On a slow machine PostgreSQL may turn the other one away instead; the visitor is answered in either case.
        with suppress(DeadlockDetected), database.transaction(workspace.id) as session:
            session.execute(text("SELECT id FROM customers WHERE id = :ada FOR UPDATE"), {"ada": ada})
            answer = pool.submit(anonymous.post, link, data={"language": "zh"})
            until_somebody_waits(database, session)
            consents.lock_answers(session, workspace.id)

        assert answer.result().status_code == 200
    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, ada).language == "zh"
        assert not any(row.allowed for row in permission.state_of(session, workspace.id, ada))


def test_a_renewal_of_the_same_moment_does_not_run_out(database, workspace):
    """The deadline takes the lock before it looks who is due."""
    day = NOON + timedelta(days=1)
    agreed = {"topic_id": workspace.topic_id, "evidence": a_yes()}
    with database.transaction(workspace.id) as session:
        ada = people.upsert(session, workspace.id, email="ada@example.com", fields={}, source="test", now=NOON).id
        actions.grant(session, workspace.id, ada, **agreed, now=NOON, expires_at=day, expires_rule="a day")

    def expire():
        with database.transaction(workspace.id) as session:
            return deadlines.expire_due(session, workspace.id, now=day)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            actions.grant(session, workspace.id, ada, **agreed, now=day, event=Event.RENEWED)
            expiring = pool.submit(expire)
            until_somebody_waits(database, session)

        assert expiring.result() == 0
    with database.transaction(workspace.id) as session:
        topic = {"purpose": "marketing", "topic_id": workspace.topic_id}
        assert permission.allows(session, workspace.id, ada, **topic, now=day)


def test_a_confirmation_holds_the_person_before_it_touches_their_address(database, workspace):
    """It marked the address as verified first, and who changed that address meanwhile waited for it in turn."""
    with database.transaction(workspace.id) as session:
        a_form(session, workspace.id, [workspace.topic_id])
    a_visitor_signs_up(database, workspace)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            session.execute(text("SELECT id FROM customers FOR UPDATE"))
            confirming = pool.submit(confirm_the_request, database, workspace)
            until_somebody_waits(database, session)
            assert session.execute(text("SELECT id FROM addresses FOR UPDATE NOWAIT")).all()
        assert confirming.result() is True


def test_a_confirmation_counts_for_the_address_the_person_has_when_it_holds_the_lock(database, workspace):
    with database.transaction(workspace.id) as session:
        a_form(session, workspace.id, [workspace.topic_id])
    a_visitor_signs_up(database, workspace)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            ada = people.find_by_email(session, workspace.id, ADDRESS)
            changes.change_email(session, ada, email="ada@new.example", source="staff:9", now=NOON)
            confirming = pool.submit(confirm_the_request, database, workspace)
            until_somebody_waits(database, session)
        with pytest.raises(double_opt_in.RequestRejected):
            confirming.result()


def confirm_the_request(database, workspace):
    with database.transaction(workspace.id) as session:
        number = session.scalar(text("SELECT id FROM signup_requests"))
        return double_opt_in.confirm(session, workspace.id, number, now=NOON)


def test_who_is_erased_leaves_no_email_that_came_meanwhile(database, workspace):
    """The addresses were read before the person was held, so that one added at that moment was not suppressed."""
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email=ADDRESS)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            ada = people.find_by_email(session, workspace.id, ADDRESS)
            new = NewAddress("email", "ada@new.example")
            digest = changes.add(session, ada, new, source="staff:9", now=NOON).digest
            erasing = pool.submit(erase, database, workspace, ada.id)
            until_somebody_waits(database, session)
        erasing.result()
    with database.transaction(workspace.id) as session:
        assert suppression.find(session, workspace.id, digest).reason == suppression.ERASED


def erase(database, workspace, customer_id):
    with database.transaction(workspace.id) as session:
        evidence = Evidence(method="request", actor="staff")
        actions.erase_evidence(session, workspace.id, customer_id, evidence=evidence, now=NOON)
