"""What the customers room does in the background."""

from __future__ import annotations

from app.customers.imports import running
from app.kernel.registry import job
from app.kernel.services import Services


@job("customers.run_import")
def run_import(services: Services, *, workspace_id: int, import_id: int) -> None:
    """Take a file over; started again, it goes on where it stopped."""
    running.run(services.database, services.clock, workspace_id, import_id)


@job("customers.check_import")
def check_import(services: Services, *, workspace_id: int, import_id: int) -> None:
    """Say what taking a file over would do."""
    running.rehearse(services.database, services.clock, workspace_id, import_id)
