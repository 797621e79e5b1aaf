"""Relays named by a workspace never lead into the installation's own network."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from app.accounts.identities import identities, relays
from app.delivery.smtp import handshake
from app.delivery.smtp.envelopes import Timeouts
from app.delivery.smtp.handshake import ConnectionRefused
from app.delivery.transactional import messages, staff_mail
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.servers.certificates import a_certificate
from tests.factories.workspaces import WorkspaceForTests

QUICK = Timeouts(connect=2, command=1, dot=1)
INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0.0.0.0",
    "10.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "224.0.0.1",
    "100.64.0.1",
    "[::1]",
    "[::]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fd00::1]",
    "[fec0::1]",
    "[ff02::1]",
]


def set_relay(services: Services, workspace: WorkspaceForTests, url: str, *, may_be_private: bool = False) -> None:
    with services.database.transaction(workspace.id) as session:
        identities.set_relay(
            session,
            workspace.id,
            workspace.identity_id,
            smtp_url=url,
            keys=services.settings.secret_keys,
            staff_id=workspace.owner_id,
            now=NOON,
            may_be_private=may_be_private,
        )


def write_to_staff(services: Services, workspace: WorkspaceForTests) -> None:
    with services.database.transaction(workspace.id) as session:
        mail_id = messages.send_to_staff(
            session,
            workspace.id,
            kind="test",
            to_address="olga@shop.test",
            content=delivery.CONTENT,
            person={"customer": {"first_name": "Ada"}},
            settings=services.settings,
            now=NOON,
        ).id
    staff_mail.send(services, workspace.id, mail_id)


@pytest.mark.parametrize("host", INSIDE)
def test_no_workspace_names_an_address_inside(services: Services, workspace: WorkspaceForTests, host: str) -> None:
    with pytest.raises(identities.RelayPrivate):
        set_relay(services, workspace, f"smtp://{host}:25")


@pytest.mark.parametrize(
    "host", ["relay.example", "8.8.8.8", "[2606:4700::1111]", "[::ffff:8.8.8.8]", "[64:ff9b::808:808]"]
)
def test_a_server_on_the_internet_may_be_named(services: Services, workspace: WorkspaceForTests, host: str) -> None:
    set_relay(services, workspace, f"smtp://{host}:25")

    with services.database.transaction(workspace.id) as session:
        assert identities.get(session, workspace.id, workspace.identity_id).smtp_url


def test_the_page_says_why(client, workspace: WorkspaceForTests) -> None:  # type: ignore[no-untyped-def]
    page = f"/settings/identities/{workspace.identity_id}/relay"
    answer = client.post(page, data={"smtp_url": "smtp://127.0.0.1:6379?tls=none"})

    assert answer.status_code == 422
    assert "Name a mail server on the Internet." in answer.text


@pytest.mark.parametrize("url", ["smtp://a b:25", "smtp://a\u00a0b:25", "smtp://a\x00b", "smtp:// "])
def test_a_host_has_no_space_in_it(url: str) -> None:
    with pytest.raises(relays.BadRelay):
        relays.from_url(url)


def test_a_name_that_leads_inside_is_not_called_unless_the_operator_allows_it(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """The address a name has is known on connecting only; campaigns and mails to staff hold to it alike."""
    allowing = replace(services, settings=replace(services.settings, allow_private_relays=True))
    delivery.a_launched_send(services.database, workspace, 3)
    with delivery.a_sink(tmp_path) as sink:
        set_relay(services, workspace, f"smtp://localhost:{sink.port}?tls=none")
        with pytest.raises(ConnectionRefused, match="private network"):
            write_to_staff(services, workspace)
        delivery.run_lanes(services, workspace)
        assert sink.recipients() == []

        write_to_staff(allowing, workspace)
        assert sink.recipients() == ["olga@shop.test"]
    assert {state for state, _ in delivery.states(services.database, workspace).values()} == {"queued"}


def test_an_address_stored_before_is_not_called_either(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    with delivery.a_sink(tmp_path) as sink:
        set_relay(services, workspace, sink.url, may_be_private=True)
        with pytest.raises(ConnectionRefused, match="private network"):
            write_to_staff(services, workspace)
        assert sink.recipients() == []


@pytest.mark.parametrize(("host", "is_good"), [("localhost", True), ("127.0.0.1", False)])
def test_the_certificate_is_checked_against_the_name_that_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, is_good: bool
) -> None:
    """The connection goes to an address already known, the certificate still has to be that of the name."""
    certificate = a_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate)

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250 hello\r\n")

    async def call() -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=served)
        relay = relays.from_url(f"smtps://{host}:{server.sockets[0].getsockname()[1]}")
        try:
            (await handshake.connect(relay, helo="test", timeouts=QUICK)).abort()
        finally:
            server.close()

    if is_good:
        asyncio.run(call())
    else:
        with pytest.raises(ConnectionRefused, match="not valid for"):
            asyncio.run(call())
