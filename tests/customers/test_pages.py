"""The pages of customers and files do what they say."""

from __future__ import annotations

import io
import re

import pytest
from markupsafe import escape

from app.customers.imports import running
from app.customers.imports.previewing import checking
from app.customers.profiles import people
from app.kernel.clock import FixedClock
from app.web import guard
from tests.factories import NOON
from tests.factories.addresses import all_addresses
from tests.factories.application.pages import controls_of
from tests.factories.customers import a_customer, a_purchase, import_file

CSV = b"email,first_name,city,note\nada@example.com,Ada,London,x\nbob@example.com,<b>Bob</b>,,x\nnobody,No,,\n"


@pytest.fixture
def ada(database, workspace):
    with database.transaction(workspace.id) as session:
        customer = a_customer(session, workspace.id, "ada@example.com", first_name="Ada", last_name="Lovelace")
        a_purchase(session, customer, amount="12.50")
        return customer


def test_a_file_goes_from_upload_to_result(client, database, workspace):
    page = client.get("/customers/imports/new")
    assert page.status_code == 200
    stored = client.post(
        "/customers/imports/new",
        data={"file": (io.BytesIO(CSV), "people.csv"), "kind": "people", "source": "own", "source_note": "till"},
        content_type="multipart/form-data",
    )
    url = stored.location
    columns = client.get(url).text
    assert "people.csv" in columns
    assert "&lt;b&gt;Bob&lt;/b&gt;" in columns

    as_guessed = controls_of(columns, f"{url}/columns")
    assert (as_guessed["column-0"], as_guessed["column-3"]) == ("email", "")
    assert client.post(f"{url}/columns", data=as_guessed).status_code == 303
    import_id = int(url.rpartition("/")[2])
    assert "hx-get" in client.get(url).text
    checking.check(database, FixedClock(NOON), workspace.id, import_id)
    rehearsed = client.get(url).text
    assert "2 rows would be imported, 1 rejected" in rehearsed
    assert "not an email address" in rehearsed

    assert client.post(f"{url}/start").status_code == 303
    assert client.get(f"{url}/progress").status_code == 200
    running.run(database, FixedClock(NOON), workspace.id, import_id)
    assert "2 rows were imported, 1 rejected" in client.get(url).text
    assert client.get(f"{url}/progress", headers={"HX-Request": "true"}).headers["HX-Redirect"] == url
    given_back = client.get(f"{url}/refused.csv").get_data(as_text=True)
    assert given_back.splitlines()[1].startswith("nobody,No,,,4,")
    assert "people.csv" in client.get("/customers/imports").text


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_an_empty_file_is_refused_with_a_sentence(client, data):
    answer = client.post(
        "/customers/imports/new",
        data={"file": (io.BytesIO(data), "x.csv"), "kind": "people", "source": "own"},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 422
    assert "This file" in answer.text


def test_purchases_go_as_the_page_asks(client):
    purchases = b"email,order_ref,amount,purchased_at\nada@example.com,A1,12.50,2026-03-31\n"
    stored = client.post(
        "/customers/imports/new",
        data={"file": (io.BytesIO(purchases), "purchases.csv"), "kind": "purchases", "source": "own"},
        content_type="multipart/form-data",
    )
    as_guessed = controls_of(client.get(stored.location).text, f"{stored.location}/columns")

    assert as_guessed["currency"] == "EUR"
    assert client.post(f"{stored.location}/columns", data=as_guessed).status_code == 303


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04" + bytes(range(256)), "This archive is damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "This file holds no text."),
        (bytes(range(256)) * 40, "This file holds no text."),
    ],
)
def test_what_is_no_table_of_text_is_refused_with_a_sentence(client, data, sentence):
    sent = {"file": (io.BytesIO(data), "people.csv"), "kind": "people", "source": "own", "source_note": ""}
    page = client.post("/customers/imports/new", data=sent, content_type="multipart/form-data")

    assert page.status_code == 422
    assert sentence in page.text


def test_columns_that_name_nobody_are_refused_on_the_page(client):
    stored = client.post(
        "/customers/imports/new",
        data={"file": (io.BytesIO(CSV), "people.csv"), "kind": "people", "source": "own"},
        content_type="multipart/form-data",
    )
    answer = client.post(
        f"{stored.location}/columns",
        data={"column-1": "first_name", "match_by": "email", "date_order": "ymd"},
    )

    assert answer.status_code == 422


def test_the_list_searches_beginnings(client, database, workspace, ada):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "grace@example.com", first_name="Grace", last_name="Hopper", tags=["navy"])

    assert "Grace" not in client.get("/customers?q=lov").text
    assert "ada@example.com" in client.get("/customers?q=ada lov").text
    assert "ada@example.com" in client.get("/customers?bought=yes").text
    tagged = client.get("/customers?tag=navy").text
    assert "grace@example.com" in tagged
    assert "ada@example.com" not in tagged


def test_the_list_names_countries_in_the_readers_language(client, database, workspace):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "gwen@example.com", city="Cardiff", country="GB")

    assert "Cardiff, United Kingdom" in client.get("/customers").text
    client.set_cookie("language", "zh")
    assert "Cardiff、英国" in client.get("/customers").text


