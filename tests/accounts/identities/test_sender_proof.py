"""A sender sends only after the DNS shows that its domain is the workspace's; only then is it "verified"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts import jobs
from app.accounts.identities import dkim_keys, identities, resolver, sender_checks
from app.accounts.models import SendingIdentity
from app.delivery.sending import compiled_sends
from app.delivery.transactional import messages
from app.kernel.clock import FixedClock
from app.kernel.services import Services, install
from tests.factories import NOON, delivery
from tests.factories.servers.name_server import NameServer, a_name_server
from tests.factories.workspaces import WorkspaceForTests

DOMAIN = "victim.example"


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    with a_name_server() as server:
        yield server


@pytest.fixture
def strict(services: Services, name_server: NameServer) -> Services:
    """An installation that asks for proof, and its name server."""
    settings = replace(
        services.settings,
        allow_unproved_senders=False,
        dns_servers=(name_server.address,),
        spf_mechanism="include:_spf.operator.example",
    )
    return install(replace(services, settings=settings))


def a_sender(services: Services, workspace: WorkspaceForTests, **more: Any) -> int:
    with services.database.transaction(workspace.id) as session:
        return identities.create(
            *(session, workspace.id),
            identities.Sender(from_name="Shop", from_address=f"hello@{DOMAIN}"),
            keys=services.settings.secret_keys,
            now=NOON,
            **more,
        ).id


def check(services: Services, workspace: WorkspaceForTests, identity_id: int) -> SendingIdentity:
    """Run the job, and return the identity as it stands then."""
    jobs.check_sender(services, workspace_id=workspace.id, identity_id=identity_id)
    return sender(services, workspace, identity_id)


def sender(services: Services, workspace: WorkspaceForTests, identity_id: int) -> SendingIdentity:
    with services.database.transaction(workspace.id) as session:
        return identities.get(session, workspace.id, identity_id)


def wanted(services: Services, workspace: WorkspaceForTests, identity_id: int) -> dict[str, dkim_keys.DnsRecord]:
    found = sender_checks.records(sender(services, workspace, identity_id), services.settings)
    return {record.check: record for record in found}


def publish(server: NameServer, *records: dkim_keys.DnsRecord) -> None:
    server.publish({record.name: record.value for record in records})


def test_an_identity_at_somebody_elses_domain_sends_nothing(
    strict: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """An identity at another tenant's domain was accepted unproved, and mail left from it."""
    identity_id = a_sender(strict, workspace)
    check(strict, workspace, identity_id)
    with strict.database.transaction(workspace.id) as session:
        session.execute(
            text("UPDATE sending_identities SET proved_at = NULL WHERE id = :id"), {"id": workspace.identity_id}
        )
    delivery.a_launched_send(strict.database, workspace, 3)
    with delivery.a_sink(tmp_path) as sink:
        delivery.run_lanes(delivery.services_to(strict, sink), workspace)
        assert sink.recipients() == []

        with strict.database.transaction(workspace.id) as session:
            session.execute(text("UPDATE sending_identities SET proved_at = now()"))
        delivery.run_lanes(delivery.services_to(strict, sink), workspace)
        assert len(sink.recipients()) == 3, "nothing is lost meanwhile"


def test_a_test_mail_leaves_no_unproved_sender(strict: Services, workspace: WorkspaceForTests) -> None:
    identity_id = a_sender(strict, workspace)

    with strict.database.transaction(workspace.id) as session, pytest.raises(identities.SenderUnproved):
        messages.send_to_staff(
            *(session, workspace.id),
            kind="test",
            to_address="olga@shop.test",
            content=delivery.CONTENT,
            person={},
            settings=strict.settings,
            now=NOON,
            identity_id=identity_id,
        )


@pytest.mark.parametrize("proof", ["proof", "dkim_rsa", "dkim_ed25519"])
def test_one_record_only_the_owner_can_publish_proves_the_domain(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer, proof: str
) -> None:
    identity_id = a_sender(strict, workspace)
    assert check(strict, workspace, identity_id).proved_at is None

    publish(name_server, wanted(strict, workspace, identity_id)[proof])

    assert check(strict, workspace, identity_id).proved_at == NOON


