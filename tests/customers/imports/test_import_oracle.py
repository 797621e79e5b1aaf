"""Whatever a file holds, the importer agrees with a plain reading of it, row after row."""

from __future__ import annotations

import csv
import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.customers.models import Customer
from tests.factories import NOON
from tests.factories.customers import import_file
from tests.factories.workspaces import a_workspace

EMAILS = [
    "ada@example.com",
    "ADA@Example.com",
    "bob@example.com",
    "eve+x@example.com",
    "nobody",
    "",
    " ada@example.com",
]
CELLS = st.sampled_from(["", "Ada", "李", "=1+1", "a;b", '"', " x ", "-", "'"])
ROWS = st.lists(st.tuples(st.sampled_from(EMAILS), CELLS, CELLS, st.sampled_from(["", "vip", "vip;new"])), max_size=12)


def plainly(files):
    """Read the files as a person would: {key: (first name, city, tags)}, and how many rows are no good."""
    known, refused = {}, 0
    for rows in files:
        for email, first_name, city, tags in rows:
            key = email.strip().lower()
            if "@" not in key:
                refused += 1
                continue
            was = known.get(key, (None, None, frozenset()))
            told = [unquoted(text.strip()) or None for text in (first_name, city)]
            known[key] = (told[0] or was[0], told[1] or was[1], was[2] | frozenset(filter(None, tags.split(";"))))
    return known, refused


def unquoted(text):
    return text[1:] if text.startswith(("'=", "'-", "'+", "'@")) else text


def written(rows):
    out = io.StringIO()
    csv.writer(out).writerows([("email", "first_name", "city", "tags"), *rows])
    return out.getvalue()


QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
@given(first=ROWS, second=ROWS)
def test_the_importer_agrees_with_a_plain_reading(database, first, second):
    workspace_id = a_workspace(database, name="Oracle", now=NOON).id
    done = [import_file(database, workspace_id, written(rows)) for rows in (first, second)]

    expected, refused = plainly([first, second])
    with database.transaction(workspace_id) as session:
        people = session.scalars(select(Customer)).all()
        found = {c.email_key: (c.first_name, c.city, frozenset(c.tags)) for c in people}
    assert found == expected
    assert sum(found.counts.get("refused", 0) for found in done) == refused
    for rows, one in zip((first, second), done, strict=True):
        assert sum(one.counts.values()) == len(rows)
