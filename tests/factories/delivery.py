"""Sends, servers to send to, and senders, as small as a test needs them."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.identities import identities
from app.customers.addresses import projection
from app.customers.profiles import people
from app.delivery.inbound import listener
from app.delivery.launching import launches
from app.delivery.launching.occasions import Occasion
from app.delivery.launching.queueing import AnsweredRequest
from app.delivery.models import Send
from app.delivery.sending import recovery, sends, store, worker
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.smtp.envelopes import Timeouts
from app.kernel.database import Database
from app.kernel.services import Services
from app.kernel.settings import Key
from app.rendering.content import Content
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.servers.processes import until
from tests.factories.workspaces import WorkspaceForTests

CONTENT = Content(
    subject="Hello {{ customer.first_name }}",
    preheader="News",
    html='<p>Hello {{ customer.first_name }}</p><p><a href="https://shop.test/spring">Spring</a></p>'
    '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>',
    text="Hello {{ customer.first_name }}\n\n{{ unsubscribe_url }}\n",
    language="en",
)
ROOT = Path(__file__).parent.parent.parent
_OCCURRENCES = itertools.count(1)


@dataclass
class RunningSink:
    """A bench.sink process and the record of what it took."""

    port: int
    dump: Path
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def recipients(self) -> list[str]:
        """Whom it took mail for, in order."""
        return [line.split("\t")[1] for line in self.lines()]

    def message_ids(self) -> list[str]:
        return [line.split("\t")[2] for line in self.lines()]

    def lines(self) -> list[str]:
        return self.dump.read_text().splitlines() if self.dump.exists() else []


@contextmanager
def a_sink(
    folder: Path, *rules: dict[str, Any], offer: str = "PIPELINING,CHUNKING", eager: bool = False, port: int = 0
) -> Iterator[RunningSink]:
    """A mail server that keeps nothing and misbehaves as the rules say."""
    dump = folder / "sink.dump"
    command = [sys.executable, "-m", "bench.sink", "--port", str(port), "--dump", str(dump), "--offer", offer]
    command += ["--rules", json.dumps(list(rules)), *(["--eager"] if eager else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield RunningSink(int(process.stdout.readline()), dump, process)
    finally:
        process.kill()
        process.wait()


def services_to(services: Services, sink: RunningSink) -> Services:
    """The same services, sending to this sink."""
    return replace(services, settings=replace(services.settings, smtp_url=sink.url))


def a_send(
    session: Session, workspace: WorkspaceForTests, *, now: datetime = NOON, kind: str = "campaign", **values: Any
) -> Send:
    """A send of CONTENT about the topic "news", not launched; each is an occasion of its own unless one is given."""
    given: dict[str, Any] = {
        "occasion": Occasion.campaign(1, next(_OCCURRENCES)),
        "source_id": 1,
        "topic_id": workspace.topic_id,
        "purpose": "marketing",
        "content": CONTENT,
        "identity_id": workspace.identity_id,
    }
    return sends.create(session, workspace.id, sends.NewSend(kind=kind, **(given | values)), now=now)


def add_transactional(
    session: Session, workspace: WorkspaceForTests, send: Send, customer_id: int, *, permission_seq: int
) -> None:
    """Queue a transactional mail to one person, an answer to a request of its own."""
    recipient = sends.Recipient(customer_id, Occasion.transactional(f"{send.id}:{customer_id}"))
    answers = AnsweredRequest(permission_seq)
    sends.add(session, workspace.id, send.id, [recipient], now=NOON, answers=answers)


def another_identity(session: Session, workspace: WorkspaceForTests) -> int:
    """A second address to send from; its lanes are others."""
    return identities.create(
        session,
        workspace.id,
        identities.Sender(from_name="Shop Two", from_address="two@shop.example"),
        signs=False,
        keys=(Key(1, b"k" * 32),),
        now=NOON,
        is_proved=True,
    ).id


def allow_connections(session: Session, count: int) -> None:
    """Let the senders of the session's workspace open so many connections together."""
    session.execute(text("UPDATE sending_identities SET max_connections = :count"), {"count": count})


def lane_ids(database: Database, workspace: WorkspaceForTests) -> list[int]:
    """The lanes in which batches wait."""
    with database.transaction(workspace.id) as session:
        query = text("SELECT DISTINCT lane_id FROM batches WHERE state <> 'done' ORDER BY 1")
        return list(session.scalars(query))


