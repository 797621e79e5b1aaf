"""Rows of the benchmark say the floor they stand on, and how many times it they cost."""

import pytest

from bench.measuring import Floor, Runs


@pytest.mark.parametrize(
    ("unit", "floor", "least", "ratio"),
    [
        ("rows/s", Floor("a raw COPY", cpu_us=2.0, figure=900.0), 2.0, 5.0),
        ("rows/s", Floor("a raw COPY", figure=400.0), 400.0, 4.0),
        ("ms", Floor("an empty page", figure=20.0), 20.0, 5.0),
    ],
)
def test_a_row_tells_its_floor_and_its_ratio(unit, floor, least, ratio):
    """Processor time is compared where both have it; else a rate or a duration, whichever the row is."""
    row = Runs("copied", unit, [100.0], [10.0], floor=floor).row()

    assert (row["floor"], row["floor_of"], row["ratio"]) == (least, floor.of, ratio)


def test_a_floor_that_was_not_measured_is_not_told():
    """A program without it prints its row as before."""
    assert "floor" not in Runs("copied", "rows/s", [100.0], floor=Floor("a raw COPY")).row()
