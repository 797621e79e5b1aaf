"""The condition on activities counts what people did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.tracking.replies import replies
from tests.factories.conditions import Did
from tests.factories.customers import a_customer
from tests.factories.segments import NOON, counted
from tests.factories.workspaces import WorkspaceForTests


@pytest.mark.parametrize("rule", [Did("reply", 1), Did("reply", 1, 30), Did("reply", 2), Did("reply", 2, 30)])
@pytest.mark.parametrize("verdict", ["human", "any"])
def test_automatic_replies_are_no_replies(
    session: Session, workspace: WorkspaceForTests, rule: Did, verdict: str
) -> None:
    """Whoever is on holiday has not replied, however the rule is written; "any" used to count their mailbox."""
    ada, machine = (a_customer(session, workspace.id) for _ in range(2))
    for customer, headers in ((ada, {}), (machine, {"Auto-Submitted": "auto-replied"})):
        for day in (1, 2):
            replies.record(
                session,
                workspace.id,
                replies.ReceivedReply(
                    subject="Re: News",
                    text="I am away until Monday." if headers else "Thank you, I will come by.",
                    headers={**headers, "Message-ID": f"<{customer.id}-{day}@example.com>"},
                    is_verified=True,
                ),
                customer_id=customer.id,
                message_id=None,
                send_id=None,
                now=NOON - timedelta(days=day),
            )
    asked = Did(rule.kind, rule.at_least, rule.days, verdict)  # type: ignore[arg-type]

    assert counted(session, workspace.id, asked, now=NOON) == 1


def test_what_machines_open_is_counted_only_when_asked(session: Session, workspace: WorkspaceForTests) -> None:
    ada = a_customer(session, workspace.id)
    opened = ActivityRow(workspace.id, ada.id, NOON, EventName.OPENED, Source.TRACKING, verdict="scanner")
    activities.record_many(session, [opened, opened], now=NOON)

    assert counted(session, workspace.id, Did("open", 2, 30, "any"), now=NOON) == 1
    assert counted(session, workspace.id, Did("open", 2, 30), now=NOON) == 0
