"""The condition on the latest answer about consent, and when it came."""

from __future__ import annotations

from datetime import timedelta

from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.segments import segments
from tests.factories import NOON
from tests.factories.conditions import Answered
from tests.factories.consent import consented_customer
from tests.factories.customers import a_customer

DAY = timedelta(days=1)


def test_the_latest_answer_counts_and_when_it_came(session, workspace):
    ada, bob = (consented_customer(session, workspace.id, email=f"{name}@example.com") for name in ("ada", "bob"))
    a_customer(session, workspace.id)
    now = NOON + 40 * DAY
    actions.withdraw(session, workspace.id, bob.id, purpose="marketing", topic_id=workspace.topic_id,
                     evidence=Evidence(method="web_form"), now=now - 5 * DAY)  # fmt: skip

    def asked(state, **when):
        rule = Answered("marketing", workspace.topic_id, state, **when)
        return set(session.scalars(segments.matches_query(session, workspace.id, rule, now=now)))

    assert asked("given") == {ada.id}
    assert asked("withdrawn") == {bob.id}
    assert asked("withdrawn", days=3) == set()
    assert asked("withdrawn", days=6) == {bob.id}
    assert asked("given", until=NOON.date() - DAY) == set()
    assert asked("given", days=365) == {ada.id}
    assert asked("refused") == set()
