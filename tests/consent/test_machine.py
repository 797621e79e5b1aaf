"""Whatever people, staff and files do, in whatever order: unsubscribed wins, and the state is the ledger's fold."""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.consent import actions, permission, suppression
from app.consent.imports import consents, refusals
from app.consent.imports.consents import Claim, ImportTerms
from app.consent.imports.refusals import Refusal
from app.consent.ledger import verification
from app.consent.ledger.evidence import Evidence
from app.customers.profiles import people
from tests.factories import NOON
from tests.factories.consent import a_topic

TOPICS = st.integers(0, 1)
PROOF = Evidence(method="test")


def machine_for(session, workspace):
    """Build a machine about one person and two topics of this workspace."""
    topics = [
        topic.id for topic in (a_topic(session, workspace.id, name="One"), a_topic(session, workspace.id, name="Two"))
    ]
    keys = ["one", "two"]

    class Consent(RuleBasedStateMachine):
        number = 0

        def __init__(self):
            super().__init__()
            type(self).number += 1
            address = f"person{self.number}@example.com"
            self.person = people.upsert(session, workspace.id, email=address, fields={}, source="test", now=NOON)
            self.now = NOON
            self.allowed = set()
            self.said_no = set()
            self.left_all = self.is_silent = False

        def tick(self):
            self.now += timedelta(minutes=1)
            return {"now": self.now, "evidence": PROOF}

        @rule(topic=TOPICS)
        def agrees(self, topic):
            actions.grant(session, workspace.id, self.person.id, topic_id=topics[topic], **self.tick())
            self.allowed.add(topic)
            self.said_no.discard(topic)

        @rule(topic=TOPICS)
        def withdraws(self, topic):
            actions.withdraw(session, workspace.id, self.person.id, topic_id=topics[topic], **self.tick())
            self.allowed.discard(topic)
            self.said_no.add(topic)

        @rule(how=st.sampled_from([actions.leave_all, actions.object_all, actions.complain]))
        def leaves_everything(self, how):
            how(session, workspace.id, self.person.id, **self.tick())
            self.allowed.clear()
            self.said_no = {0, 1}
            self.left_all = True
            self.is_silent |= how is not actions.leave_all

        @rule()
        def answers_from_the_mailbox(self):
            suppression.end_by_confirmation(session, workspace.id, self.person.address_digest)
            self.is_silent = False

        @rule(topic=TOPICS)
        def leaves_a_box_empty(self, topic):
            actions.refuse(
                session, workspace.id, self.person.id, purpose="marketing", topic_id=topics[topic], **self.tick()
            )
            if topic not in self.allowed:
                self.said_no.add(topic)

        @rule(topic=TOPICS)
        def is_in_an_imported_file(self, topic):
            self.tick()
            terms = ImportTerms("form", keys[topic], wording="Yes")
            claim = Claim(self.person.id, 1, "x@example.com", self.person.address_digest, NOON, terms)
            consents.record_many(session, workspace.id, "import 1", [claim], self.now)
            if not self.left_all and not self.is_silent and topic not in self.said_no:
                self.allowed.add(topic)

        @rule()
        def says_no_in_an_imported_file(self):
            said = Refusal(self.person.id, 1, "x@example.com", self.person.address_digest)
            refusals.record_many(session, workspace.id, [said], **self.tick())
            self.allowed.clear()
            self.said_no = {0, 1}
            self.left_all = True

        @invariant()
        def only_what_was_agreed_is_allowed(self):
            found = {
                topic
                for topic in (0, 1)
                if permission.allows(
                    session, workspace.id, self.person.id, purpose="marketing", topic_id=topics[topic], now=self.now
                )
            }
            assert found == (set() if self.is_silent else self.allowed)

        def teardown(self):
            assert verification.check(session, workspace.id) == []

    return Consent


def test_unsubscribed_wins_in_every_order(session, workspace):
    run_state_machine_as_test(
        machine_for(session, workspace),
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
