"""DKIM keys of a sending identity, and the DNS records that publish them."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from app.accounts import vault
from app.accounts.identities import resolver
from app.accounts.models import SendingIdentity
from app.kernel.settings import Key
from app.kernel.translatable import N_

RSA_BITS = 2048
# What the checks of keys that do not sign yet begin with.
NEXT = "next_"
_WHY = N_("Lets every receiver check the signature.")
_SHORTER = N_("The same, shorter, for receivers that know it.")
_NEXT_WHY = N_("New key: it signs as soon as this record is found. Until then the former one does.")


@dataclass(frozen=True)
class SigningKeys:
    """Private halves, PEM (PKCS 8), with the selectors their public halves are published under."""

    rsa_selector: str
    rsa_pem: bytes
    ed25519_selector: str
    ed25519_pem: bytes


@dataclass(frozen=True)
class DnsRecord:
    """One record the owner of the domain publishes; `why` is a message id, `check` names what is looked for in it."""

    name: str
    kind: str
    value: str
    why: str
    check: str


def make_keys(identity: SendingIdentity, keys: tuple[Key, ...], *, now: datetime) -> None:
    """Give a new identity its first keys, to sign with from now on."""
    make_next_keys(identity, keys, now=now)
    use_next_keys(identity)
    # Nothing is known yet of the new records.
    identity.dns_findings = {}
    identity.checked_at = None


def make_next_keys(identity: SendingIdentity, keys: tuple[Key, ...], *, now: datetime) -> None:
    """Make keys that sign once their record is found in the DNS; those that waited for it until now are forgotten.

    Selectors carry the second they were made in: a published key is followed by one of another name, never replaced.
    """
    stamp = f"{now:%Y%m%d%H%M%S}"
    identity.next_dkim_selector = f"assent-{stamp}"
    identity.next_dkim_ed25519_selector = f"assent-ed-{stamp}"
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    identity.next_dkim_rsa_key = vault.seal(_pem(rsa_key), keys)
    identity.next_dkim_ed25519_key = vault.seal(_pem(ed25519.Ed25519PrivateKey.generate()), keys)
    identity.next_dkim_made_at = now


def use_next_keys(identity: SendingIdentity) -> None:
    """Sign with the keys that waited, in place of the former ones."""
    identity.dkim_selector, identity.next_dkim_selector = identity.next_dkim_selector, None
    identity.dkim_rsa_key, identity.next_dkim_rsa_key = identity.next_dkim_rsa_key, None
    identity.dkim_ed25519_selector, identity.next_dkim_ed25519_selector = identity.next_dkim_ed25519_selector, None
    identity.dkim_ed25519_key, identity.next_dkim_ed25519_key = identity.next_dkim_ed25519_key, None
    identity.next_dkim_made_at = None
    identity.signs = True


def keys_of(identity: SendingIdentity, keys: tuple[Key, ...]) -> SigningKeys | None:
    """Return the private keys to sign with, or None where the relay signs instead."""
    rsa_key, ed25519_key = identity.dkim_rsa_key, identity.dkim_ed25519_key
    if not identity.signs or rsa_key is None or ed25519_key is None:
        return None
    return SigningKeys(
        identity.dkim_selector or "",
        vault.unseal(rsa_key, keys),
        identity.dkim_ed25519_selector or "",
        vault.unseal(ed25519_key, keys),
    )


def next_keys_of(identity: SendingIdentity, keys: tuple[Key, ...]) -> SigningKeys | None:
    """Return the private keys that wait for their records, None where none do."""
    rsa_key, ed25519_key = identity.next_dkim_rsa_key, identity.next_dkim_ed25519_key
    if rsa_key is None or ed25519_key is None:
        return None
    return SigningKeys(
        identity.next_dkim_selector or "",
        vault.unseal(rsa_key, keys),
        identity.next_dkim_ed25519_selector or "",
        vault.unseal(ed25519_key, keys),
    )


def dns_records(identity: SendingIdentity, keys: tuple[Key, ...]) -> list[DnsRecord]:
    """Return what the domain has to publish for us and receivers to believe this identity (RFC 6376, 8463, 9989)."""
    domain = resolver.a_label(identity.domain)
    proof = DnsRecord(
        f"_assent.{domain}",
        "TXT",
        f"assent-verification={identity.proof_token}",
        N_("Shows us that the domain is yours. A signature key below does so, too."),
        "proof",
    )
    policy = DnsRecord(
        f"_dmarc.{domain}",
        "TXT",
        "v=DMARC1; p=none",
        N_("Asks receivers to compare the signature with the sender."),
        "dmarc",
    )
    own, awaited = keys_of(identity, keys), next_keys_of(identity, keys)
    return [
        proof,
        *(_published(awaited, domain, NEXT, _NEXT_WHY) if awaited else ()),
        *(_published(own, domain, "", _WHY) if own else ()),
        policy,
    ]


def _published(own: SigningKeys, domain: str, prefix: str, why: str) -> list[DnsRecord]:
    """Return the records of both public halves; their checks are named with this prefix."""
    rsa_public = serialization.load_pem_private_key(own.rsa_pem, None).public_key()
    ed_public = serialization.load_pem_private_key(own.ed25519_pem, None).public_key()
    spki = rsa_public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    point = ed_public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return [
        _dkim(own.rsa_selector, domain, "rsa", spki, prefix, why),
        _dkim(own.ed25519_selector, domain, "ed25519", point, prefix, _SHORTER),
    ]


def _dkim(selector: str, domain: str, algorithm: str, public: bytes, prefix: str, why: str) -> DnsRecord:
    value = f"v=DKIM1; k={algorithm}; p={b64encode(public).decode()}"
    return DnsRecord(f"{selector}._domainkey.{domain}", "TXT", value, why, f"{prefix}dkim_{algorithm}")


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
