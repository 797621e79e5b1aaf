"""Who would wait too long in the database is told to come again: on the page, and as a problem for programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.accounts import api_keys
from app.consent.tokens import UnsubscribeToken
from app.kernel.clock import FixedClock
from app.kernel.database import Database, Limits
from app.kernel.extensions import Extensions
from app.kernel.services import Services, build, install
from app.kernel.settings import Settings
from app.web import guard
from app.wiring import application
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.workspaces import WorkspaceForTests

SOON = Limits(lock=timedelta(milliseconds=100), statement=timedelta(milliseconds=500))


@pytest.fixture
def services(settings: Settings, clock: FixedClock, extensions: Extensions) -> Iterator[Services]:
    """Services as the web has them, but with short timeouts."""
    made = install(build(extensions, settings, clock=clock, limits=SOON))
    yield made
    made.database.dispose()


@contextmanager
def held(database: Database, workspace: WorkspaceForTests) -> Iterator[None]:
    """Something large is being written in this workspace, as an import does: its ledger and its customers are held."""
    with database.transaction(workspace.id) as session:
        session.execute(text("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE"))
        session.execute(text("SELECT seq FROM consent_heads FOR UPDATE"))
        yield


def test_the_web_waits_for_no_lock_and_no_statement_for_long():
    """Requests waited minutes for an import's locks, each holding a thread, until nothing was answered any more."""
    assert timedelta(0) < application.LIMITS.lock <= timedelta(seconds=10)
    assert timedelta(0) < application.LIMITS.statement <= timedelta(seconds=30)


def test_staff_are_told_to_come_again_and_lose_nothing(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
):
    fields = {"email": "ada@shop.example", "first_name": "Ada"}
    with held(database, workspace):
        answer = client.post("/customers/new", data=fields, headers={"Origin": "http://localhost"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Busy at this moment" in answer.text
    assert 'value="ada@shop.example"' in answer.text


def test_a_visitor_is_told_to_come_again(
    anonymous: FlaskClient, services: Services, database: Database, workspace: WorkspaceForTests
):
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id)
    link = "/u/" + UnsubscribeToken(workspace.id, ada.id, workspace.topic_id, 77).encode(services.tokens)

    with held(database, workspace):
        busy = anonymous.post(link)

    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    assert anonymous.post(link).status_code == 200


def test_a_program_is_told_to_come_again(anonymous: FlaskClient, database: Database, workspace: WorkspaceForTests):
    with database.transaction(workspace.id) as session:
        _made, key = api_keys.create(session, workspace.id, name="shop", staff_id=workspace.owner_id, now=NOON)
    sent = {"email": "ada@shop.example"}

    with held(database, workspace):
        busy = anonymous.put("/api/v1/customers", json=sent, headers={"Authorization": f"Bearer {key}"})

    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    assert (busy.mimetype, busy.get_json()["status"]) == ("application/problem+json", 503)


def test_a_statement_without_end_is_ended(services: Services):
    app = application.create_app(services)

    @app.get("/endless")
    @guard.public("for this test")
    def endless() -> str:
        with services.database.transaction() as session:
            session.execute(text("SELECT pg_sleep(60)"))
        return "never"

    assert app.test_client().get("/endless").status_code == 503


def test_a_database_that_is_away_is_no_crash(app: Flask, services: Services, anonymous: FlaskClient):
    install(replace(services, database=Database("postgresql://nobody@127.0.0.1:9/nowhere", limits=SOON)))

    answer = anonymous.post("/login", data={"email": "ada@shop.example", "password": "x"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "The database does not answer" in answer.text
