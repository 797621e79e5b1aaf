"""The tables of segments about customers: lists they are on, segments they are in."""

from __future__ import annotations

from app.customers.merging.person_tables import PersonTable, moving
from app.segments.models import ChangedCustomer, ListMember, MemberCheck, SegmentMember, SegmentMove

TABLES = (
    PersonTable(ListMember, moving(ListMember, unless="s.list_id = t.list_id"), None),
    PersonTable(SegmentMember, moving(SegmentMember, unless="s.segment_id = t.segment_id"), None),
    PersonTable(SegmentMove, moving(SegmentMove), None),
    # Marks of changes, which a job works off: whose number is an old one is in no segment.
    PersonTable(ChangedCustomer, None, None),
    PersonTable(MemberCheck, None, None),
)
