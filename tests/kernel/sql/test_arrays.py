"""PostgreSQL reads from a literal the values it was written of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.sql import arrays

_BIGINTS = st.integers(-(2**63), 2**63 - 1)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.fixture
def read(session: Session):
    def back(literal: str, of: str) -> list[object]:
        return list(session.scalar(text(f"SELECT CAST(:literal AS {of}[])"), {"literal": literal}))

    return back


@pytest.mark.parametrize(
    ("write", "of", "values"),
    [
        (arrays.numbers, "bigint", _BIGINTS),
        (arrays.numbers, "float8", st.floats(allow_nan=False)),
        (arrays.numbers, "bool", st.booleans()),
        (arrays.texts, "text", _TEXTS),
        (arrays.times, "timestamptz", _TIMES),
        (arrays.binary, "bytea", st.binary(max_size=40)),
    ],
)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_is_read(read, write, of, values, data):
    given = data.draw(st.lists(st.none() | values, max_size=8))

    found = read(write(given), of)

    assert found == [value.replace("\0", "") if isinstance(value, str) else value for value in given]


def test_words_need_no_quotes(read):
    given = ["sent", "in_doubt", "method_head", "a1"]

    assert (read(arrays.words(given), "text"), read(arrays.words([]), "text")) == (given, [])


@pytest.mark.parametrize("hostile", ["NULL", "None", "", " ", "{}", "},{", '"', "\\", '\\"', "a,b", "'; --", "\n"])
def test_no_text_is_read_as_syntax(read, hostile: str):
    assert read(arrays.texts([hostile, None]), "text") == [hostile, None]
