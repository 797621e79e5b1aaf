"""The tables of tracking about customers."""

from __future__ import annotations

from app.customers.merging.person_tables import PersonTable, moving
from app.tracking.models import MessageHits, Reply

TABLES = (
    PersonTable(MessageHits, moving(MessageHits, unless="s.message_id = t.message_id AND s.kind = t.kind"), None),
    PersonTable(Reply, moving(Reply), None, hidden=("reference",)),
)
