"""The public form and the page behind its confirmation mail."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import permission
from app.consent.asked_fields.asked import AskedField
from app.consent.tokens import ConfirmToken
from app.customers.profiles import people
from tests.factories.consent import a_form, consented_customer

READ = timedelta(seconds=5)


@pytest.fixture
def form(database, workspace):
    """A form for news that also asks about clicks and the name."""
    with database.transaction(workspace.id) as session:
        fields = [AskedField("first_name")]
        return a_form(session, workspace.id, [workspace.topic_id], asks=["click_tracking"], fields=fields)


@pytest.fixture
def url(workspace, form):
    return f"/f/{workspace.slug}/{form.slug}"


@pytest.fixture
def sign_up(anonymous, workspace, clock, url):
    """Open the form, read it for a while, and send it."""

    def send(email="ada@example.com", *, read_for=READ, ip="198.51.100.7", **values):
        page = anonymous.get(url).text
        stamp = page.split('name="stamp" value="')[1].split('"')[0]
        clock.advance(read_for)
        data = {"email": email, "stamp": stamp, f"topic-{workspace.topic_id}": "1", **values}
        return anonymous.post(url, data=data, environ_base={"REMOTE_ADDR": ip})

    return send


@pytest.fixture
def requests(database, workspace):
    """Return the requests on record, oldest first."""

    def ask():
        with database.transaction(workspace.id) as session:
            return session.execute(text("SELECT * FROM signup_requests ORDER BY id")).all()

    return ask


@pytest.fixture
def confirm_link(services, workspace, requests):
    def make():
        request = requests()[-1]
        return "/c/" + ConfirmToken(workspace.id, request.id).encode(services.tokens)

    return make


def state_of(database, workspace, email="ada@example.com"):
    with database.transaction(workspace.id) as session:
        person = people.find_by_email(session, workspace.id, email)
        rows = permission.state_of(session, workspace.id, person.id)
        return {row.purpose: row.state for row in rows}


def test_opening_the_form_writes_nothing_and_no_box_is_ticked(anonymous, url, requests):
    answer = anonymous.get(url)

    assert answer.status_code == 200
    assert "checked" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert requests() == []


def test_evidence_takes_its_page_from_us_and_not_from_the_visitor(anonymous, clock, database, workspace, url):
    """The Host header says what the visitor likes, and the record of it is kept for ever."""
    host = {"HTTP_HOST": "evil.example"}
    stamp = anonymous.get(url, environ_base=host).text.split('name="stamp" value="')[1].split('"')[0]
    clock.advance(READ)
    data = {"email": "ada@example.com", "stamp": stamp, f"topic-{workspace.topic_id}": "1"}
    anonymous.post(url, data=data, environ_base=host)

    with database.transaction(workspace.id) as session:
        (record,) = session.scalars(text("SELECT record FROM consent_ledger")).all()
    assert json.loads(record)["page"] == f"http://mail.shop.test{url}"


def test_signing_up_asks_and_only_the_button_confirms(anonymous, sign_up, database, workspace, requests, confirm_link):
    """Golden case 7: a scanner opens every link; a person presses one button."""
    assert "look into your mailbox" in sign_up(first_name="Ada").text
    assert requests()[0].state == "pending"
    link = confirm_link()

    for _ in range(3):
        assert anonymous.get(link).status_code == 200
        assert anonymous.head(link).status_code == 200
    assert state_of(database, workspace) == {"marketing": "pending"}

    assert "You are signed up" in anonymous.post(link, data={"answer": "yes"}).text
    assert state_of(database, workspace) == {"marketing": "confirmed", "click_tracking": "refused"}

    again = anonymous.post(link)
    assert again.status_code == 200
    assert "confirmed this already" in again.text


def test_a_late_link_is_politely_over(anonymous, sign_up, clock, confirm_link, url):
    sign_up()
    link = confirm_link()
    clock.advance(timedelta(days=8))

    for answer in (anonymous.get(link), anonymous.post(link)):
        assert answer.status_code == 410
        assert url in answer.text


def test_it_was_not_me_ends_it(anonymous, sign_up, database, workspace, confirm_link):
    sign_up()
    link = confirm_link()

    assert "will not ask this address again" in anonymous.post(link, data={"answer": "not_me"}).text
    assert state_of(database, workspace) == {"marketing": "refused"}
    assert anonymous.post(link).status_code == 410


def test_the_answer_is_the_same_for_known_and_unknown_addresses(sign_up, database, workspace):
    """L5: who asks learns nothing about whose address is known here."""
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="known@example.com")
    known, unknown = sign_up("known@example.com"), sign_up("other@example.com")

    assert known.status_code == unknown.status_code == 200
    assert known.text.replace("known@", "other@") == unknown.text


def test_the_hidden_field_and_haste_give_programs_away(sign_up, requests):
    assert "look into your mailbox" in sign_up(website="http://spam.example").text
    assert "once more" in sign_up(read_for=timedelta(seconds=1)).text
    assert "once more" in sign_up(stamp="").text
    assert "once more" in sign_up(read_for=timedelta(days=2)).text
    assert requests() == []


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "ada@example", "a b@example.com", "ada@example.com\nBcc: x@y.com"]
)
def test_a_bad_address_is_said_at_its_field(sign_up, email, requests):
    answer = sign_up(email)

    assert answer.status_code == 422
    assert 'aria-describedby="email-error"' in answer.text
    assert requests() == []


def test_without_a_topic_nothing_happens(anonymous, sign_up, workspace, requests):
    answer = sign_up(**{f"topic-{workspace.topic_id}": ""})

    assert answer.status_code == 422
    assert "Tick at least one topic" in answer.text
    assert requests() == []


def test_a_storm_from_one_network_is_stopped_and_others_still_get_in(sign_up):
    answers = {sign_up(f"victim{number}@example.com", ip=f"203.0.113.{number}").status_code for number in range(35)}

    assert answers == {200, 429}
    assert sign_up("real@example.com", ip="192.0.2.1").status_code == 200


def test_hostile_words_come_back_harmless(sign_up, requests):
    answer = sign_up("<script>alert(1)</script>@example.com", first_name='"><img src=x onerror=alert(1)>\x00')

    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text


@pytest.mark.parametrize("path", ["/f/nobody/newsletter", "/f/{slug}/nothing"])
def test_an_unknown_form_is_not_found(anonymous, workspace, path):
    assert anonymous.get(path.format(slug=workspace.slug)).status_code == 404
