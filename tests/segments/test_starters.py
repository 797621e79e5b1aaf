"""Templates of segments are rules like any other, and a new segment begins with one."""

from __future__ import annotations

import pytest

from app.segments import codec, compiler, segments, sentence
from app.segments.builder.starters import STARTERS
from tests.factories.conditions import TYPES, VOCABULARY
from tests.factories.segments import NOON
from tests.factories.segments.people import many_customers


@pytest.mark.parametrize("starter", STARTERS, ids=lambda each: each.key)
def test_each_can_be_asked_said_and_shown(session, workspace, client, starter):
    rule = codec.load(starter.rules, TYPES)
    found = compiler.compile_rule(rule, segments.population(session, workspace.id, now=NOON))
    page = client.get(f"/segments/new?starter={starter.key}").text

    assert found.problems == []
    assert sentence.describe(rule, VOCABULARY).startswith("Customers for whom ")
    assert f'value="{starter.label}"' in page
    assert "is-invalid" not in page


def test_one_time_buyers_bought_once(session, workspace):
    people = many_customers(session, workspace.id, workspace.topic_id, seed=6, count=30)
    starter = next(each for each in STARTERS if each.key == "one_time")
    rule = codec.load(starter.rules, TYPES)
    found = set(session.scalars(segments.matches_query(session, workspace.id, rule, now=NOON)))

    assert found == {who.id for who in people if len(who.purchases) == 1 and (NOON - who.purchases[0][0]).days > 60}


def test_an_unknown_one_is_an_empty_segment(client):
    assert client.get("/segments/new?starter=nothing").status_code == 200
