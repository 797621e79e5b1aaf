"""A file with the headings of an earlier one is offered the same meaning, in whatever order its columns stand."""

from __future__ import annotations

import io

import pytest

from app.customers.imports import steps
from app.customers.imports.mapping import presets
from tests.factories.customers import an_uploaded_file, import_file

TARGETS = ("email", "first_name", "city")


def preset_for(database, workspace, header, *, targets=TARGETS):
    import_id = an_uploaded_file(database, workspace.id, f"{header}\nada@example.com,x,y\n", mapped={"0": "email"})
    with database.transaction(workspace.id) as session:
        return presets.find(session, steps.get(session, workspace.id, import_id), targets)


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("Mail,Called,Town", {"0": "email", "1": "first_name", "2": "city"}),
        ("TOWN,mail,Called ", {"1": "email", "2": "first_name", "0": "city"}),
        ("Mail,Called,Street", None),
        ("Mail,Called", None),
        ("Mail,Called,Called", None),
    ],
)
def test_the_latest_import_with_these_headings_tells(database, workspace, header, mapping):
    content = "Mail,Called,Town\nada@example.com,Ada,Leeds\n"
    import_file(database, workspace.id, content, mapped={"0": "email", "2": "first_name"})
    import_file(
        database, workspace.id, content, mapped={"0": "email", "1": "first_name", "2": "city"}, date_order="dmy"
    )
    found = preset_for(database, workspace, header)

    assert (found and found.mapping) == mapping
    assert found is None or found.options["date_order"] == "dmy"


def test_a_field_that_is_gone_is_left_out(database, workspace):
    content = "Mail,Called,Town\nada@example.com,Ada,Leeds\n"
    import_file(database, workspace.id, content, mapped={"0": "email", "1": "first_name"})

    assert preset_for(database, workspace, "Mail,Called,Town", targets=("email",)).mapping == {"0": "email"}


def test_the_page_says_which_file_it_follows(client, database, workspace):
    content = "Mail,Called\nada@example.com,Ada\n"
    import_file(database, workspace.id, content, mapped={"0": "email", "1": "city"})
    sent = {"file": (io.BytesIO(content.encode()), "again.csv"), "kind": "people", "source": "own"}
    stored = client.post("/customers/imports/new", data=sent, content_type="multipart/form-data")
    page = client.get(stored.location).text

    assert "As in the import of people.csv" in page
    assert '<option value="city" selected>' in page