def test_what_another_workspace_published_proves_nothing(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    """Two tenants may name one domain; each needs a record of its own."""
    theirs = a_sender(strict, workspace)
    publish(name_server, *wanted(strict, workspace, theirs).values())
    with strict.database.transaction(workspace.id) as session:
        ours = identities.create(
            *(session, workspace.id),
            identities.Sender(from_name="Shop", from_address=f"other@{DOMAIN}"),
            keys=strict.settings.secret_keys,
            now=NOON + timedelta(seconds=5),
        ).id

    assert check(strict, workspace, theirs).proved_at == NOON
    assert check(strict, workspace, ours).proved_at is None


def test_a_sender_is_verified_only_when_every_record_is_there(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    """It showed "in order" without any look at the DNS."""
    identity_id = a_sender(strict, workspace)
    assert sender_checks.state_of(sender(strict, workspace, identity_id)) == "unchecked"
    assert sender_checks.state_of(check(strict, workspace, identity_id)) == "unproved"
    states = []
    for record in wanted(strict, workspace, identity_id).values():
        publish(name_server, record)
        states.append(sender_checks.state_of(check(strict, workspace, identity_id)))

    assert states[0] == "incomplete"
    assert states[-2:] == ["incomplete", "verified"]


@pytest.mark.parametrize(
    ("check_of", "published", "state"),
    [
        ("dkim_rsa", "v=DKIM1; k=rsa; p=AAAA", "differs"),
        ("dkim_rsa", "v=DKIM1; p=", "differs"),
        ("dkim_rsa", "hello", "differs"),
        ("proof", "assent-verification=somebody-else", "differs"),
        ("spf", "v=spf1 +all", "differs"),
        ("spf", "v=spf1 include:_spf.google.com ~all", "differs"),
        ("spf", "google-site-verification=1", "missing"),
        ("dmarc", "v=DMARC1; p=sometimes", "differs"),
        ("dmarc", "v=DMARC1; p=reject; rua=mailto:d@victim.example", "found"),
    ],
)
def test_what_is_published_is_compared_with_what_should_be(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer, check_of: str, published: str, state: str
) -> None:
    identity_id = a_sender(strict, workspace)
    name_server.publish({wanted(strict, workspace, identity_id)[check_of].name: published})

    finding = sender_checks.finding_of(check(strict, workspace, identity_id), check_of)

    assert finding
    assert finding.state == state


def test_a_key_written_in_pieces_is_the_same_key(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    """Name servers cut long records, and people paste them with blanks and other tags."""
    identity_id = a_sender(strict, workspace)
    record = wanted(strict, workspace, identity_id)["dkim_rsa"]
    key = record.value.partition("p=")[2]
    name_server.publish({record.name: f"k=rsa; t=s ;p={key[:100]} {key[100:]}"})

    finding = sender_checks.finding_of(check(strict, workspace, identity_id), "dkim_rsa")
    assert finding
    assert finding.state == "found"


def test_no_answer_is_not_the_same_as_no_record(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    """A name server that is down for a while stops nobody's mail; a proof gone for a week does."""
    identity_id = a_sender(strict, workspace)
    proof = wanted(strict, workspace, identity_id)["proof"]
    publish(name_server, proof)
    check(strict, workspace, identity_id)
    del name_server.records[proof.name]
    later = replace(strict, clock=FixedClock(NOON + timedelta(days=8)))

    name_server.failing.add(proof.name)
    assert check(later, workspace, identity_id).proved_at == NOON
    name_server.failing.clear()
    soon = replace(strict, clock=FixedClock(NOON + timedelta(days=2)))
    assert check(soon, workspace, identity_id).proved_at == NOON
    assert check(later, workspace, identity_id).proved_at is None


def test_a_name_server_that_says_nothing_ends_with_the_deadline(name_server: NameServer) -> None:
    """All questions together have so long; what comes after is not asked any more."""
    name_server.silent.add("quiet.test")
    asking = resolver.Resolver((name_server.address,), seconds=0.3)

    for name in ("quiet.test", "next.test", "third.test"):
        with pytest.raises(resolver.NoAnswer):
            asking.txt(name)
    assert set(name_server.asked) == {"quiet.test"}


@pytest.mark.parametrize("name", ["a..b.test", "x" * 70 + ".test", "a" * 300, "\x00.test", "ä.test"])
def test_a_name_that_cannot_be_one_has_no_records(name_server: NameServer, name: str) -> None:
    assert resolver.Resolver((name_server.address,)).txt(name) == ()


def test_a_key_that_is_not_published_signs_nothing(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    """Many DNS hosts know no Ed25519 key; a signature that fails beside a good one may fail the whole mail."""
    identity_id = a_sender(strict, workspace)
    assert len(compiled_sends.signers(sender(strict, workspace, identity_id), strict.settings)) == 2

    publish(name_server, wanted(strict, workspace, identity_id)["dkim_rsa"])
    checked = check(strict, workspace, identity_id)

    (signer,) = compiled_sends.signers(checked, strict.settings)
    assert signer.selector == checked.dkim_selector


def test_an_installation_for_its_own_use_asks_for_no_proof(services: Services, workspace: WorkspaceForTests) -> None:
    """The page still tells how the records stand."""
    identity_id = a_sender(services, workspace, is_proved=services.settings.allow_unproved_senders)
    checked = check(services, workspace, identity_id)

    assert checked.proved_at == NOON
    assert sender_checks.state_of(checked) == "unproved"


def test_bounces_to_another_domain_leave_the_signature_to_speak(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    """SPF counts for the domain of the return path; where that is the operator's, it says nothing of the sender's."""
    settings = replace(strict.settings, inbound_domain="bounces.operator.example")
    elsewhere = replace(strict, settings=settings)
    name_server.publish({"bounces.operator.example": "v=spf1 include:_spf.operator.example -all"})
    signed = a_sender(elsewhere, workspace)
    with strict.database.transaction(workspace.id) as session:
        unsigned = identities.create(
            *(session, workspace.id),
            identities.Sender(from_name="Shop", from_address=f"plain@{DOMAIN}"),
            signs=False,
            keys=strict.settings.secret_keys,
            now=NOON,
        ).id
    found = [sender_checks.finding_of(check(elsewhere, workspace, one), "spf") for one in (signed, unsigned)]

    assert [one.state for one in found if one] == ["found", "differs"]


def test_every_sender_is_looked_up_again_each_day(strict: Services, workspace: WorkspaceForTests) -> None:
    identity_id = a_sender(strict, workspace)
    check(strict, workspace, identity_id)
    asked = text("SELECT check_requested_at FROM sending_identities WHERE id = :id")

    def requested_after(wait: timedelta) -> Any:
        jobs.recheck_senders(replace(strict, clock=FixedClock(NOON + wait)))
        with strict.database.transaction(workspace.id) as session:
            return session.scalar(asked, {"id": identity_id})

    assert requested_after(timedelta(minutes=10)) == NOON
    assert requested_after(timedelta(hours=1)) == NOON + timedelta(hours=1)
    assert requested_after(timedelta(days=1)) == NOON + timedelta(days=1)


def test_the_page_shows_each_record_what_was_found_and_when(
    client: Any, strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    identity_id = a_sender(strict, workspace)
    page = f"/settings/identities/{identity_id}"
    name_server.publish({DOMAIN: ["v=spf1 <script>alert(1)</script> ~all"]})
    check(strict, workspace, identity_id)

    shown = client.get(page).text
    assert "victim.example is not verified yet." in shown
    assert "_assent.victim.example" in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert client.post(f"{page}/check").status_code == 303
    assert "The records are being looked up." in client.get(page).text
    assert "domain not verified" in client.get("/settings/identities").text


def test_new_keys_sign_once_they_are_found_in_the_dns(
    strict: Services, workspace: WorkspaceForTests, name_server: NameServer
) -> None:
    """Until the record of a new key is published, receivers could not check what it signed: the old one signs."""
    identity_id = a_sender(strict, workspace)
    publish(name_server, *wanted(strict, workspace, identity_id).values())
    check(strict, workspace, identity_id)
    old = selectors(strict, workspace, identity_id)
    with strict.database.transaction(workspace.id) as session:
        identities.renew_keys(
            *(session, workspace.id, identity_id),
            keys=strict.settings.secret_keys,
            staff_id=workspace.owner_id,
            now=NOON + timedelta(minutes=1),
        )

    assert selectors(strict, workspace, identity_id) == old
    awaited = check(strict, workspace, identity_id)
    assert selectors(strict, workspace, identity_id) == old
    assert sender_checks.state_of(awaited) == "verified"
    records = wanted(strict, workspace, identity_id)

    publish(name_server, records["next_dkim_rsa"], records["next_dkim_ed25519"])
    renewed = check(strict, workspace, identity_id)

    assert selectors(strict, workspace, identity_id) == ["assent-20260302100100", "assent-ed-20260302100100"]
    assert sender_checks.state_of(renewed) == "verified"
    awaited_names = {"next_dkim_rsa", "next_dkim_ed25519"}
    assert set(wanted(strict, workspace, identity_id)) == set(records) - awaited_names
    assert dkim_keys.next_keys_of(renewed, strict.settings.secret_keys) is None


def test_awaited_keys_are_looked_for_each_hour(strict: Services, workspace: WorkspaceForTests) -> None:
    identity_id = a_sender(strict, workspace)
    check(strict, workspace, identity_id)
    with strict.database.transaction(workspace.id) as session:
        identity = identities.get(session, workspace.id, identity_id)
        identities.set_proved(session, identity, now=NOON)
        session.flush()
        soon = sender_checks.due_query(workspace.id, now=NOON + timedelta(hours=2))
        assert identity_id not in {found.id for found in session.scalars(soon)}
        dkim_keys.make_next_keys(identity, strict.settings.secret_keys, now=NOON)
        session.flush()
        assert identity_id in {found.id for found in session.scalars(soon)}


def selectors(services: Services, workspace: WorkspaceForTests, identity_id: int) -> list[str]:
    """Under which names a mail of this sender is signed now."""
    identity = sender(services, workspace, identity_id)
    return [signer.selector for signer in compiled_sends.signers(identity, services.settings)]
