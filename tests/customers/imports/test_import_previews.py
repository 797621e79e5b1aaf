"""The preview counts permission by the ledger's own rule, and says why rows are rejected and what would help."""

from __future__ import annotations

import random

import pytest

from app.consent import permission
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.imports import steps
from app.customers.imports.previewing import checking
from app.kernel.clock import FixedClock
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, an_uploaded_file, import_file, outcome_of
from tests.factories.workspaces import a_workspace

HEAD = "email,subscribed,consented_at,method,wording,topic,purposes,unsubscribed\n"
YES = "yes,2025-05-01 10:00,web form,Yes please"


def mailable(database, workspace):
    query = permission.allowed_query(workspace.id, "marketing", workspace.topic_id, NOON)
    with database.transaction(workspace.id) as session:
        return len(session.execute(query).all())


def test_proof_for_a_topic_that_does_not_exist_makes_nobody_mailable(database, workspace):
    done = looked_through(database, workspace.id, HEAD + f"ada@example.com,{YES},no such topic,,\n")

    assert done.rehearsal["counts"] == done.counts
    assert (done.counts["consent_unknown_topic"], done.counts.get("consent_granted")) == (1, None)


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_as_many_become_mailable_as_the_preview_said(database, rows):
    """Rows that prove, claim, refuse and contradict each other, in one batch or in many, for people known and new."""
    chance = random.Random(rows)
    workspace = a_workspace(database, name="Foreseen", now=NOON)
    people = [f"p{n}@example.com" for n in range(12)]
    said = [f"{YES},news,,", f"{YES},news,profiling,", f"{YES},,,", "yes,,,,news,,", "no,,,,,,"]
    said.append(f"{YES},news,,2025-06-01")
    import_file(database, workspace.id, HEAD + f"p0@example.com,{YES},news,,\np1@example.com,no,,,,,,\n")
    before = mailable(database, workspace)
    content = HEAD + "".join(f"{chance.choice(people)},{chance.choice(said)}\n" for _ in range(25))
    done = looked_through(database, workspace.id, content, rows=rows)

    told = done.rehearsal["counts"]
    left = told.get("consent_withdrawn", 0)
    assert mailable(database, workspace) == before + told.get("consent_granted", 0) - left


@pytest.mark.parametrize(("match_by", "granted"), [("email", None), ("external_ref", 1)])
def test_a_preview_promises_no_consent_for_a_second_email(database, workspace, match_by, granted):
    """A row that named somebody by the email beside their primary one was counted as permission and then refused."""
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@b.co", external_ref="C1")
        changes.add(session, ada, NewAddress("email", "ada@work.example"), source="test", now=NOON)
    head = "customer number,email,subscribed,consented_at,method,wording,topic\n"
    content = head + "C1,ada@work.example,yes,2025-05-01 10:00,web form,Yes please,news\n"
    done = looked_through(database, workspace.id, content, match_by=match_by)
    told, done = done.rehearsal["counts"], done.counts

    assert told.get("consent_granted") == done.get("consent_granted") == granted
    assert told.get("consent_other_address") == done.get("consent_other_address") == (None if granted else 1)


def test_a_file_that_tells_of_leaving_makes_nobody_mailable(database, workspace):
    """Mailchimp's list of the unsubscribed has the time of their yes, too."""
    content = "Email Address,CONFIRM_TIME,UNSUB_TIME\nada@example.com,2024-03-01 12:00:00,2025-01-01 08:00:00\n"
    done = looked_through(database, workspace.id, content, topic="news")

    assert (done.counts["said_no"], done.counts["consent_no_recorded"]) == (1, 1)


@pytest.mark.parametrize("row", [",,,,news,,", ",,,,,,", "pending,,,,news,,", "NEVER_SUBSCRIBED,,,,,,", ",,,,,,no"])
def test_who_has_not_answered_has_not_said_no(database, workspace, row):
    """A topic, a list's name or a form beside an empty answer is no withdrawal."""
    import_file(database, workspace.id, HEAD + f"ada@example.com,{YES},news,,\n")
    done = looked_through(database, workspace.id, HEAD + f"ada@example.com,{row}\n")

    assert done.counts == {"unchanged": 1}
    assert mailable(database, workspace) == 1


