"""Each mail's own links speak of the address it went to."""

from __future__ import annotations

import email
import email.policy
import re
import socket
from dataclasses import replace

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from app.consent.tokens import PreferencesToken
from app.customers.addresses import changes, queries
from app.customers.addresses.changes import NewAddress
from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.models import Message
from tests.factories import NOON, delivery
from tests.factories.consent import consented_customer


class Keeping:
    """A mail server's part that keeps whom it was given what for."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {}

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.taken[envelope.rcpt_tos[0]] = envelope.original_content or b""
        return "250 2.0.0 Ok"


def test_the_preference_link_carries_the_address_the_mail_went_to(services, workspace):
    """And the row of the message names the same: not another address in use, nor one of the history."""
    with services.database.transaction(workspace.id) as session:
        for name in ("ada", "bob", "eve"):
            customer = consented_customer(session, workspace.id, email=f"{name}@example.com")
            if name != "ada":
                other = NewAddress("email", f"{name}@work.example", "work")
                added = changes.add(session, customer, other, source="staff:1", now=NOON)
            if name == "eve":
                changes.end(session, customer, added.id, staff_id=None, source="staff:1", now=NOON)
        content = replace(delivery.CONTENT, html='<p><a href="{{ preferences_url }}">Preferences</a></p>')
        send = delivery.a_send(session, workspace, content=content)
        launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
    kept = Keeping()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings = replace(services.settings, smtp_url=f"smtp://127.0.0.1:{port}?tls=none")
        delivery.run_lanes(replace(services, settings=settings), workspace)
    finally:
        server.stop()

    assert sorted(kept.taken) == ["ada@example.com", "bob@example.com", "eve@example.com"]
    with services.database.transaction(workspace.id) as session:
        for address, raw in kept.taken.items():
            message = email.message_from_bytes(raw, policy=email.policy.default)
            html = message.get_body(("html",)).get_content()
            link = PreferencesToken.decode(services.tokens, re.search(r'/p/([^"]+)"', html)[1], now=NOON)
            sent = queries.get(session, workspace.id, link.customer_id, link.address_id)
            row = select(Message.address_id).where(Message.customer_id == link.customer_id)
            assert (sent.value, sent.id) == (address, session.scalar(row))
