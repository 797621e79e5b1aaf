"""A withdrawal counts until the last moment at which it can be heard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.consent import actions, suppression
from app.consent.ledger.evidence import Evidence
from app.customers.profiles import people
from app.delivery.sending import store
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.servers.processes import until
from tests.factories.workspaces import WorkspaceForTests


def test_an_address_suppressed_after_the_claim_gets_nothing(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """The person's consent stands, the address does not: it is asked in the statement that hands over."""
    delivery.a_launched_send(services.database, workspace, 3)
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    claimed = sender.claim() or []
    silent = next(message for message in claimed if message.email == "p1@example.com")
    with services.database.transaction(workspace.id) as session:
        suppression.add(
            session,
            workspace.id,
            address_digest=silent.address_digest or b"",
            reason=suppression.BOUNCED,
            source="test",
            now=NOON,
        )

    assert sender.flush([], claimed) == {message.id for message in claimed} - {silent.id}
    assert sender.reevaluate([silent]) == []
    assert delivery.states(services.database, workspace)["p1@example.com"] == ("skipped", "suppressed")


def test_a_no_said_while_a_group_is_carried_counts_seconds_later(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """What was handed over and not begun within two seconds is asked about again, however slow the server."""
    delivery.a_launched_send(services.database, workspace, 12)
    with delivery.a_sink(tmp_path, {"at": "dot", "delay": 0.8}, offer="SIZE") as sink, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(delivery.run_lanes, delivery.services_to(services, sink), workspace)
        # The last one's turn comes eight seconds later, however busy the machine: it is the server that is slow.
        until(sink.lines)
        with services.database.transaction(workspace.id) as session:
            latest = people.find_by_email(session, workspace.id, "p11@example.com")
            assert latest
            actions.withdraw(session, workspace.id, latest.id, evidence=Evidence(method="preferences"), now=NOON)

        assert sending.result() == 11
        assert sorted(sink.recipients()) == sorted(f"p{n}@example.com" for n in range(11))
