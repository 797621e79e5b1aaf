"""What happens to a person's consent when two things are done to it in the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from app.consent import actions, deadlines, permission
from app.consent.purposes import Event
from app.customers import people
from tests.factories import NOON
from tests.factories.consent import a_yes
from tests.factories.turns import until_somebody_waits


def test_a_renewal_of_the_same_moment_does_not_run_out(database, workspace):
    """The deadline waits for its turn before it looks who is due."""
    day = NOON + timedelta(days=1)
    agreed = {"topic_id": workspace.topic_id, "evidence": a_yes()}
    with database.transaction(workspace.id) as session:
        ada = people.upsert(session, workspace.id, email="ada@example.com", fields={}, source="test", now=NOON).id
        actions.grant(session, workspace.id, ada, **agreed, now=NOON, expires_at=day, expires_rule="a day")

    def expire():
        with database.transaction(workspace.id) as session:
            return deadlines.expire_due(session, workspace.id, now=day)

    with ThreadPoolExecutor(1) as beside:
        with database.transaction(workspace.id) as session:
            actions.grant(session, workspace.id, ada, **agreed, now=day, event=Event.RENEWED)
            expiring = beside.submit(expire)
            until_somebody_waits(database, session)

        assert expiring.result() == 0
    with database.transaction(workspace.id) as session:
        topic = {"purpose": "marketing", "topic_id": workspace.topic_id}
        assert permission.allows(session, workspace.id, ada, **topic, now=day)
