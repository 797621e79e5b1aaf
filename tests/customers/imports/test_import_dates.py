"""Dates and decimals of a file are read as the person says they are written, whichever column they stand in."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.customers.models import Customer
from app.customers.profiles import fields
from tests.factories.customers import import_file

HEAD = "email,since,size\n"


@pytest.fixture
def _own_fields(database, workspace):
    with database.transaction(workspace.id) as session:
        fields.create(session, workspace.id, key="since", label="Since", kind="date")
        fields.create(session, workspace.id, key="size", label="Size", kind="number")


@pytest.mark.usefixtures("_own_fields")
@pytest.mark.parametrize(
    ("order", "cell", "day"),
    [
        *(("mdy", "03/04/2026", "2026-03-04"), ("mdy", "03/31/2026", "2026-03-31")),
        ("dmy", "03/04/2026", "2026-04-03"),
        *(("dmy", "31.03.2026 23:30:00 +0500", "2026-03-31"), ("mdy", "2026-04-03", "2026-04-03")),
    ],
)
def test_a_custom_date_follows_the_chosen_date_order(database, workspace, order, cell, day):
    done = import_file(database, workspace.id, f"{HEAD}ada@example.com,{cell},\n", date_order=order)

    assert done.counts == {"created": 1}
    assert custom(database, workspace) == {"since": day}


@pytest.mark.usefixtures("_own_fields")
def test_a_custom_number_follows_the_chosen_decimal_mark(database, workspace):
    done = import_file(database, workspace.id, f'{HEAD}ada@example.com,,"1.012,50"\n', decimal=",")

    assert done.counts == {"created": 1}
    assert custom(database, workspace) == {"size": 1012.5}


def custom(database, workspace):
    with database.transaction(workspace.id) as session:
        return session.scalars(select(Customer)).one().custom
