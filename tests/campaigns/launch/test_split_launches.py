"""A campaign in variants and languages leaves as one occasion: each person gets one mail, or is held out, by chance."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from app.campaigns import contents, variants
from app.campaigns.launch import split, stopping
from app.campaigns.reports import overview, results
from app.campaigns.variants import Split, VariantDraft
from app.customers.timeline import activities, retention
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch
from tests.factories.consent import consented_customer

PEOPLE = 60
LANGUAGES = ("en", "zh", None, "zh-Hans", "fr")
WHO = (
    "SELECT m.customer_id, m.state, m.reason, v.key, s.language, m.variant_id FROM messages m"
    " JOIN campaign_sends c USING (workspace_id, send_id) JOIN sends s ON s.id = m.send_id"
    " JOIN campaign_variants v ON v.id = c.variant_id ORDER BY m.customer_id"
)


@pytest.fixture
def people(session, workspace):
    """Sixty people of several languages."""
    found = {}
    for number in range(PEOPLE):
        language = LANGUAGES[number % len(LANGUAGES)]
        person = consented_customer(session, workspace.id, email=f"{number}@example.com", language=language)
        found[person.id] = language
    return found


@pytest.fixture
def campaign(session, workspace):
    """Two variants, 70 to 30, in two languages, with a fifth held out."""
    made = a_campaign(session, workspace)
    variants.add_language(session, workspace.id, made.id, "zh", now=NOON)
    variants.add(session, workspace.id, made.id, now=NOON)
    a, b = variants.of_campaign(session, made)
    drafted = (VariantDraft(a.id, "", 70), VariantDraft(b.id, "", 30))
    return variants.save(session, workspace.id, made.id, Split(drafted, 20), now=NOON)


def test_everybody_is_assigned_once_and_gets_their_language(session, workspace, people, campaign):
    launch(session, workspace, campaign.id)
    rows = session.execute(text(WHO)).all()

    assert [row.customer_id for row in rows] == sorted(people)
    held_out = [row for row in rows if row.reason == "held_out"]
    assert sum(row.state == "queued" for row in rows) + len(held_out) == PEOPLE
    assert held_out
    assert all(row.state == "skipped" and row.variant_id is None for row in held_out)
    for row in rows:
        if row.reason is None:
            spoken = people[row.customer_id] or "en"
            assert row.language == ("zh" if spoken.startswith("zh") else "en")
            assert row.variant_id is not None
    by_key = Counter(row.key for row in rows if row.reason is None)
    assert by_key["A"] > by_key["B"] > 0


def test_who_speaks_the_default_language_gets_it_although_there_is_a_wider_one(session, workspace):
    """The review and the launch say the same: "pt-BR" is no "pt" where there is a content in either."""
    consented_customer(session, workspace.id, language="pt-BR")
    made = a_campaign(session, workspace, language="pt-BR")
    variants.add_language(session, workspace.id, made.id, "pt", now=NOON)
    reviewed = split.expected(session, made, contents.of_campaign(session, made), now=NOON)

    launch(session, workspace, made.id)

    assert reviewed
    assert [part.version.content.language for part in reviewed.parts if part.people] == ["pt-BR"]
    assert [row.language for row in session.execute(text(WHO))] == ["pt-BR"]


def test_launching_twice_assigns_nobody_anew(session, workspace, people, campaign):
    launch(session, workspace, campaign.id)
    rows = session.execute(text(WHO)).all()

    launch(session, workspace, campaign.id)

    assert session.execute(text(WHO)).all() == rows
    assert session.scalar(text("SELECT count(*) FROM sends WHERE kind = 'campaign'")) == 4
    assert session.scalar(text("SELECT count(DISTINCT occasion_id) FROM messages")) == 1


def test_pausing_and_cancelling_speak_of_all_its_sends(session, workspace, people, campaign):
    launch(session, workspace, campaign.id)
    queued = results.summary(session, workspace.id, campaign.id, now=NOON).progress.queued

    stopping.pause(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    assert overview.state_of(session, campaign) == "paused"
    stopping.resume(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    assert overview.state_of(session, campaign) == "sending"
    stopped, _again = stopping.cancel(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    assert (stopped, overview.state_of(session, campaign)) == (queued, "cancelled")

    kept = session.scalar(text("SELECT values FROM undo_steps WHERE kind = 'campaigns.cancelled'"))
    stopping.take_cancelling_back(session, workspace.id, kept, staff_id=workspace.owner_id, now=NOON)
    assert overview.state_of(session, campaign) == "sending"
    assert results.summary(session, workspace.id, campaign.id, now=NOON).progress.waiting == queued


def test_the_report_tells_the_variants_apart_and_counts_everybody_once(session, workspace, people, campaign):
    launch(session, workspace, campaign.id)
    session.execute(text("UPDATE messages SET state = 'sent', sent_at = :now WHERE state = 'queued'"), {"now": NOON})
    sent = session.execute(text("SELECT customer_id, send_id FROM messages WHERE state = 'sent' ORDER BY id")).all()
    clicked = [
        ActivityRow(
            *(workspace.id, row.customer_id, NOON, EventName.CLICKED, Source.TRACKING),
            send_id=row.send_id,
            verdict=verdict,
        )
        for row, verdict in zip(sent[:6], ("human",) * 5 + ("scanner",), strict=True)
    ]
    activities.record_many(session, clicked, now=NOON)

    found = results.summary(session, workspace.id, campaign.id, now=NOON)
    line = overview.recent(session, workspace.id, limit=1)[0]

    assert [each.key for each in found.variants] == ["A", "B"]
    assert sum(each.sent for each in found.variants) == found.delivered == len(sent) == line.sent
    assert sum(each.human_clicks.count for each in found.variants) == found.human_clicks.count == 5
    assert line.human_clicks == found.human_clicks
    assert sum(each.recipients for each in found.variants) + found.held_out == found.progress.total == PEOPLE
    assert all(each.human_clicks.interval for each in found.variants)

    retention.delete_before(session, workspace.id, NOON + timedelta(days=1), limit=1_000)
    assert session.scalar(text("SELECT count(*) FROM activities WHERE send_id IS NOT NULL")) == 0
    assert results.summary(session, workspace.id, campaign.id, now=NOON) == found
    assert overview.recent(session, workspace.id, limit=1)[0] == line


def test_a_campaign_is_sending_while_any_of_its_sends_is():
    assert overview.combined(["done", "running"]) == "sending"
    assert overview.combined(["done", "paused", "running"]) == "sending"
    assert overview.combined(["done", "paused", "cancelled"]) == "paused"
    assert overview.combined(["done", "cancelled"]) == "cancelled"
    assert overview.combined(["done", "done"]) == "sent"


def test_what_stopped_by_itself_is_told_before_what_staff_stopped():
    assert overview.foremost([None, "staff", "outage"]) == "outage"
    assert overview.foremost([None, "staff"]) == "staff"
    assert overview.foremost([None]) is None


def test_lists_ask_as_often_for_many_as_for_one(session, workspace):
    """However many campaigns, variants and languages a page shows."""

    def asked(act) -> int:
        statements = []

        def note(_connection, _cursor, statement, *_rest):
            statements.append(statement)

        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        act()
        event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    def lists() -> None:
        session.expire_all()
        overview.recent(session, workspace.id, limit=30)
        overview.counts_by_state(session, workspace.id)

    consented_customer(session, workspace.id)
    first = a_campaign(session, workspace)
    launch(session, workspace, first.id)
    few = asked(lists)
    for number in range(6):
        more = a_campaign(session, workspace, name=str(number))
        variants.add_language(session, workspace.id, more.id, "zh", now=NOON)
        variants.add(session, workspace.id, more.id, now=NOON)
        if number % 2:
            launch(session, workspace, more.id)
    one = asked(lambda: results.summary(session, workspace.id, first.id, now=NOON))
    many = asked(lambda: results.summary(session, workspace.id, more.id, now=NOON))

    assert asked(lists) == few
    assert many == one
    assert asked(lambda: contents.of_campaign(session, more)) == 1
