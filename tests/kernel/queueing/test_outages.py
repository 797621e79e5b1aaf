"""A long silence of the relay becomes an outage; each kind of work takes it once."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.kernel.queueing import outages, relay
from tests.factories.outages import a_silent_relay


def count(database):
    with database.transaction() as session:
        return session.scalar(text("SELECT count(*) FROM outages"))


@pytest.mark.parametrize(("silence", "found"), [("59 minutes", 0), ("61 minutes", 1), ("9 days", 1)])
def test_the_first_beat_after_a_long_silence_writes_an_outage(database, silence, found):
    with a_silent_relay(database, silence):
        for _ in range(2):
            with database.transaction() as session:
                outages.beat(session)

        assert count(database) == found


def test_until_the_relay_beats_again_the_outage_is_on(database):
    with a_silent_relay(database, "2 hours"):
        with database.transaction() as session:
            assert outages.is_down(session)
            outages.beat(session)
            assert not outages.is_down(session)


def test_an_installation_that_never_ran_is_not_down(database):
    with database.transaction() as session:
        assert not outages.is_down(session)
        outages.beat(session)
        assert session.scalar(text("SELECT count(*) FROM outages")) == 0
        session.execute(text("DELETE FROM heartbeats"))


def test_the_relay_beats_when_it_starts_recurring_jobs(services, database):
    with a_silent_relay(database, "3 hours"):
        relay.start_recurring(services, {})
        with database.transaction() as session:
            session.execute(text("DELETE FROM outbox"))

        assert count(database) == 1


def test_each_kind_of_work_takes_an_outage_once(database, workspace):
    with a_silent_relay(database, "3 hours"), database.transaction(workspace.id) as session:
        assert outages.take(session, workspace.id, "a") is None
        outages.beat(session)
        first = outages.take(session, workspace.id, "a")
        assert first is not None
        assert first.ended_at - first.began_at > outages.LONG
        assert outages.take(session, workspace.id, "a") is None
        assert outages.take(session, workspace.id, "b") == first
