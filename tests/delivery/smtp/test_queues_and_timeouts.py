"""Whatever a mail server does or does not say, a sender is free again after a time that the server cannot stretch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from app.accounts.identities import identities, relays
from app.consent.signup import double_opt_in, signup_forms
from app.delivery.models import Lane
from app.delivery.sending import lanes, recovery, worker
from app.delivery.smtp.envelopes import Timeouts
from app.delivery.throttling import relay_timeouts
from app.delivery.transactional import messages, staff_mail
from app.kernel.queueing import jobs
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.consent import a_form
from tests.factories.servers.jobs import names_waiting
from tests.factories.servers.mute_relay import AGREES, GREETS, a_mute_relay
from tests.factories.workspaces import WorkspaceForTests


@contextmanager
def a_talkative_relay() -> Iterator[str]:
    """A server whose answer to a command never ends: one more line of it each moment."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250 hello\r\n")
        await reader.readline()
        with suppress(OSError):
            while not reader.at_eof():
                writer.write(b"250-still thinking\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(talk, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def sending_to(services: Services, url: str) -> Services:
    return replace(services, settings=replace(services.settings, smtp_url=url))


def test_a_workspaces_server_gets_seconds_and_the_operators_minutes(services: Services) -> None:
    named = replace(relays.from_url("smtp://relay.example"), is_of_workspace=True)

    assert relay_timeouts.timeouts(named, services.settings) == Timeouts(connect=10, command=10, dot=30)
    assert (
        relay_timeouts.timeouts(relays.from_url("smtp://relay.example"), services.settings) == relay_timeouts.OPERATORS
    )


def test_which_relay_is_a_workspaces_does_not_hang_on_where_it_may_lead(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """An operator who lets workspaces name local servers has not named them."""
    allowing = replace(services.settings, allow_private_relays=True)
    with services.database.transaction(workspace.id) as session:
        identity = identities.get(session, workspace.id, workspace.identity_id)
        assert not identities.relay(identity, allowing).is_of_workspace
        identities.set_relay(
            session,
            workspace.id,
            workspace.identity_id,
            smtp_url="smtp://relay.example",
            keys=allowing.secret_keys,
            staff_id=workspace.owner_id,
            now=NOON,
        )
        assert identities.relay(identity, allowing).is_of_workspace


def test_a_server_that_talks_without_end_is_hung_up_on(services: Services, workspace: WorkspaceForTests) -> None:
    """It is never silent for long; the turn ends all the same, and nobody's mail is blamed or lost."""
    delivery.a_launched_send(services.database, workspace, 3)
    lane_id = delivery.lane_ids(services.database, workspace)[0]
    with a_talkative_relay() as url:
        timeouts = Timeouts(connect=5, command=5, dot=1)
        worker.run(sending_to(services, url), workspace.id, lane_id, seconds=1, timeouts=timeouts)

    assert {state for state, _ in delivery.states(services.database, workspace).values()} == {"queued"}


def test_one_silence_lets_every_lane_of_the_relay_rest(services: Services, workspace: WorkspaceForTests) -> None:
    """The other lanes lead to the same server: each would hold a sender as long again."""
    delivery.a_launched_send(services.database, workspace, 3)
    lane_id = delivery.lane_ids(services.database, workspace)[0]
    for answers in (GREETS, AGREES):
        with a_mute_relay(answers) as mute:
            timeouts = Timeouts(connect=1, command=1, dot=1)
            worker.run(sending_to(services, mute.url), workspace.id, lane_id, timeouts=timeouts)
            assert mute.calls == 1
        with services.database.transaction(workspace.id) as session:
            query = select(Lane).where(Lane.workspace_id == workspace.id, Lane.identity_id == workspace.identity_id)
            resting = [lane.paused_until for lane in session.scalars(query)]
            assert len(resting) == len(lanes.PROVIDERS)
            assert None not in resting
            for lane in session.scalars(query):
                lane.paused_until = None


def test_a_mail_to_staff_is_given_up_for_now_in_time(services: Services, workspace: WorkspaceForTests) -> None:
    with services.database.transaction(workspace.id) as session:
        identity = identities.get(session, workspace.id, workspace.identity_id)
        mail = messages.send_to_staff(
            session,
            workspace.id,
            kind="test",
            to_address="olga@shop.test",
            content=delivery.CONTENT,
            person={"customer": {"first_name": "Ada"}},
            settings=services.settings,
            now=NOON,
        )
    allowing = replace(services, settings=replace(services.settings, allow_private_relays=True, relay_timeout=1))
    with a_talkative_relay() as url:
        with services.database.transaction(workspace.id) as session:
            identities.set_relay(
                session,
                workspace.id,
                identity.id,
                smtp_url=url,
                keys=services.settings.secret_keys,
                staff_id=workspace.owner_id,
                now=NOON,
                may_be_private=True,
            )
        with pytest.raises(staff_mail.NotYet):
            staff_mail.send(allowing, workspace.id, mail.id)


def test_confirmations_and_mails_to_staff_stand_in_queues_of_their_own(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """Neither waits behind a campaign, and a campaign's sender is not kept by them."""
    with services.database.transaction(workspace.id) as session:
        form = a_form(session, workspace.id, [workspace.topic_id])
        chosen = tuple(signup_forms.choices(session, form, language="en", sender="Shop", now=NOON))
        answer = double_opt_in.Answer(email="new@example.com", chosen=chosen, page="http://x.test", ip="198.51.100.7")
        request_id = double_opt_in.request(session, workspace.id, form, answer, now=NOON)
        messages.ask_confirmation(session, workspace.id, request_id, now=NOON)
    delivery.a_launched_send(services.database, workspace, 2)
    with services.database.transaction(workspace.id) as session:
        queues = names_waiting(session, workspace.id)
        assert (queues["delivery.send_transactional"], queues["delivery.send_lane"]) == ("transactional", "send")
        assert services.extensions.get(jobs.Jobs).queue_of("delivery.send_confirmation") == jobs.TRANSACTIONAL_QUEUE
        assert services.extensions.get(jobs.Jobs).queue_of("delivery.send_staff_mail") == jobs.STAFF_MAIL_QUEUE
        recovery.sweep(session, workspace.id, now=NOON)
    lane_id = delivery.lane_ids(services.database, workspace)[0]
    with delivery.a_sink(tmp_path) as sink:
        worker.run(delivery.services_to(services, sink), workspace.id, lane_id, only_transactional=True)
        assert sink.recipients() == ["new@example.com"]
