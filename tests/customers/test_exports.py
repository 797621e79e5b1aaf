"""What leaves as a file comes back as it was, and harms no spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.customers import cells, exports, fields
from app.customers.models import Customer
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file
from tests.factories.workspaces import a_workspace

HOSTILE = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "'=quoted", "''", "<b>", 'say "hi", you', "李 小龙", "a;b", "x\\N"]


@given(st.text())
def test_quoting_is_undone_exactly(text):
    quoted = cells.quote(text)

    assert cells.unquote(quoted) == text
    assert quoted[:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_an_export_comes_back_as_it_was(database, workspace):
    other = a_workspace(database, name="Copy", now=NOON).id
    for workspace_id in (workspace.id, other):
        with database.transaction(workspace_id) as session:
            fields.create(session, workspace_id, key="size", label="Size", kind="number")
            fields.create(session, workspace_id, key="member", label="Member", kind="boolean")
            fields.create(session, workspace_id, key="since", label="Since", kind="date")
    with database.transaction(workspace.id) as session:
        for place, text in enumerate(HOSTILE):
            a_customer(
                session,
                workspace.id,
                first_name=text,
                city=text,
                tags=["vip", text.replace(",", "").replace(";", "")],
                external_ref=f"=C{place}",
                size=str(place / 2),
                member="yes",
                since="2024-02-29",
            )
    content = "".join(cells.table(exports.rows(database, workspace.id)))
    done = import_file(database, other, content)

    assert done.counts == {"created": len(HOSTILE)}
    assert known(database, other) == known(database, workspace.id)


def known(database, workspace_id):
    with database.transaction(workspace_id) as session:
        people = session.scalars(select(Customer).order_by(Customer.email_key)).all()
        return [(c.email, c.external_ref, c.first_name, c.city, sorted(c.tags), c.custom) for c in people]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_begins_like_a_formula(text):
    line = "".join(cells.table([[text]])).lstrip("\ufeff")

    assert next(csv.reader(io.StringIO(line)))[0][:1] not in ("=", "+", "-", "@")


def test_the_download_is_a_csv_file(client, database, workspace):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com")
    answer = client.get("/customers/export.csv")

    assert answer.mimetype == "text/csv"
    assert "ada@example.com" in answer.text
