"""No secret is stored readable, and every key can be replaced."""

from __future__ import annotations

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives import serialization
from sqlalchemy import text

from app.accounts import api_keys, vault
from app.accounts.identities import dkim_keys, identities
from app.kernel.refusals import Refusal
from app.kernel.settings import Key
from tests.factories import NOON
from tests.factories.accounts import KEYS

RELAY = "smtp+starttls://robot:hunter2@relay.example:587"


def an_identity(session, workspace, smtp_url=None, **more):
    return identities.create(
        session,
        workspace.id,
        identities.Sender("Ada", "ada@sub.shop.example", smtp_url=smtp_url),
        keys=KEYS,
        now=NOON,
        **more,
    )


def test_an_api_key_opens_its_workspace_until_revoked(session, workspace):
    key, secret = api_keys.create(session, workspace.id, name="Shop", staff_id=workspace.owner_id, now=NOON)
    assert api_keys.workspace_of(secret) == workspace.id
    assert api_keys.authenticate(session, secret, now=NOON).id == key.id

    api_keys.revoke(session, workspace.id, key.id, staff_id=workspace.owner_id, now=NOON)

    with pytest.raises(api_keys.KeyUnknown):
        api_keys.authenticate(session, secret, now=NOON)


@pytest.mark.parametrize("wrong", ["", "assent_0_x", "assent_1_" + "x" * 43, "assent_1_" + "é" * 43, "\0", "٣"])
def test_a_key_never_issued_opens_nothing(session, wrong):
    with pytest.raises(api_keys.KeyUnknown):
        api_keys.authenticate(session, wrong, now=NOON)


def test_neither_key_nor_relay_nor_signing_key_lies_readable_in_the_database(session, workspace):
    _key, secret = api_keys.create(session, workspace.id, name="Shop", staff_id=workspace.owner_id, now=NOON)
    an_identity(session, workspace, smtp_url=RELAY)

    stored = "".join(
        row
        for table in ("api_keys", "sending_identities", "audit_entries")
        for row in session.scalars(
            text(f"SELECT row_to_json(t)::text || encode(t::text::bytea, 'escape') FROM {table} t")
        )
    )
    assert secret not in stored
    assert "hunter2" not in stored
    assert b"hunter2".hex() not in stored
    assert b"PRIVATE KEY".hex() not in stored


def test_secrets_survive_a_new_installation_key_and_not_its_loss():
    sealed = vault.seal(b"secret", KEYS)
    newer = (Key(2, b"n" * 32), *KEYS)

    assert vault.unseal(sealed, newer) == b"secret"
    with pytest.raises(vault.SealBroken):
        vault.unseal(sealed, newer[:1])


def test_the_dns_records_publish_the_keys_that_sign(session, workspace):
    identity = an_identity(session, workspace)

    own = dkim_keys.keys_of(identity, KEYS)
    proof, rsa_record, ed_record, policy = dkim_keys.dns_records(identity, KEYS)

    rsa_key = serialization.load_pem_private_key(own.rsa_pem, None)
    published = serialization.load_der_public_key(b64decode(rsa_record.value.partition("p=")[2]))
    assert rsa_key.key_size == 2048
    assert published == rsa_key.public_key()
    assert ed_record.name == f"{own.ed25519_selector}._domainkey.sub.shop.example"
    assert len(b64decode(ed_record.value.partition("p=")[2])) == 32
    assert policy.name == "_dmarc.sub.shop.example"
    assert proof.name == "_assent.sub.shop.example"


def test_the_relay_can_be_read_back_by_who_sends_and_taken_away(session, workspace):
    identity = an_identity(session, workspace, smtp_url=RELAY)
    assert identities.relay_url(identity, KEYS) == RELAY

    identities.set_relay(
        session, workspace.id, identity.id, smtp_url=None, keys=KEYS, staff_id=workspace.owner_id, now=NOON
    )

    assert identities.relay_url(identity, KEYS) is None


@pytest.mark.parametrize("url", ["http://relay.example", "smtp://", "smtp://relay.example:99999", "relay"])
def test_what_is_no_mail_server_is_refused(session, workspace, url):
    with pytest.raises(identities.RelayRefused):
        an_identity(session, workspace, smtp_url=url)


def test_one_address_is_one_identity(session, workspace):
    an_identity(session, workspace, signs=False)
    with pytest.raises(Refusal) as refused:
        an_identity(session, workspace, signs=False)
    assert refused.value.field == "from_address"


def test_another_identity_can_become_the_default(session, workspace):
    other = an_identity(session, workspace, signs=False)
    assert identities.default(session, workspace.id).id == workspace.identity_id

    identities.make_default(session, workspace.id, other.id, staff_id=workspace.owner_id, now=NOON)

    assert identities.default(session, workspace.id).id == other.id