@pytest.mark.parametrize("sort", ["newest", "spent", "bought"])
def test_the_list_pages_by_position(client, database, workspace, sort):
    import_file(database, workspace.id, "email\n" + "".join(f"p{n}@example.com\n" for n in range(120)))
    seen, url = [], f"/customers?sort={sort}"
    for _page in range(3):
        text = client.get(url).text
        seen += [n for n in range(120) if f">p{n}@example.com<" in text]
        url = text.partition('hx-get="/customers?')[2].partition('"')[0].replace("&amp;", "&")
        more = text.partition('id="more"><a class="btn btn-default" href="')[2].partition('"')[0]
        url = more.replace("&amp;", "&")

    assert sorted(seen) == list(range(120))


def test_one_customer_shows_what_is_known_and_from_where(client, database, workspace, ada):
    import_file(database, workspace.id, "email,city\nada@example.com,London\n")
    page = client.get(f"/customers/{ada.id}").text

    assert "Lovelace" in page
    assert "From row 2 of people.csv" in page
    assert "12.50" in page


def test_edits_and_notes_are_kept(client, database, workspace, ada):
    url = f"/customers/{ada.id}"
    edited = {"email": "ada@new.example", "first_name": "Augusta", "last_name": "", "tags": "vip, new"}
    assert client.post(f"{url}/edit", data=edited).location == url
    assert client.post(f"{url}/notes", data={"how": "call", "words": "Asked for tea"}).location == url

    page = client.get(url).text
    assert "Asked for tea" in page
    assert "Written by" in page
    with database.transaction(workspace.id) as session:
        found = people.get(session, workspace.id, ada.id)
    assert (found.email_key, found.first_name, found.last_name) == ("ada@new.example", "Augusta", None)
    assert found.tags == ["new", "vip"]


def test_addresses_are_listed_added_preferred_ended_and_taken_back(client, database, workspace, ada):
    url = f"/customers/{ada.id}"
    assert client.post(f"{url}/addresses/new", data={"kind": "email", "value": "ada@work.example", "label": "work"})
    with database.transaction(workspace.id) as session:
        first, second = all_addresses(session, workspace.id, ada.id)
    client.post(f"{url}/addresses/{second.id}/primary")
    client.post(f"{url}/addresses/{second.id}/label", data={"label": "office"})
    client.post(f"{url}/addresses/{first.id}/end")
    page = client.get(url).text
    assert "Former contact details" in page
    assert "office" in page
    with client.session_transaction() as kept:
        undo = dict(kept["_flashes"])["toast"]["undo"] if "_flashes" in kept else re.search(r"/undo/\d+", page)[0]
    client.post(undo)

    with database.transaction(workspace.id) as session:
        found = [(a.value, a.label, a.is_primary, a.ended_at) for a in all_addresses(session, workspace.id, ada.id)]
    assert found == [("ada@work.example", "office", True, None), ("ada@example.com", "", False, None)]


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("email", "bob@example.com", "Another customer has this address."),
        ("email", "a" * 308 + "@example.com", "This is not an email address"),
        ("phone", "<script>alert(1)</script>", "This is not a phone number."),
        ("postal", "", "Please fill this in."),
        ("fax", "1", "Not a valid choice"),
    ],
)
def test_a_bad_address_is_refused_at_its_field_and_stays_written(client, database, workspace, ada, kind, value, says):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "bob@example.com")
    answer = client.post(
        f"/customers/{ada.id}/addresses/new", data={"kind": kind, "value": value, "label": "of a friend"}
    )

    assert answer.status_code == 422
    assert says in answer.text
    assert "of a friend" in answer.text
    assert str(escape(value)) in answer.text


def test_an_address_of_another_customer_is_refused_at_its_field(client, database, workspace, ada):
    with database.transaction(workspace.id) as session:
        bob = a_customer(session, workspace.id, "bob@example.com")
    answer = client.post(f"/customers/{bob.id}/edit", data={"email": "ADA@example.com"})

    assert answer.status_code == 422
    assert "Another customer has this address" in answer.text


def test_own_fields_are_added_and_hostile_keys_refused(client):
    good = {"label": "Shoe size", "key": "shoe_size", "kind": "number"}
    assert client.post("/customers/fields", data=good).status_code == 303
    for key in ("__class__", "email", "1st", "a b", "constructor", "UPPER"):
        assert client.post("/customers/fields", data={**good, "key": key}).status_code == 422


def test_someone_can_be_added_by_hand(client):
    added = client.post("/customers/new", data={"email": "eve@example.com", "first_name": "Eve"})
    assert "Eve" in client.get(added.location).text
    assert client.post("/customers/new", data={"email": "no address"}).status_code == 422


def test_a_file_may_be_larger_than_other_uploads(client):
    large = b"email,first_name\n" + b"p@example.com,P\n" * (guard.MOST_BYTES // 16 + 1)
    answer = client.post(
        "/customers/imports/new",
        data={"file": (io.BytesIO(large), "large.csv"), "kind": "people", "source": "own"},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 303
    assert client.post("/customers/fields", data={"label": "x" * guard.MOST_BYTES}).status_code == 413
