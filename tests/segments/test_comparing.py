"""Two or three segments are compared by who is in which, and drawn as large as they are."""

from __future__ import annotations

import math
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from app.segments import segments
from app.segments.comparing import comparison, venn
from app.segments.comparing.comparison import Overlap
from app.segments.segments import SegmentChange
from tests.factories.conditions import HasTag
from tests.factories.customers import a_customer
from tests.factories.segments import NOON


def test_each_part_is_counted(session, workspace):
    people = {"a": 3, "ab": 2, "abc": 1, "c": 4, "": 2}
    for tags, count in people.items():
        for _ in range(count):
            a_customer(session, workspace.id, tags=list(tags))
    members = [segments.matches_query(session, workspace.id, HasTag(tag), now=NOON) for tag in "abc"]
    found = comparison.overlap(session, members)

    assert found.parts == {0b001: 3, 0b011: 2, 0b111: 1, 0b100: 4}
    assert [found.size(position) for position in range(3)] == [6, 3, 5]
    assert (found.shared(0, 1), found.shared(0, 2), found.shared(0, 1, 2), found.everyone) == (3, 1, 1, 10)


@given(st.dictionaries(st.integers(1, 7), st.integers(0, 2_000_000)), st.sampled_from((2, 3)))
def test_any_overlap_can_be_drawn(parts, count):
    """Whatever is empty, equal or one in the other: the circles are inside the picture and as large as the segments."""
    found = Overlap({key: people for key, people in parts.items() if key < 1 << count}, count)
    drawn = venn.circles(found)
    if not found.everyone:
        assert drawn == []
        return
    assert len(drawn) == count
    for circle in drawn:
        assert circle.radius > 0
        assert circle.x - circle.radius >= -0.2
        assert circle.x + circle.radius <= venn.WIDTH + 0.2
        assert circle.y - circle.radius >= -0.2
        assert circle.y + circle.radius <= venn.HEIGHT + 0.2
    sizes = [found.size(position) for position in range(count)]
    for one, other in combinations(range(count), 2):
        if min(sizes[one], sizes[other]) > max(sizes) * 0.01:
            areas = drawn[one].radius ** 2 / drawn[other].radius ** 2
            assert math.isclose(areas, sizes[one] / sizes[other], rel_tol=0.1)


def test_the_page_says_the_parts_and_makes_segments_of_them(client, database, workspace):
    with database.transaction(workspace.id) as session:
        for tags in ("a", "ab", "b", "b"):
            a_customer(session, workspace.id, tags=list(tags))
        ids = [
            segments.save(session, workspace.id, SegmentChange(f"Tag {tag}", HasTag(tag)), staff_id=None, now=NOON).id
            for tag in "ab"
        ]
    page = client.get(f"/segments/compare?with={ids[0]}&with={ids[1]}&with=")

    assert "1 person is in all of them." in page.text
    assert page.text.count("<circle") == 2
    assert "Tag a: 2; Tag b: 3. In all of them: 1." in page.text
    for odd in ("", f"?with={ids[0]}", "?with=x&with=999999&with=-1", f"?with={ids[0]}&with={ids[0]}"):
        assert client.get(f"/segments/compare{odd}").status_code == 200