def an_audience(
    session: Session, workspace: WorkspaceForTests, count: int, *, prefix: str = "p", now: datetime = NOON
) -> list[int]:
    """So many customers who agreed to "news", inserted at once; the first of them through the real actions."""
    first = consented_customer(session, workspace.id, email=f"{prefix}0@example.com", first_name="P0", now=now).id
    names = {"first": first, "prefix": prefix, "count": count, "now": now}
    names |= {"workspace_id": workspace.id, "w": workspace.id}
    rest = [session.scalars(text(statement), names).all() for statement in _CROWD]
    return [first, *rest[0]]


# Copies of the first customer and of what they agreed to: what is tested here is sending, not signing up.
_CROWD = (
    f"""
    WITH fresh AS MATERIALIZED (
        SELECT {projection.NEW_CUSTOMER_ID} AS id, {projection.NEW_ADDRESS_ID} AS address_id,
               mail AS email, mail AS email_key, sha256(convert_to(mail, 'UTF8')) AS digest, 'other' AS provider,
               'P' || n AS first_name, '["test", 0]'::jsonb AS origin
        FROM (SELECT n, :prefix || n || '@example.com' AS mail FROM generate_series(1, :count - 1) n) given),
    {projection.adding_people(["first_name"])}
    SELECT id FROM fresh
    """,
    """
    INSERT INTO consent_state (workspace_id, customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq,
                               since)
    SELECT s.workspace_id, c.id, s.purpose, s.topic_id, s.state, s.allowed, s.basis, s.method, s.ledger_seq, s.since
    FROM consent_state s JOIN customers c ON c.workspace_id = s.workspace_id
    WHERE s.workspace_id = :workspace_id AND s.customer_id = :first AND c.email LIKE :prefix || '%@example.com'
      AND c.id <> :first
    RETURNING customer_id
    """,
)


def a_launched_send(database: Database, workspace: WorkspaceForTests, count: int, *, now: datetime = NOON) -> int:
    """A committed send to so many people, ready to be claimed."""
    with database.transaction(workspace.id) as session:
        an_audience(session, workspace, count, now=now)
        send = a_send(session, workspace, now=now)
        launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=now)
        return send.id


def run_lanes(services: Services, workspace: WorkspaceForTests, *, dot: float = 5.0) -> int:
    """Let a sender work in every lane of the workspace until nothing is due; return how many were accepted."""
    found = lane_ids(services.database, workspace)
    timeouts = Timeouts(connect=5, command=5, dot=dot)
    return sum(worker.run(services, workspace.id, lane_id, seconds=20, timeouts=timeouts) for lane_id in found)


def states(database: Database, workspace: WorkspaceForTests) -> dict[str, tuple[str, str | None]]:
    """Every message of the workspace by address: its state and reason."""
    query = text(
        "SELECT c.email, m.state, m.reason FROM messages m"
        " JOIN customers c ON c.workspace_id = m.workspace_id AND c.id = m.customer_id"
    )
    with database.transaction(workspace.id) as session:
        return {row.email: (row.state, row.reason) for row in session.execute(query)}


def until_taken(sink: RunningSink, sender: subprocess.Popen[bytes], count: int) -> None:
    """Wait until the sink took so many messages in all, or the sender has nothing left to send."""
    until(lambda: len(sink.lines()) >= count or sender.poll() is not None, otherwise=lambda: "the sender got nowhere")


@contextmanager
def an_open_port(services: Services) -> Iterator[int]:
    """An intake for incoming mail and the port it listens on."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(listener.serve(services, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def in_doubt(services: Services, workspace: WorkspaceForTests, count: int) -> tuple[int, list[OutgoingMessage]]:
    """A campaign whose sender died with all of its messages handed off."""
    send_id = a_launched_send(services.database, workspace, count)
    sender = store.SendStore(services, workspace.id, lane_ids(services.database, workspace)[0])
    claimed = sender.claim()
    assert claimed
    sender.flush([], claimed)
    sender.release()
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET lease_until = 'epoch' WHERE state = 'leased'"))
        recovery.sweep(session, workspace.id, now=NOON)
    return send_id, sorted(claimed, key=lambda message: message.email)
