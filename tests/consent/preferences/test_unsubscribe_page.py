"""Golden case 2 and H3-H7: leaving takes one press, needs nothing, and opening a link never does it."""

import pytest
from sqlalchemy import text

from app.consent import permission
from app.consent.tokens import ConfirmToken, PreferencesToken, UnsubscribeToken
from app.tracking.tokens import ClickToken
from tests.factories import NOON
from tests.factories.consent import a_topic, consented_customer


@pytest.fixture
def ada(database, workspace):
    """Somebody who agreed to news and offers."""
    with database.transaction(workspace.id) as session:
        a_topic(session, workspace.id)
        consented_customer(session, workspace.id, topic="offers")
        return consented_customer(session, workspace.id)


@pytest.fixture
def link(services, workspace, ada):
    return "/u/" + UnsubscribeToken(workspace.id, ada.id, workspace.topic_id, 77).encode(services.tokens)


@pytest.fixture
def allowed(database, workspace, ada):
    """Return the topics this person may be mailed about now."""

    def ask():
        with database.transaction(workspace.id) as session:
            rows = permission.state_of(session, workspace.id, ada.id)
            return {row.topic_id for row in rows if row.allowed}

    return ask


def withdrawals(database, workspace):
    with database.transaction(workspace.id) as session:
        return session.scalars(text("SELECT topic_id FROM consent_ledger WHERE event = 'withdrawn'")).all()


def test_before_the_press_the_page_asks_and_afterwards_it_tells(anonymous, link):
    """It said "You will no longer receive" before anything was done, and who read that went away."""
    before = anonymous.get(link).text
    assert "Do you want to stop receiving News?" in before
    assert "no longer" not in before

    assert "We will not send you News any more" in anonymous.post(link).text


def test_one_click_as_multipart_and_again_urlencoded(anonymous, database, workspace, link, allowed):
    data = {"List-Unsubscribe": "One-Click"}
    first = anonymous.post(link, data=data, content_type="multipart/form-data")
    second = anonymous.post(link, data=data)

    for answer in (first, second):
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Location" not in answer.headers
    assert withdrawals(database, workspace) == [workspace.topic_id]
    assert workspace.topic_id not in allowed()
    assert allowed()


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_changes_nothing(anonymous, database, workspace, link, allowed, method):
    before = allowed()
    answer = getattr(anonymous, method)(link)

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert allowed() == before
    assert withdrawals(database, workspace) == []


def test_everything_is_a_second_choice_on_the_page(anonymous, link, allowed):
    page = anonymous.get(link).text
    assert 'value="topic"' in page
    assert 'value="all"' in page

    anonymous.post(link, data={"scope": "all"})

    assert allowed() == set()


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-1], lambda t: t[:-2] + ("AA" if t[-2] != "A" else "BA"), lambda t: "x" * len(t), lambda t: t + "A"],
)
def test_a_forged_or_cut_link_is_not_found(anonymous, link, allowed, change):
    before = allowed()
    answer = anonymous.post("/u/" + change(link.removeprefix("/u/")), data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 404
    assert allowed() == before


@pytest.mark.parametrize("kind", [ClickToken, PreferencesToken, ConfirmToken])
def test_a_link_made_for_something_else_does_not_unsubscribe(anonymous, services, workspace, ada, allowed, kind):
    before = allowed()
    token = kind(*(workspace.id, ada.id, workspace.topic_id, 77)[: len(kind._fields)]).encode(services.tokens)

    assert anonymous.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert allowed() == before


def test_the_page_speaks_the_persons_language(anonymous, database, workspace, ada, link):
    with database.transaction(workspace.id) as session:
        session.execute(text("UPDATE customers SET language = 'zh' WHERE id = :id"), {"id": ada.id})

    assert 'lang="zh-Hans"' in anonymous.get(link).text


def test_a_wish_to_leave_counts_years_later(anonymous, clock, link, allowed, workspace):
    clock.advance(NOON - NOON.replace(year=2016))

    assert anonymous.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert workspace.topic_id not in allowed()
