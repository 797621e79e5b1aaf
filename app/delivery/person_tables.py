"""The tables of delivery about customers."""

from __future__ import annotations

from app.customers.merging.person_tables import Kept, PersonTable
from app.delivery.models import DomainRefusals, Message, MessageDecision
from app.delivery.transitions import people

TABLES = (
    PersonTable(Message, people.merge, people.blank, hidden=("attempt", "permission_seq"), returned=people.take_up),
    PersonTable(
        MessageDecision,
        None,
        Kept("It names a message, and that one nobody any more."),
        of_person="t.message_id IN (SELECT m.id FROM messages m WHERE m.workspace_id = :w"
        " AND m.customer_id = ANY(CAST(:ids AS bigint[])))",
    ),
    PersonTable(DomainRefusals, None, Kept("Hashes of addresses that a domain refused, for a while."), of_person=None),
)
