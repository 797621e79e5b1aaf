"""How often, and in which period: one pair of values that conditions on activities and purchases share."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from app.conditions.condition import Condition
from app.segments import sentence
from app.segments.compiler import Population, compile_rule
from tests.factories.conditions import FIELDS, VOCABULARY, Did, Purchased
from tests.factories.segments import NOON

NEW_YEAR, MARCH = date(2026, 1, 1), date(2026, 3, 1)
LINE = {"r-match": "all", "r.0-what": "did", "r.0-op": "click"}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Did("click", 1), "they clicked at any time"),
        (Did("click", 1, 1), "they clicked in the last day"),
        (Did("click", 2, 30), "they clicked at least 2 times in the last 30 days"),
        (Did("click", 1, 30, at_most=1), "they clicked exactly 1 time in the last 30 days"),
        (Did("click", 0, 30, at_most=2), "they clicked at most 2 times in the last 30 days"),
        (Did("click", 2, at_most=5, since=NEW_YEAR), "they clicked 2 to 5 times since 2026-01-01"),
        (Did("click", 0, 30, at_most=0), "they did not click in the last 30 days"),
        (Did("open", 0, 7, "any", at_most=0), "neither they nor a machine opened mail in the last 7 days"),
        (
            Purchased("count", Decimal(3), since=NEW_YEAR, until=MARCH),
            "they bought at least 3 times between 2026-01-01 and 2026-03-01",
        ),
        (Purchased("count", Decimal(0), 90, at_most=Decimal(0)), "they did not buy in the last 90 days"),
        (Purchased("sum", Decimal("99.5"), until=MARCH), "they spent at least 99.5 until 2026-03-01"),
    ],
)
def test_it_reads_as_people_say_it(condition: Condition, said: str) -> None:
    assert sentence.describe(condition, VOCABULARY) == f"Customers for whom {said}."


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        (Did("click", 0), "at_least"),
        (Did("click", 3, at_most=2), "at_most"),
        (Did("click", 1, 30, since=NEW_YEAR), "days"),
        (Did("signup", 1, since=MARCH, until=NEW_YEAR), "until"),
        (Purchased("sum", Decimal(1), at_most=Decimal(2)), "at_most"),
        (Purchased("sum", Decimal(0), 30), "at_least"),
    ],
)
def test_what_cannot_be_is_refused_at_its_input(condition: Condition, part: str) -> None:
    problems = compile_rule(condition, Population(1, FIELDS, NOON)).problems

    assert [problem.path for problem in problems] == [(part,)]


@pytest.mark.parametrize(
    ("typed", "drawn", "said"),
    [
        ({}, {"times", "at_least", "window"}, None),
        ({"at_least": "2", "days": "30"}, {"times", "at_least", "window", "days"}, "at least 2 times in the last 30"),
        ({"times": "never", "window": "last", "days": "3"}, {"times", "window", "days"}, "did not click in the last 3"),
        (
            {"times": "between", "at_least": "2", "at_most": "4"},
            {"times", "at_least", "at_most", "window"},
            "2 to 4 times",
        ),
        (
            {"times": "exactly", "at_least": "2", "window": "between", "since": "2026-01-01", "until": "2026-02-01"},
            {"times", "at_least", "window", "since", "until"},
            "exactly 2 times between 2026-01-01 and 2026-02-01",
        ),
    ],
)
def test_the_builder_shows_the_inputs_that_are_needed(
    client: FlaskClient, typed: dict[str, str], drawn: set[str], said: str | None
) -> None:
    """Each choice shows what it needs, and is kept and shown again as it was made."""
    form = LINE | {f"r.0-{name}": word for name, word in typed.items()}
    page = client.post("/segments/draft", data=form).text
    names = ("times", "at_least", "at_most", "window", "days", "since", "until")

    assert {name for name in names if f'name="r.0-{name}"' in page} == drawn
    assert "One condition is still empty" in page if said is None else said in page
    if said:
        kept = client.post("/segments/save", data={**form, "name": "Clicks"})
        assert said in client.get(kept.headers["Location"]).text
