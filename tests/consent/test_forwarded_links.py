"""Mail is forwarded: a link in it says no at once, and yes only as far as nothing speaks against its holder."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import actions, permission, suppression
from app.consent.ledger import verification
from app.consent.ledger.evidence import Evidence
from app.consent.preferences import preference_links
from app.consent.tokens import ConfirmToken, UnsubscribeToken
from app.customers.addresses import changes
from app.customers.profiles import people
from app.delivery.transactional import messages
from tests.factories import NOON
from tests.factories.consent import a_topic, a_yes, consented_customer

BEFORE, AFTER = NOON - timedelta(days=40), NOON + timedelta(hours=1)
EVERYTHING = {"open_tracking": "1", "click_tracking": "1", "profiling": "1"}


@pytest.fixture
def ada(database, workspace):
    with database.transaction(workspace.id) as session:
        return consented_customer(session, workspace.id)


@pytest.fixture
def link(services, workspace, ada):
    """A link of a message that left at this moment."""

    def made(at):
        return "/p/" + preference_links.mint(services.tokens, workspace.id, ada.id, address_id=ada.address_id, now=at)

    return made


@pytest.fixture
def allowed(database, workspace, ada):
    def ask():
        with database.transaction(workspace.id) as session:
            return {
                (row.purpose, row.topic_id)
                for row in permission.state_of(session, workspace.id, ada.id)
                if row.allowed
            }

    return ask


@pytest.fixture
def confirm(anonymous, database, services, workspace):
    """Open the confirmation that was mailed, if one was, and answer it."""

    def answer(said="yes"):
        with database.transaction(workspace.id) as session:
            requests = session.scalars(text("SELECT id FROM signup_requests WHERE state = 'pending'")).all()
        for number in requests:
            page = f"/c/{ConfirmToken(workspace.id, number).encode(services.tokens)}"
            assert anonymous.get(page).status_code == 200
            assert anonymous.post(page, data={"answer": said}).status_code == 200
        return len(requests)

    return answer


def say_no(database, workspace, ada, how):
    with database.transaction(workspace.id) as session:
        how(session, workspace.id, ada.id, evidence=Evidence(method="test"), now=NOON)


@pytest.mark.parametrize("how", [actions.complain, actions.object_all, actions.withdraw, actions.leave_all])
def test_a_forwarded_mail_says_no_yes_after_its_owner_said_no(
    anonymous, database, workspace, ada, link, allowed, how
):
    """A stranger with an old link lifted a complaint's silence and switched tracking on, as the person's own act."""
    say_no(database, workspace, ada, how)
    with database.transaction(workspace.id) as session:
        silent = suppression.find_of_customer(session, workspace.id, ada.id)
    answer = anonymous.post(link(BEFORE), data={f"topic-{workspace.topic_id}": "1", **EVERYTHING, "language": "zh"})

    assert answer.status_code == 200
    assert allowed() == set()
    with database.transaction(workspace.id) as session:
        assert suppression.find_of_customer(session, workspace.id, ada.id) == silent
        assert session.scalar(text("SELECT language FROM customers WHERE id = :id"), {"id": ada.id}) != "zh"


def test_what_an_old_link_switches_on_is_asked_about_by_mail(
    anonymous, database, workspace, ada, link, allowed, confirm
):
    say_no(database, workspace, ada, actions.complain)
    answer = anonymous.post(link(BEFORE), data={f"topic-{workspace.topic_id}": "1", **EVERYTHING})
    assert "Please look into your mailbox" in answer.text
    assert "ada@example.com" not in answer.text

    assert confirm() == 1
    assert allowed() == {("marketing", workspace.topic_id), *((purpose, 0) for purpose in EVERYTHING)}
    with database.transaction(workspace.id) as session:
        assert suppression.find_of_customer(session, workspace.id, ada.id) is None
        assert verification.check(session, workspace.id) == []


def moves(database, workspace, ada, email, *, has_confirmed):
    """The person is reached at another address from now on; its owner may have said yes there."""
    with database.transaction(workspace.id) as session:
        person = people.get(session, workspace.id, ada.id)
        changes.change_email(session, person, email=email, source="staff:9", now=NOON)
        if has_confirmed:
            yes = a_yes(method="double_opt_in")
            actions.grant(session, workspace.id, ada.id, topic_id=workspace.topic_id, evidence=yes, now=NOON)
            suppression.end_by_confirmation(session, workspace.id, person.address_digest)


def test_a_link_to_the_former_mailbox_asks_the_present_one(
    anonymous, database, workspace, ada, link, allowed, confirm
):
    """Who kept the old mailbox switched topics on for the new one, which had confirmed something else."""
    with database.transaction(workspace.id) as session:
        offers = a_topic(session, workspace.id)
    page = link(AFTER)
    moves(database, workspace, ada, "ada@new.example", has_confirmed=True)

    assert "sent to another address than your present one" in anonymous.get(page).text
    posted = {f"topic-{workspace.topic_id}": "1", f"topic-{offers.id}": "1", "language": "zh"}
    assert "请查看您的邮箱" in anonymous.post(page, data=posted).text
    assert allowed() == {("marketing", workspace.topic_id)}
    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, ada.id).language != "zh"
        assert session.scalar(text("SELECT personal ->> 'address' FROM signup_requests")) == "ada@new.example"
    assert confirm() == 1
    assert allowed() == {("marketing", workspace.topic_id), ("marketing", offers.id)}


def test_a_link_to_the_former_mailbox_of_somebody_who_never_agreed_asks(
    anonymous, database, services, workspace, allowed, confirm
):
    with database.transaction(workspace.id) as session:
        bob = people.upsert(session, workspace.id, email="bob@example.com", fields={}, source="test", now=NOON)
    page = "/p/" + preference_links.mint(services.tokens, workspace.id, bob.id, address_id=bob.address_id, now=AFTER)
    moves(database, workspace, bob, "bob@new.example", has_confirmed=False)
    anonymous.post(page, data={f"topic-{workspace.topic_id}": "1"})

    with database.transaction(workspace.id) as session:
        assert not permission.allows(
            session, workspace.id, bob.id, purpose="marketing", topic_id=workspace.topic_id, now=AFTER
        )
    assert confirm() == 1


def test_a_no_from_the_former_mailbox_counts_and_names_it(anonymous, database, workspace, ada, link, allowed):
    page, former = link(AFTER), ada.address_digest
    moves(database, workspace, ada, "ada@new.example", has_confirmed=True)
    anonymous.post(page, data={})

    assert allowed() == set()
    with database.transaction(workspace.id) as session:
        record = session.scalar(text("SELECT record FROM consent_ledger WHERE event = 'withdrawn'"))
    assert json.loads(record)["address_digest"] == former.hex()


def test_another_spelling_of_the_mailbox_keeps_its_links(anonymous, database, workspace, ada, link, allowed):
    with database.transaction(workspace.id) as session:
        offers = a_topic(session, workspace.id)
    page = link(AFTER)
    moves(database, workspace, ada, "Ada@Example.com", has_confirmed=False)
    anonymous.post(page, data={f"topic-{workspace.topic_id}": "1", f"topic-{offers.id}": "1"})

    assert ("marketing", offers.id) in allowed()


def test_an_old_link_still_says_no(anonymous, database, workspace, ada, link, allowed):
    """Links live as long as the mail they stand in: years later they still turn things off."""
    with database.transaction(workspace.id) as session:
        offers = a_topic(session, workspace.id)
        evidence = Evidence(method="preferences")
        actions.withdraw(session, workspace.id, ada.id, topic_id=workspace.topic_id, evidence=evidence, now=NOON)
        actions.grant(session, workspace.id, ada.id, topic_id=offers.id, evidence=evidence, now=NOON)
    page = link(NOON - timedelta(days=4 * 365))

    assert "older than your latest decision to stop" in anonymous.get(page).text
    anonymous.post(page, data={})
    assert allowed() == set()


def test_a_link_newer_than_the_latest_no_switches_a_topic_on_at_once(
    anonymous, database, workspace, ada, link, allowed
):
    say_no(database, workspace, ada, actions.withdraw)
    anonymous.post(link(AFTER), data={f"topic-{workspace.topic_id}": "1"})

    assert allowed() == {("marketing", workspace.topic_id)}


@pytest.mark.parametrize("purpose", list(EVERYTHING))
def test_tracking_and_profiling_are_always_confirmed_by_mail(anonymous, workspace, link, allowed, confirm, purpose):
    """Whoever holds the mail could otherwise have its owner watched."""
    answer = anonymous.post(link(AFTER), data={f"topic-{workspace.topic_id}": "1", purpose: "1"})
    assert "Please look into your mailbox" in answer.text
    assert allowed() == {("marketing", workspace.topic_id)}

    assert confirm() == 1
    assert allowed() == {("marketing", workspace.topic_id), (purpose, 0)}


def test_who_says_it_was_not_them_is_not_asked_about_that_again(
    anonymous, workspace, link, allowed, confirm
):
    posted = {f"topic-{workspace.topic_id}": "1", "open_tracking": "1"}
    anonymous.post(link(AFTER), data=posted)
    assert confirm("not_me") == 1
    anonymous.post(link(AFTER), data=posted)

    assert confirm() == 0
    assert allowed() == {("marketing", workspace.topic_id)}


def test_pressing_often_mails_once(anonymous, database, workspace, ada, link):
    """The page is no way to fill somebody's mailbox."""
    say_no(database, workspace, ada, actions.complain)
    for _ in range(5):
        anonymous.post(link(BEFORE), data={f"topic-{workspace.topic_id}": "1", **EVERYTHING})
        anonymous.post(link(BEFORE), data={"profiling": "1"})

    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM signup_requests WHERE state = 'pending'")) == 2


def test_the_mail_names_what_was_switched_on(anonymous, database, workspace, ada, link):
    anonymous.post(link(AFTER), data={f"topic-{workspace.topic_id}": "1", "open_tracking": "1"})
    with database.transaction(workspace.id) as session:
        number = session.scalar(text("SELECT id FROM signup_requests WHERE state = 'pending'"))
        messages.ask_confirmation(session, workspace.id, number, now=NOON)
        asked = session.scalar(text("SELECT extra -> 'fields' ->> 'asked_topics' FROM messages"))
        subject = session.scalar(text("SELECT subject FROM sends WHERE kind = 'transactional'"))

    assert asked == "seeing whether you open our mails"
    assert subject.startswith("Please confirm your choice")


def test_links_in_mail_do_not_end(anonymous, services, workspace, ada, clock):
    leave = UnsubscribeToken(workspace.id, ada.id, workspace.topic_id, 77).encode(services.tokens)
    found = re.search(r'href="(/p/[^"]+)"', anonymous.get(f"/u/{leave}").text)
    assert found
    clock.advance(timedelta(days=1000))

    assert anonymous.get(found[1]).status_code == 200
