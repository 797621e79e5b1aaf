"""No page shows anything of another workspace, even where the reader role may see every row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import Source
from app.kernel.database import Database
from app.kernel.services import Services
from app.segments import jobs
from app.tracking.links import links
from tests.factories import NOON
from tests.factories.application.twins import a_twin
from tests.factories.campaigns import a_campaign, launch, plan, send_of
from tests.factories.consent import consented_customer
from tests.factories.customers import a_purchase
from tests.factories.journeys import a_journey, a_segment
from tests.factories.workspaces import WorkspaceForTests
from tests.servers import Servers

_TOKEN = re.compile(r'(?<=name="csrf_token" value=")[^"]+|(?<=name="csrf-token" content=")[^"]+')
_RULES = '{"all": [{"field": "tags", "op": "has_tag", "value": "vip"}]}'


@dataclass
class Furnished:
    """The numbers of what is in the workspace."""

    segment: int
    draft: int
    planned: int
    sent: int
    customer: int


@pytest.fixture
def furnished(services: Services, workspace: WorkspaceForTests) -> Furnished:
    """A workspace with something on every page."""
    with services.database.transaction(workspace.id) as session:
        purposes = ("profiling", "open_tracking", "click_tracking")
        people = [
            consented_customer(
                session, workspace.id, email=f"{name}@example.com", first_name=name, purposes=purposes, country="DE"
            )
            for name in ("Ada", "Bob", "Cleo")
        ]
        for person in people[:2]:
            person.tags = ["vip"]
            a_purchase(session, person, amount="20.00")
        segment = a_segment(session, workspace, tag="vip")
        a_journey(session, workspace)
        draft, planned, sent = (
            a_campaign(session, workspace, name=name, is_for_everyone=False, segment_id=segment)
            for name in ("Draft", "Planned", "Sent")
        )
        planned.send_later, planned.scheduled_at = True, NOON + timedelta(days=1)
        plan(session, workspace, planned.id)
        launch(session, workspace, sent.id)
        send_id = send_of(session, sent)
        link = links.register(session, workspace.id, send_id, ["https://shop.test/"], now=NOON)[0]
        session.execute(text("UPDATE messages SET state = 'sent', sent_at = :now"), {"now": NOON})
        clicks = [
            ActivityRow(
                *(workspace.id, people[0].id, NOON, name, source),
                send_id=send_id,
                link_id=link.id,
                verdict="human",
            )
            for source, names in (
                (Source.TRACKING, ("opened", "clicked")),
                (Source.DELIVERY, ("replied", "unsubscribed", "bounced")),
            )
            for name in names
        ]
        activities.record_many(session, clicks, now=NOON)
        return Furnished(segment, draft.id, planned.id, sent.id, people[0].id)


def test_a_neighbour_with_the_same_numbers_changes_no_page(
    app: Flask,
    client: FlaskClient,
    servers: Servers,
    services: Services,
    furnished: Furnished,
    workspace: WorkspaceForTests,
) -> None:
    """Every row of ours exists once more in another workspace; a predicate that lacks ours would count it too."""
    database = make_url(services.settings.database_url).database or ""
    asked = _addresses(app, furnished)
    alone = {address: _shown(client, address) for address in asked}
    with a_twin(servers, database, workspace.id):
        beside = {address: _shown(client, address) for address in asked}

    assert len(asked) > 50
    assert [address for address in asked if alone[address] != beside[address]] == []
    assert {page for page, shown in alone.items() if shown.startswith(("404", "5"))} == set()
    assert "Ada" in alone["GET /customers?tag=vip"]


def test_segments_count_their_own_people(
    servers: Servers, services: Services, furnished: Furnished, workspace: WorkspaceForTests
) -> None:
    """The hourly count is the reader role's as well."""
    with a_twin(servers, make_url(services.settings.database_url).database or "", workspace.id):
        jobs.count_all(services)

        assert _count(services.database, workspace, furnished.segment) == 2


def _count(database: Database, workspace: WorkspaceForTests, segment_id: int) -> int | None:
    with database.transaction(workspace.id) as session:
        return session.scalar(text("SELECT latest_count FROM segments WHERE id = :id"), {"id": segment_id})


def _addresses(app: Flask, furnished: Furnished) -> list[str]:
    """Every page that takes no number, and those of what is there."""
    plain = [
        f"GET {rule.rule}"
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and hasattr(app.view_functions[rule.endpoint], "guard")
    ]
    lists = ["q=ada", "tag=vip", "country=DE", "bought=yes", "bought=no", "sort=name", "sort=spent", "sort=seen"]
    campaign = ["", "/report", "/progress", "/review", "/preview", "/mail", "/mail?mode=text", "/mail?mode=dark"]
    shown = [furnished.draft, furnished.planned, furnished.sent]
    return [
        *plain,
        *(f"GET /customers?{asked}" for asked in lists),
        *(f"GET /campaigns/{number}{page}" for number in shown for page in campaign),
        f"GET /campaigns/{furnished.draft}/preview?customer={furnished.customer}",
        f"GET /customers/{furnished.customer}",
        f"GET /segments/{furnished.segment}",
        f"GET /segments/new?rules={_RULES}",
        "GET /search?q=ada",
        "POST /segments/summary",
    ]


def _shown(client: FlaskClient, address: str) -> str:
    method, path = address.split(" ", 1)
    answer = client.open(path, method=method)
    return f"{answer.status_code}\n{_TOKEN.sub('', answer.get_data(as_text=True))}"
