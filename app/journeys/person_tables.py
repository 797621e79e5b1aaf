"""The tables of journeys about customers."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.customers.merging import journal
from app.customers.merging.journal import Merging
from app.customers.merging.person_tables import PersonTable
from app.journeys.models import Enrolment

_OF_SURVIVOR = """FROM enrolments s
    WHERE s.workspace_id = :w AND s.journey_id = {t}.journey_id AND s.customer_id = :survivor"""


def _merge(session: Session, merging: Merging) -> None:
    """Let the survivor have been through both; a journey that both are on, they go on with once."""
    table = Enrolment
    also_on = f"EXISTS (SELECT {_OF_SURVIVOR.format(t='t')} AND s.state = 'active')"
    journal.change(
        session, merging, table,
        "state = 'stopped', stop_reason = 'merged', due_at = NULL, mail_at = NULL, ended_at = :now",
        f"t.customer_id = :former AND t.state = 'active' AND {also_on}",
    )  # fmt: skip
    runs = f"coalesce((SELECT max(s.run) {_OF_SURVIVOR.format(t='b')}), 0)"
    journal.change(
        session, merging, table, f"customer_id = :survivor, run = b.run + {runs}", "t.customer_id = :former"
    )  # fmt: skip


TABLES = (PersonTable(Enrolment, _merge, None),)
