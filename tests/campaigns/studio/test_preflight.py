"""What is found before a mail leaves."""

from __future__ import annotations

import pytest

from app.accounts.identities import identities
from app.campaigns import variants
from app.campaigns.launch import audience
from app.campaigns.studio import preflight
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, content_of, plan
from tests.factories.consent import consented_customer

GOOD = '<html lang="en" dir="ltr"><head></head><h1>Hi</h1><p>x {{ unsubscribe_url }} {{ workspace.postal_address }}</p>'


def found(session, campaign) -> list[tuple[str, str]]:
    counted = audience.count(session, campaign, now=NOON)
    checks = preflight.inspect(session, campaign, audience=counted, public_url="https://m.example")
    return [(check.level, check.message) for check in checks]


@pytest.fixture
def someone(session, workspace):
    return consented_customer(session, workspace.id)


def test_a_good_campaign_has_nothing_to_put_right(session, workspace, someone):
    assert found(session, a_campaign(session, workspace)) == []
    assert found(session, a_campaign(session, workspace, format="html", source=GOOD)) == []


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({"topic_id": None}, "error", "No topic"),
        ({"is_for_everyone": False}, "error", "No recipients are chosen"),
        ({"subject": ""}, "error", "subject is empty"),
        ({"subject": "Re: your order"}, "error", "pretends"),
        ({"subject": "回复：您好"}, "error", "pretends"),
        ({"subject": "x" * 80}, "warning", "80 characters"),
        ({"subject": "{{ customer.frist_name }}"}, "error", "frist_name"),
        ({"preheader": ""}, "warning", "no preview text"),
        ({"source": " "}, "error", "empty"),
        ({"source": "a\n\n{{ range(9) }}"}, "error", "call"),
        ({"format": "html", "source": GOOD.replace("{{ unsubscribe_url }}", "")}, "warning", "no unsubscribe link"),
        ({"format": "html", "source": GOOD.replace("{{ workspace.postal_address }}", "")}, "warning", "postal address"),
        ({"format": "html", "source": GOOD.replace(' lang="en"', "")}, "warning", "its language"),
        ({"format": "html", "source": GOOD.replace(' dir="ltr"', "")}, "warning", "direction"),
        ({"format": "html", "source": GOOD + "<img src='https://x.example/a.png'>"}, "warning", "description: 1"),
        ({"format": "html", "source": GOOD + "<a href='http://x.example/'>x</a>"}, "warning", "not encrypted"),
        ({"format": "html", "source": GOOD + "<a href='#'>x</a>"}, "warning", "is invalid"),
        ({"format": "html", "source": GOOD + "x" * 90_000}, "warning", "kB large"),
        ({"format": "html", "source": GOOD + "x" * 110_000}, "error", "kB large"),
        ({"format": "html", "source": GOOD + "<style>{{ customer.city }}</style>"}, "error", "style"),
    ],
)
def test_what_is_wrong_is_named(session, workspace, someone, changes, level, says):
    messages = found(session, a_campaign(session, workspace, **changes))

    assert [each for each in messages if each[0] == level and says in each[1]], messages


def test_a_problem_in_the_source_names_its_line(session, workspace, someone):
    campaign = a_campaign(session, workspace, source="one\n\ntwo {{ customer.nope }}")
    checks = preflight.inspect(session, campaign, audience=None, public_url="https://m.example")

    assert [(check.line, check.column) for check in checks if check.line] == [(3, 17)]


def test_a_sender_outside_the_signed_domain_is_refused(session, workspace, someone):
    identities.get(session, workspace.id, workspace.identity_id).from_address = "me@elsewhere.example"

    assert [message for level, message in found(session, a_campaign(session, workspace)) if "elsewhere" in message]


def test_nobody_who_may_be_written_to_is_an_error(session, workspace):
    campaign = a_campaign(session, workspace)

    assert ("error", "Nobody matches the segment.") in found(session, campaign)


PLAIN_MJML = "<mjml><mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section></mj-body></mjml>"


@pytest.mark.parametrize(
    ("kind", "source", "missing"),
    [
        ("html", "<html><head><title>x</title></head><body><h2>Hi</h2></body></html>", set()),
        ("html", "<p>Hi</p>", {"The mail has no heading.", "The mail has no title."}),
        ("mjml", PLAIN_MJML, {"The mail has no heading."}),
    ],
)
def test_a_mail_without_heading_or_title_is_noticed(session, workspace, someone, kind, source, missing):
    """Whoever listens to a mail moves from heading to heading."""
    checks = {message for _level, message in found(session, a_campaign(session, workspace, format=kind, source=source))}

    assert {check for check in checks if check.endswith(("heading.", "title."))} == missing


def test_checking_many_contents_asks_as_often_as_checking_one(session, workspace, someone, statements):
    """Workspace, sender and fields are the same for all of them; a draft has up to fifty."""

    def asked(campaign) -> int:
        session.expire_all()
        with statements() as found:
            preflight.inspect(session, campaign, audience=None, public_url="https://m.example")
        return len(found)

    one, many = a_campaign(session, workspace), a_campaign(session, workspace)
    for language in ("zh", "de", "fr", "es"):
        variants.add_language(session, workspace.id, many.id, language, now=NOON)
    variants.add(session, workspace.id, many.id, now=NOON)

    assert asked(many) == asked(one)


def test_the_editor_checks_the_open_content_and_the_review_all(client, database, workspace):
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id)
        campaign = a_campaign(session, workspace)
        other = variants.add(session, workspace.id, campaign.id, now=NOON)
        other.subject, other.source = "Re: Spring", "{{ customer.frist_name }}"
        path = f"/campaigns/{campaign.id}"
        sent = {"name": "Spring", "topic": workspace.topic_id, "audience": "everybody", "language": "en", "when": "now",
                "sender": workspace.identity_id, "content": content_of(session, campaign).id,
                "content_revision": 1, "revision": 2, "subject": "Hello",
                "format": "markdown", "source": "# Hi", "preheader": "Hi"}  # fmt: skip

    pages = {
        "opened": client.get(path).text,
        "saved": client.post(f"{path}/save", data=sent, headers={"HX-Request": "true"}).text,
        "the other": client.get(f"{path}?content={other.id}").text,
        "review": client.get(f"{path}/review").text,
    }

    for name in ("opened", "saved"):
        assert "pretends to be an answer" not in pages[name], name
        assert "The review checks 1 other content as well." in pages[name], name
    for name in ("the other", "review"):
        assert "pretends to be an answer" in pages[name], name
        assert "frist_name" in pages[name], name
    with database.transaction(workspace.id) as session, pytest.raises(preflight.NotReady, match="pretends"):
        plan(session, workspace, int(path.rpartition("/")[2]))
