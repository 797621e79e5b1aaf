"""The tables of followup about customers."""

from __future__ import annotations

from app.customers.merging.person_tables import PersonTable, moving
from app.followup.models import Task

TABLES = (PersonTable(Task, moving(Task), None),)