def previewed(database, workspace_id, content, **options):
    import_id = an_uploaded_file(database, workspace_id, content, **options)
    with database.transaction(workspace_id) as session:
        found = steps.get(session, workspace_id, import_id)
        found.state = "mapped"
        steps.check(session, found)
    checking.check(database, FixedClock(NOON), workspace_id, import_id)
    return outcome_of(database, workspace_id, import_id)


def test_a_preview_that_rejects_everything_says_why_and_offers_the_fix(client, database, workspace):
    rows = "".join(f"p{n}@example.com,{28 - n}.03.2026,\n" for n in range(12))
    found = previewed(database, workspace.id, "email,consented_at,city\n" + rows, date_order="mdy")
    url = f"/customers/imports/{found.id}"
    page = client.get(url).text

    assert found.rehearsal["causes"][0]["rows"] == 12
    assert "Column “consented_at”: This is not a date: 28.03.2026" in page
    assert "Read dates day first" in page
    assert f"{url}/start" not in page

    fixed = client.post(f"{url}/fix", data={"what": "date_order", "value": "dmy"})
    assert fixed.status_code == 303
    checking.check(database, FixedClock(NOON), workspace.id, found.id)
    page = client.get(url).text
    assert "12 rows would be imported, 0 rejected" in page
    assert f"{url}/start" in page


@pytest.mark.parametrize(
    ("content", "options", "what", "value"),
    [
        ('email,date,amount\na@b.co,2026-03-31,"12,50"\n', {"kind": "purchases"}, "decimal", ","),
        ("email,date,amount\na@b.co,2026-03-31,5\n", {"kind": "purchases"}, "unknown", "create"),
        ("email,country\na@b.co,Atlantis\n", {}, "skip", "1"),
    ],
)
def test_what_would_help_is_done_with_one_click(client, database, workspace, content, options, what, value):
    mapped = {str(place): name for place, name in enumerate(content.split("\n")[0].split(","))}
    mapped = {place: {"date": "purchased_at"}.get(name, name) for place, name in mapped.items()}
    found = previewed(database, workspace.id, content, mapped=mapped, **options)
    url = f"/customers/imports/{found.id}"
    assert f'name="value" value="{value}"' in client.get(url).text

    client.post(f"{url}/fix", data={"what": what, "value": value})
    checking.check(database, FixedClock(NOON), workspace.id, found.id)
    counts = outcome_of(database, workspace.id, found.id).rehearsal["counts"]
    assert "refused" not in counts or what == "decimal"


@pytest.mark.parametrize(
    "data", [{}, {"what": "skip"}, {"what": "match_by", "value": "x"}, {"what": "decimal", "value": "x"}]
)
def test_a_fix_nobody_offered_is_refused(client, database, workspace, data):
    found = previewed(database, workspace.id, "email,country\na@b.co,Atlantis\n", mapped={"0": "email", "1": "country"})

    assert client.post(f"/customers/imports/{found.id}/fix", data=data).status_code < 500


def test_an_import_whose_rows_cannot_be_read_does_not_start(client, database, workspace):
    content = 'email,first_name\nbob@example.com,"Bob\n' + "x\n" * 30_000
    found = previewed(database, workspace.id, content)
    url = f"/customers/imports/{found.id}"

    page = client.get(url).text
    assert "A quotation mark is opened in line 2" in page
    assert f"{url}/start" not in page
    assert client.post(f"{url}/start").status_code == 409


def test_the_topic_is_chosen_from_those_there_are(client, database, workspace):
    content = HEAD + f"ada@example.com,{YES},,,\n"
    import_id = an_uploaded_file(database, workspace.id, content)
    with database.transaction(workspace.id) as session:
        steps.get(session, workspace.id, import_id).state = "uploaded"
    url = f"/customers/imports/{import_id}"
    assert '<option value="news">' in client.get(url).text
    asked = {"match_by": "email", "date_order": "ymd", "decimal": ".", "repeats": "merge", "column-0": "email"}

    assert client.post(f"{url}/columns", data={**asked, "topic": "no such topic"}).status_code == 422
    assert client.post(f"{url}/columns", data={**asked, "topic": "news"}).status_code == 303
