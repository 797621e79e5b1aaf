"""A segment's size is kept by the day, and drawn on its page."""

from __future__ import annotations

from datetime import date, timedelta

from app.segments import jobs, segments
from app.segments.membership import sizes
from app.segments.membership.sizes import Size
from app.segments.segments import SegmentChange
from tests.factories.conditions import Is
from tests.factories.customers import a_customer
from tests.factories.segments import NOON

DAY = timedelta(days=1)


def test_the_latest_count_of_each_day_is_kept_and_drawn(services, client, database, workspace, clock):
    with database.transaction(workspace.id) as session:
        change = SegmentChange("Romans", Is("city", "Rome"))
        rome = segments.save(session, workspace.id, change, staff_id=None, now=NOON).id
    for _ in range(3):
        for _ in range(2):
            with database.transaction(workspace.id) as session:
                a_customer(session, workspace.id, city="Rome")
            jobs.count_all(services)
        clock.advance(DAY)
    with database.transaction(workspace.id) as session:
        today = NOON.date()
        found = sizes.of_segment(session, workspace.id, rome, today=today + 3 * DAY)
        assert found == [Size(today + number * DAY, 2 * (number + 1)) for number in range(3)]
        assert sizes.of_segment(session, workspace.id, rome, today=date(2027, 3, 2)) == []
        sizes.delete_old(session, workspace.id, today=today + sizes.KEPT + DAY)
        assert len(sizes.of_segment(session, workspace.id, rome, today=today + 3 * DAY)) == 2
    assert "Size over time" in client.get(f"/segments/{rome}").text
