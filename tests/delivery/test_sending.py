"""Does every message reach its person once, and does every "no" stop it?"""

from __future__ import annotations

from pathlib import Path

from app.kernel.services import Services
from tests.factories import delivery
from tests.factories.workspaces import WorkspaceForTests


def test_everyone_who_agreed_gets_one_mail(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """A launched send ends with one accepted message per person and a closed send."""
    delivery.a_launched_send(services.database, workspace, 120)
    with delivery.a_sink(tmp_path) as sink:
        accepted = delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert accepted == 120
        assert sorted(sink.recipients()) == sorted(f"p{n}@example.com" for n in range(120))
        assert len(set(sink.message_ids())) == 120
    assert set(delivery.states(services.database, workspace).values()) == {("sent", None)}
