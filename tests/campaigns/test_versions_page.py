"""The pages of variants and languages, as a browser meets them."""

from __future__ import annotations

import html
import json
import re

import pytest

from app.campaigns import compose, contents, removals, variants
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch, said_by, versions_of
from tests.factories.consent import consented_customer

LIVE = {"HX-Request": "true"}


@pytest.fixture
def draft(database, workspace):
    """A draft that is ready to leave, to one person."""
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="ada@example.com", first_name="Ada")
        return a_campaign(session, workspace).id


@pytest.fixture
def tested(database, workspace, draft):
    """The draft with a second variant: the ids of its contents by key."""
    with database.transaction(workspace.id) as session:
        variants.add(session, workspace.id, draft, now=NOON)
        campaign = compose.get(session, workspace.id, draft)
        return {each.variant.key: each.content.id for each in versions_of(session, campaign)}


def fields_of(page: str) -> dict[str, str]:
    """What the browser sends back of the hidden, text and number fields of a page's main form."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in given and given.get("type") in ("hidden", "text", "number"):
            found[given["name"]] = html.unescape(given.get("value", ""))
    found.pop("csrf_token", None)
    return found


def typed(page: str, workspace, **changes: str) -> dict[str, str]:
    """What the browser sends of the compose form."""
    fields = fields_of(page)
    kept = {name: fields[name] for name in ("revision", "content_revision", "seen")}
    shown = json.loads(fields["seen"])
    return {
        **kept, **{name: str(value) for name, value in shown.items()},
        "sender": str(workspace.identity_id), "format": "markdown", "subject": "Hello", "preheader": "Hi",
        "source": "# Hi", **changes,
    }  # fmt: skip


def test_a_campaign_of_one_content_shows_no_variants(client, draft):
    page = client.get(f"/campaigns/{draft}").text

    assert 'value="versions"' in page
    assert 'class="tabs"' not in page
    assert "Who gets what" not in client.get(f"/campaigns/{draft}/review").text


def test_from_one_mail_to_a_test_in_two_languages(client, database, workspace, draft):
    where = f"/campaigns/{draft}/versions"
    page = client.get(where).text
    added = client.post(f"/campaigns/{draft}/variants", data=fields_of(page) | {"holdout": "10"})
    client.post(f"/campaigns/{draft}/languages", data=fields_of(client.get(where).text) | {"add_language": "zh"})
    with database.transaction(workspace.id) as session:
        campaign = compose.get(session, workspace.id, draft)
        said, holdout = said_by(session, campaign), campaign.holdout_percent

    assert set(said) == {("A", "en"), ("A", "zh"), ("B", "en"), ("B", "zh")}
    assert holdout == 10
    editor = client.get(added.location).text
    assert editor.count('class="tabs"') == 2
    review = client.get(f"/campaigns/{draft}/review").text
    assert "Who gets what" in review
    assert "B · 中文" in review
    assert "Nothing (holdout)" not in review or "10" in review


def test_names_and_shares_are_kept_and_what_is_wrong_stays_on_the_page(client, database, workspace, draft, tested):
    where = f"/campaigns/{draft}/versions"
    fields = fields_of(client.get(where).text)
    names = sorted(name for name in fields if name.startswith("name_"))
    shares = sorted(name for name in fields if name.startswith("weight_"))

    good = client.post(where, data=fields | {names[1]: "Short subject", shares[0]: "60", shares[1]: "40"})
    fields = fields_of(client.get(where).text)
    bad = client.post(where, data=fields | {shares[0]: "-5", shares[1]: "lots", "holdout": "51", names[0]: "Kept"})

    assert (good.status_code, bad.status_code) == (303, 422)
    assert 'value="Kept"' in bad.text
    assert 'value="lots"' in bad.text
    assert bad.text.count('class="form-error"') == 3
    with database.transaction(workspace.id) as session:
        found = variants.of_campaign(session, compose.get(session, workspace.id, draft))
        assert [(each.name, each.weight) for each in found] == [("", 60), ("Short subject", 40)]


def test_shares_that_do_not_add_up_are_said_where_they_are_and_in_the_review(client, draft, tested):
    where = f"/campaigns/{draft}/versions"
    fields = fields_of(client.get(where).text)
    share = next(name for name in fields if name.startswith("weight_"))
    client.post(where, data=fields | {share: "10"})

    for page in (where, f"/campaigns/{draft}/review", f"/campaigns/{draft}"):
        assert "add up to 60 %, not to 100 %" in client.get(page).text, page


def test_a_press_on_another_variant_keeps_what_was_typed(client, database, workspace, draft, tested):
    page = client.get(f"/campaigns/{draft}?content={tested['A']}").text
    data = typed(page, workspace, subject="Typed last", then=f"content:{tested['B']}")

    answer = client.post(f"/campaigns/{draft}/save?content={tested['A']}", data=data)

    assert answer.location.startswith(f"/campaigns/{draft}?content={tested['B']}")
    with database.transaction(workspace.id) as session:
        said = said_by(session, compose.get(session, workspace.id, draft))
        assert said == {("A", "en"): "Typed last", ("B", "en"): "Spring is here"}


def test_two_people_in_two_variants_and_a_third_in_the_settings(client, database, workspace, draft, tested):
    """All opened the page at the same time; nobody is told of a conflict, and nothing is lost."""
    pages = {key: client.get(f"/campaigns/{draft}?content={number}").text for key, number in tested.items()}
    for key in ("A", "B"):
        data = typed(pages[key], workspace, subject=f"Written by {key}")
        client.post(f"/campaigns/{draft}/save?content={tested[key]}", data=data, headers=LIVE)
    data = typed(pages["A"], workspace, name="Renamed", subject="Written by A", content_revision="2")
    renamed = client.post(f"/campaigns/{draft}/save?content={tested['A']}", data=data, headers=LIVE)
    data = typed(pages["B"], workspace, subject="Written by B again", content_revision="2")
    again = client.post(f"/campaigns/{draft}/save?content={tested['B']}", data=data, headers=LIVE)

    assert "Not saved" not in renamed.text + again.text
    with database.transaction(workspace.id) as session:
        campaign = compose.get(session, workspace.id, draft)
        assert campaign.name == "Renamed"
        assert said_by(session, campaign) == {("A", "en"): "Written by A", ("B", "en"): "Written by B again"}


def test_the_same_setting_changed_twice_is_a_conflict(client, database, workspace, draft):
    page = client.get(f"/campaigns/{draft}").text
    client.post(f"/campaigns/{draft}/save", data=typed(page, workspace, name="Mine"), headers=LIVE)

    data = typed(page, workspace, name="Yours", content_revision="2")
    told = client.post(f"/campaigns/{draft}/save", data=data, headers=LIVE).text
    kept = client.post(f"/campaigns/{draft}/save", data=data | {"overwrite": "yes"}, headers=LIVE).text

    assert "changed in another window" in told
    assert "Saved" in kept
    with database.transaction(workspace.id) as session:
        assert compose.get(session, workspace.id, draft).name == "Yours"


def test_text_for_a_removed_variant_is_not_written_into_another(client, database, workspace, draft, tested):
    page = client.get(f"/campaigns/{draft}?content={tested['B']}").text
    with database.transaction(workspace.id) as session:
        b = variants.of_campaign(session, compose.get(session, workspace.id, draft))[1]
        removals.remove(session, workspace.id, draft, b.id, staff_id=workspace.owner_id, now=NOON)

    for overwrite in ("", "yes"):
        data = typed(page, workspace, subject="For B", overwrite=overwrite)
        told = client.post(f"/campaigns/{draft}/save?content={tested['B']}", data=data)
        assert told.status_code == 409
        assert "was removed in another window" in told.text
        assert 'value="For B"' in told.text
        assert f"content={tested['B']}" in told.text
    with database.transaction(workspace.id) as session:
        assert said_by(session, compose.get(session, workspace.id, draft)) == {("A", "en"): "Spring is here"}


def test_removing_can_be_taken_back(client, database, workspace, draft, tested):
    where = f"/campaigns/{draft}/versions"
    page = client.get(where).text
    remove = re.search(rf'formaction="(/campaigns/{draft}/variants/\d+/remove)"', page)
    assert remove
    client.post(remove[1], data=fields_of(page))
    removed = client.get(where).text
    back = re.search(r"/undo/\d+", removed)
    assert back
    client.post(back[0])

    with database.transaction(workspace.id) as session:
        assert len(said_by(session, compose.get(session, workspace.id, draft))) == 2


@pytest.mark.parametrize("number", ["0", "-1", "999999", "x", "²", "9" * 40])
def test_a_content_there_is_not_is_the_default_one(client, draft, number):
    for page in ("", "/preview", "/mail", "/review"):
        assert client.get(f"/campaigns/{draft}{page}?content={number}").status_code == 200


def test_what_was_launched_is_not_changed_by_an_old_page(client, database, workspace, draft, tested):
    where = f"/campaigns/{draft}/versions"
    fields = fields_of(client.get(where).text)
    with database.transaction(workspace.id) as session:
        launch(session, workspace, draft)

    answers = [client.post(where, data=fields), client.post(f"/campaigns/{draft}/variants", data=fields)]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert client.get(where).location == f"/campaigns/{draft}"
    assert "No winner is declared" in client.get(f"/campaigns/{draft}").text
    with database.transaction(workspace.id) as session:
        assert len(contents.of_campaign(session, compose.get(session, workspace.id, draft))) == 2
