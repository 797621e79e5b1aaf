"""Golden case 3: what arrives is signed, for every header that matters, by the domain it says it is from."""

from __future__ import annotations

import email
import email.policy
import socket
from dataclasses import replace

import dkim as verifier
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.accounts.identities import dkim_keys, identities
from app.cadence import policies
from app.cadence.decide import Policy
from app.customers.profiles import people
from app.delivery.launching import launches
from app.kernel.clock import SystemClock
from app.kernel.settings import Key
from tests.factories import NOON, delivery

LIST_HEADERS = {"list-unsubscribe", "list-unsubscribe-post", "feedback-id", "list-id"}


class Keeping:
    """A mail server's part that keeps the bytes it was given."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope.original_content or b"")
        return "250 2.0.0 Ok"


@pytest.fixture
def arrived(services, workspace):
    """The bytes of one campaign's mails as they came out at the other end, and the DNS of who signed them."""
    keys = (Key(1, b"k" * 32),)
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
        delivery.an_audience(session, workspace, 3)
        identity = identities.create(
            *(session, workspace.id),
            identities.Sender(from_name="Shop", from_address="news@shop.example"),
            keys=keys,
            now=NOON,
            is_proved=True,
        )
        published = {f"{one.name}.".encode(): one.value.encode() for one in dkim_keys.dns_records(identity, keys)}
        send = delivery.a_send(session, workspace, identity_id=identity.id)
        launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
    kept = Keeping()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings = replace(services.settings, smtp_url=f"smtp://127.0.0.1:{port}?tls=none", secret_keys=keys)
        # Signed at the real time, as the verifier looks at the clock on the wall.
        delivery.run_lanes(replace(services, settings=settings, clock=SystemClock()), workspace)
    finally:
        server.stop()
    return kept.taken, published


def test_what_arrives_verifies_and_covers_the_list_headers(arrived):
    taken, published = arrived

    assert len(taken) == 3
    for raw in taken:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        signatures = [_tags(value) for value in message.get_all("DKIM-Signature")]
        assert {tags["a"] for tags in signatures} == {"rsa-sha256", "ed25519-sha256"}
        for number, tags in enumerate(signatures):
            assert set(tags["h"].lower().split(":")) >= LIST_HEADERS
            assert message["From"].addresses[0].domain == tags["d"]
            assert verifier.DKIM(raw).verify(idx=number, dnsfunc=lambda name, timeout=5: published[name])


def _tags(signature: str) -> dict[str, str]:
    words = (part.partition("=") for part in "".join(signature.split()).split(";") if part)
    return {name: value for name, _, value in words}
