"""Somebody signs up, confirms, gets a campaign, clicks, leaves, and is never written to again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.campaigns import compose
from app.campaigns.drafts import ContentDraft, Draft
from app.campaigns.reports import results
from app.consent.asked_fields.asked import AskedField
from app.kernel.clock import FixedClock
from app.kernel.database import Database
from app.kernel.settings import Settings
from tests.factories import campaigns
from tests.factories.consent import a_form, consented_customer
from tests.factories.customers import import_file
from tests.factories.workspaces import WorkspaceForTests
from tests.stories.house import House, a_house, link_to, links_of

ADA, BOB = "ada@example.com", "bob@example.com"
SOURCE = (
    "# Spring tea\n\nDear {{ customer.first_name|default('friend') }}, [see the harvest](https://shop.example/spring)."
)


@pytest.fixture
def house(settings: Settings, clock: FixedClock, tmp_path: Path) -> Iterator[House]:
    with a_house(settings, clock, tmp_path) as opened:
        yield opened


def bob_agreed(house: House, workspace: WorkspaceForTests) -> None:
    """Somebody else is always there to be written to."""
    with house.services.database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email=BOB)


def sign_up(house: House, workspace: WorkspaceForTests) -> None:
    """Fill in the public form as a person does, agreeing to news and to click tracking."""
    with house.services.database.transaction(workspace.id) as session:
        a_form(session, workspace.id, [workspace.topic_id], asks=["click_tracking"], fields=[AskedField("first_name")])
    url = f"/f/{workspace.slug}/newsletter"
    page = house.get(url).text
    stamp = page.split('name="stamp" value="')[1].split('"')[0]
    house.clock.advance(timedelta(seconds=20))
    answer = house.post(
        url,
        {"email": ADA, "first_name": "Ada", "stamp": stamp, f"topic-{workspace.topic_id}": "1", "click_tracking": "1"},
    )
    assert answer.status_code == 200, answer.text
    house.settle()


def launch(house: House, workspace: WorkspaceForTests, name: str) -> int:
    """Compose a campaign to everyone about news and let it go."""
    now = house.clock.now()
    with house.services.database.transaction(workspace.id) as session:
        draft = Draft(
            name=name,
            segment_id=None,
            is_for_everyone=True,
            topic_id=workspace.topic_id,
            identity_id=None,
            language="en",
        )
        preheader = "The first harvest of the year is here, and it is small."
        said = ContentDraft("markdown", "Spring tea is in", preheader, SOURCE)
        campaign = compose.create(session, workspace.id, draft, said, staff_id=workspace.owner_id, now=now)
        campaigns.launch(session, workspace, campaign.id, now=now)
    house.settle()
    return campaign.id


def verdicts(database: Database, workspace: WorkspaceForTests) -> list[tuple[str, str]]:
    with database.transaction(workspace.id) as session:
        query = text("SELECT name, verdict FROM activities WHERE verdict IS NOT NULL ORDER BY id")
        return [(row.name, row.verdict) for row in session.execute(query)]


def state_for(database: Database, workspace: WorkspaceForTests, email: str) -> tuple[str, str | None]:
    """What became of this person's latest message."""
    query = text(
        "SELECT state, reason FROM messages JOIN customers c ON c.id = customer_id"
        " WHERE c.email = :email ORDER BY messages.id DESC LIMIT 1"
    )
    with database.transaction(workspace.id) as session:
        row = session.execute(query, {"email": email}).one()
        return row.state, row.reason


def test_from_sign_up_to_silence(house: House, workspace: WorkspaceForTests) -> None:
    database = house.services.database
    bob_agreed(house, workspace)
    sign_up(house, workspace)
    asked = house.mailbox.of(ADA)
    assert len(asked) == 1
    confirm = link_to(asked[0], "/c/")

    # A scanner opens every link of the question: nobody is mailable by that.
    for url in links_of(asked[0]):
        house.get(url)
    launch(house, workspace, "Too early")
    assert house.mailbox.of(ADA) == asked
    assert state_for(database, workspace, ADA) == ("skipped", "no_permission")

    # The person presses the button, and the next campaign reaches them.
    assert house.post(confirm).status_code == 200
    house.settle()
    house.clock.advance(timedelta(days=1))
    spring = launch(house, workspace, "Spring")
    _, mail = house.mailbox.of(ADA)
    assert "Dear Ada" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    # A while later they click; what tracking sees is a person.
    house.clock.advance(timedelta(minutes=40))
    click = house.get(link_to(mail, "/t/c/"))
    assert (click.status_code, click.headers["Location"]) == (302, "https://shop.example/spring")
    house.clock.advance(timedelta(seconds=5))
    house.settle()
    assert verdicts(database, workspace) == [("clicked", "human")]

    # They leave with the mail program's button, which follows RFC 8058, and are never written to again.
    one_click = mail["List-Unsubscribe"].split("<")[1].split(">")[0]
    left = house.post(one_click, {"List-Unsubscribe": "One-Click"})
    assert (left.status_code, left.headers.get("Set-Cookie")) == (200, None)
    house.settle()
    with database.transaction(workspace.id) as session:
        found = results.summary(session, workspace.id, spring)
    assert (found.human_clicks.count, found.unsubscribes) == (1, 1)
    house.clock.advance(timedelta(days=30))
    launch(house, workspace, "Summer")
    assert len(house.mailbox.of(ADA)) == 2
    assert state_for(database, workspace, ADA) == ("skipped", "no_permission")
    assert house.failed_jobs() == []


def test_an_import_without_evidence_is_never_mailed(house: House, workspace: WorkspaceForTests) -> None:
    """Golden case 5: `subscribed=true` in a file is a claim, not a consent."""
    bob_agreed(house, workspace)
    file = import_file(house.services.database, workspace.id, f"email,first_name,subscribed\n{ADA},Ada,true\n")
    launch(house, workspace, "Hopeful")

    assert file.state == "done"
    assert house.mailbox.of(ADA) == []
    assert state_for(house.services.database, workspace, ADA) == ("skipped", "no_permission")
    assert len(house.mailbox.of(BOB)) == 1
