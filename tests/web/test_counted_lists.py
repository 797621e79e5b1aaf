"""Lists ask the database as often for many rows as for few."""

from __future__ import annotations

import pytest

from tests.factories.campaigns import a_campaign
from tests.factories.journeys import a_segment


def a_few_campaigns(session, workspace, numbers):
    for number in numbers:
        a_campaign(session, workspace, name=f"Campaign {number}")


def a_few_segments(session, workspace, numbers):
    for number in numbers:
        a_segment(session, workspace, tag=f"t{number}")


@pytest.mark.parametrize(("path", "make"), [("/campaigns", a_few_campaigns), ("/segments", a_few_segments)])
def test_a_list_asks_as_often_for_many_as_for_few(client, database, workspace, statements, path, make):
    counts = []
    for numbers in (range(2), range(2, 9)):
        with database.transaction(workspace.id) as session:
            make(session, workspace, numbers)
        client.get(path)
        with statements() as asked:
            page = client.get(path).text
        counts.append(len(asked))

    assert "8" in page
    assert counts[0] == counts[1]
