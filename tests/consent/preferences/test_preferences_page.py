"""The page where people choose: every switch apart, nothing implied, leaving at hand."""

import re
from datetime import timedelta

import pytest

from app.consent import permission, suppression
from app.consent.tokens import PreferencesToken, UnsubscribeToken
from app.customers.addresses import changes
from app.customers.profiles import people
from tests.factories import NOON
from tests.factories.consent import a_topic, consented_customer


@pytest.fixture
def offers(database, workspace):
    with database.transaction(workspace.id) as session:
        return a_topic(session, workspace.id, limit=1, days=7)


@pytest.fixture
def ada(database, workspace, offers):
    with database.transaction(workspace.id) as session:
        return consented_customer(session, workspace.id, purposes=("open_tracking",))


@pytest.fixture
def link(services, workspace, ada):
    made_in = int(services.clock.now().timestamp())
    return "/p/" + PreferencesToken(workspace.id, ada.id, made_in, ada.address_id).encode(services.tokens)


@pytest.fixture
def allowed(database, workspace, ada):
    def ask():
        with database.transaction(workspace.id) as session:
            rows = permission.state_of(session, workspace.id, ada.id)
            return {(row.purpose, row.topic_id) for row in rows if row.allowed}

    return ask


def test_the_page_shows_every_switch_with_its_promise(anonymous, link):
    page = anonymous.get(link)

    assert "at most once a week" in page.text
    assert page.text.count(" checked") == 2
    assert "a•••@example.com" in page.text
    assert "ada@example.com" not in page.text
    assert "Set-Cookie" not in page.headers


def test_switches_are_independent(anonymous, link, allowed, offers, workspace):
    anonymous.post(link, data={f"topic-{offers.id}": "1", "open_tracking": "1", "language": "en"})

    assert allowed() == {("marketing", offers.id), ("open_tracking", 0)}


def test_leaving_everything_is_one_press(anonymous, link, allowed):
    answer = anonymous.post(link, data={"leave": "all"})

    assert "You are unsubscribed from everything" in answer.text
    assert allowed() == set()


def test_a_changed_language_is_used_at_once(anonymous, link):
    assert 'lang="zh-Hans"' in anonymous.post(link, data={"language": "zh"}).text
    assert "我愿意" not in anonymous.get(link).text
    assert 'lang="zh-Hans"' in anonymous.get(link).text


def test_a_token_for_one_person_never_reaches_another(anonymous, database, workspace, ada, link, allowed):
    with database.transaction(workspace.id) as session:
        bob = consented_customer(session, workspace.id, email="bob@example.com")
    anonymous.post(
        f"{link}?customer_id={bob.id}", data={"customer_id": bob.id, "email": "bob@example.com", "leave": "all"}
    )

    with database.transaction(workspace.id) as session:
        assert permission.allows(
            session, workspace.id, bob.id, purpose="marketing", topic_id=workspace.topic_id, now=NOON
        )


def address_now(database, workspace, ada, email):
    with database.transaction(workspace.id) as session:
        person = people.get(session, workspace.id, ada.id)
        changes.change_email(session, person, email=email, source="staff:9", now=NOON)


@pytest.mark.parametrize("left_before", [False, True])
def test_a_link_from_the_old_mailbox_says_no_yes_for_the_new(
    anonymous, database, workspace, ada, link, allowed, offers, left_before
):
    if left_before:
        anonymous.post(link, data={"leave": "all"})
    address_now(database, workspace, ada, "new@example.com")
    before = allowed()
    answer = anonymous.post(link, data={f"topic-{offers.id}": "1", "open_tracking": "1", "click_tracking": "1"})

    assert answer.status_code == 403
    assert "Your address was changed" in answer.text
    assert allowed() <= before
    with database.transaction(workspace.id) as session:
        assert suppression.find_of_customer(session, workspace.id, ada.id).reason == "unconfirmed"


def test_a_suppression_of_the_new_address_is_not_lifted_from_the_old_mailbox(anonymous, database, workspace, ada, link):
    with database.transaction(workspace.id) as session:
        new = people.upsert(session, workspace.id, email="new@example.com", fields={}, source="test", now=NOON)
        digest = new.address_digest
        suppression.add(session, workspace.id, address_digest=digest, reason="objected", source="test", now=NOON)
        changes.change_email(session, new, email="else@example.com", source="test", now=NOON)
    address_now(database, workspace, ada, "new@example.com")

    assert anonymous.post(link, data={f"topic-{workspace.topic_id}": "1", "profiling": "1"}).status_code == 403
    with database.transaction(workspace.id) as session:
        assert suppression.is_suppressed(session, workspace.id, digest)


def test_an_unsubscribe_link_leads_to_a_page_that_only_turns_off(anonymous, services, workspace, ada, allowed, offers):
    leave = UnsubscribeToken(workspace.id, ada.id, workspace.topic_id, 77).encode(services.tokens)
    link = re.search(r'href="(/p/[^"]+)"', anonymous.get(f"/u/{leave}").text)[1]
    page = anonymous.get(link).text

    assert "you can only switch things off" in page
    assert f"topic-{workspace.topic_id}" in page
    assert f"topic-{offers.id}" not in page
    assert "<select" not in page
    answer = anonymous.post(link, data={f"topic-{offers.id}": "1", "click_tracking": "1", "language": "zh"})
    assert answer.status_code == 403
    assert allowed() == set()


def test_the_link_in_an_old_mail_still_opens_the_page(anonymous, services, workspace, ada, allowed):
    """It counts as the mail's way out, so it works as long as the mail."""
    made_in = int((services.clock.now() - timedelta(days=400)).timestamp())
    old = "/p/" + PreferencesToken(workspace.id, ada.id, made_in, ada.address_id).encode(services.tokens)

    assert anonymous.get(old).status_code == 200
    assert anonymous.post(old, data={"leave": "all"}).status_code == 200
    assert allowed() == set()
