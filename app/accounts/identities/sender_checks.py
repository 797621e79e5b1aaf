"""DNS checks of sending identities, made on request and every day.

    unchecked -> unproved <-> incomplete <-> verified        (the job moves it; `state_of` reads it)

The domain is proved by either of two records that only its owner can publish: our token, or a key of this identity. A
proof that is gone for a week, with name servers answering, is one no more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts.identities import dkim_keys, dmarc, identities, relays, resolver, spf
from app.accounts.identities.dkim_keys import DnsRecord
from app.accounts.identities.resolver import NoAnswer, Resolver
from app.accounts.models import SendingIdentity
from app.kernel.settings import Settings
from app.kernel.translatable import N_

FOUND, MISSING, DIFFERS, UNSURE, NO_ANSWER = "found", "missing", "differs", "unsure", "no_answer"
_KEYS = ("dkim_rsa", "dkim_ed25519")
_NEXT_KEYS = tuple(f"{dkim_keys.NEXT}{check}" for check in _KEYS)
_PROOFS = ("proof", *_KEYS, *_NEXT_KEYS)
_GONE_FOR = timedelta(days=7)
_CHECK_EVERY = timedelta(days=1)
_CHECK_NEW_EVERY = timedelta(hours=1)
_NEW_FOR = timedelta(days=7)

SPF_MISSING = N_("No SPF record is published.")
SPF_TWO = N_("There are %(count)s SPF records; with more than one, receivers take none.")
SPF_EVERYBODY = N_("“+all” permits every server in the world.")
SPF_TOO_MUCH = N_("It needs more than ten look-ups, so receivers give up on it.")
SPF_OTHERS = N_("It does not name %(mechanism)s. If it permits our server in another way, nothing is wrong.")
SPF_WITHOUT_US = N_("It does not name %(mechanism)s, so our server is not permitted.")
SPF_UNALIGNED = N_(
    "Bounces return to %(domain)s, so SPF speaks for that domain. Your mail is recognised by its signature."
)
SPF_UNSIGNED = (
    N_("Bounces return to %(domain)s, so SPF speaks for that domain, and without a signature nothing speaks for yours.")
)
KEY_DIFFERS = N_("Another key is published under this name.")
KEY_REVOKED = N_("The record holds no key: that means it was revoked.")
DMARC_ABOVE = N_("The policy of %(name)s holds for this domain: %(policy)s.")
DMARC_HOLDS = N_("The policy is: %(policy)s.")
DMARC_TWO = N_("There are several DMARC records; with more than one, receivers take none.")


@dataclass(frozen=True)
class Finding:
    """What was found for one record. `note` is a message id filled from `values`."""

    check: str
    state: str
    found: tuple[str, ...] = ()
    note: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What one round of questions is about, read before and compared after: meanwhile no transaction is open."""

    domain: str
    records: tuple[DnsRecord, ...]
    return_domain: str
    spf_mechanism: str
    is_spf_certain: bool
    signs: bool


def records(identity: SendingIdentity, settings: Settings) -> list[DnsRecord]:
    """Return every record to publish for this sender."""
    asked = ask(identity, settings)
    return list(asked.records)


def ask(identity: SendingIdentity, settings: Settings) -> Asked:
    """Return what is to be asked of the DNS about this identity."""
    domain = resolver.a_label(identity.domain)
    return_domain = resolver.a_label(settings.inbound_domain) if settings.inbound_domain else domain
    own_relay = identities.relay_url(identity, settings.secret_keys)
    mechanism, is_certain = _mechanism(own_relay, settings)
    permitted = DnsRecord(
        return_domain,
        "TXT",
        f"v=spf1 {mechanism} ~all",
        N_("Permits the server that sends. An SPF record that is there already gets the middle part added."),
        "spf",
    )
    published = dkim_keys.dns_records(identity, settings.secret_keys)
    return Asked(domain, (*published, permitted), return_domain, mechanism, is_certain, bool(identity.signs))


def look_up(asked: Asked, dns: Resolver) -> list[Finding]:
    """Ask the DNS about every record. It may take seconds, and changes nothing."""
    return [_look_up(record, asked, dns) for record in asked.records]


def store(
    session: Session,
    workspace_id: int,
    identity_id: int,
    asked: Asked,
    findings: list[Finding],
    settings: Settings,
    *,
    now: datetime,
) -> None:
    """Keep what was found, and decide whether mail may leave as this identity."""
    identity = identities.hold(session, workspace_id, identity_id)
    if ask(identity, settings).records != asked.records:
        identities.ask_for_check(session, identity, now=now)
        return
    identity.dns_findings = {one.check: asdict(one) for one in findings}
    identity.checked_at = now
    _use_published_keys(identity)
    states = [one.state for one in findings if one.check in _PROOFS]
    if FOUND in states:
        identity.proof_seen_at = now
    if FOUND in states or settings.allow_unproved_senders:
        identities.set_proved(session, identity, now=now)
    elif NO_ANSWER not in states and (identity.proof_seen_at is None or identity.proof_seen_at <= now - _GONE_FOR):
        identities.set_unproved(session, identity, now=now)


def _use_published_keys(identity: SendingIdentity) -> None:
    """Let the keys that waited sign now that every receiver can check them; what was found of them is theirs."""
    found = identity.dns_findings
    states = {check: found.get(check, {}).get("state") for check in _NEXT_KEYS}
    if states[_NEXT_KEYS[0]] != FOUND or states[_NEXT_KEYS[1]] == NO_ANSWER:
        return
    dkim_keys.use_next_keys(identity)
    theirs = {check: {**found[key], "check": check} for check, key in zip(_KEYS, _NEXT_KEYS, strict=True)}
    identity.dns_findings = {check: kept for check, kept in found.items() if check not in _NEXT_KEYS} | theirs


def due_query(workspace_id: int, *, now: datetime) -> Any:
    """Select the identities whose records are to be looked up again; a new one is looked after more often."""
    is_unproved = SendingIdentity.proved_at.is_(None) & (SendingIdentity.created_at > now - _NEW_FOR)
    is_waiting = or_(is_unproved, SendingIdentity.next_dkim_made_at > now - _NEW_FOR)
    return (
        select(SendingIdentity)
        .where(
            SendingIdentity.workspace_id == workspace_id,
            or_(
                SendingIdentity.checked_at.is_(None),
                SendingIdentity.checked_at <= now - _CHECK_EVERY,
                is_waiting & (SendingIdentity.checked_at <= now - _CHECK_NEW_EVERY),
            ),
        )
        .order_by(SendingIdentity.id)
        .limit(100)
    )


def finding_of(identity: SendingIdentity, check: str) -> Finding | None:
    """Return what was last found for one record; None before it was looked up."""
    kept = (identity.dns_findings or {}).get(check)
    return Finding(**{**kept, "found": tuple(kept["found"])}) if kept else None


def is_known_absent(identity: SendingIdentity, check: str) -> bool:
    """Say whether a record was looked up and is not there as it should be."""
    finding = finding_of(identity, check)
    return finding is not None and finding.state in (MISSING, DIFFERS)


def is_awaited(identity: SendingIdentity) -> bool:
    """Say whether a check was asked for and has not come back."""
    asked, came = identity.check_requested_at, identity.checked_at
    return asked is not None and (came is None or came < asked)


def state_of(identity: SendingIdentity) -> str:
    """Return how the sender stands, as a state the pages know."""
    if identity.paused_at is not None:
        return "paused"
    if identity.checked_at is None:
        return "unchecked"
    states = {check: kept["state"] for check, kept in (identity.dns_findings or {}).items()}
    if not any(states.get(check) == FOUND for check in _PROOFS):
        return "unproved"
    is_permitted = states.get("spf") in (FOUND, UNSURE)
    is_signed = states.get("dkim_rsa") == FOUND or not identity.signs
    return "verified" if is_permitted and is_signed and states.get("dmarc") == FOUND else "incomplete"


def _look_up(record: DnsRecord, asked: Asked, dns: Resolver) -> Finding:
    try:
        if record.check == "spf":
            return _spf(asked, dns)
        if record.check == "dmarc":
            return _dmarc(asked.domain, dns)
        found = dns.txt(record.name)
        return _proof(record, found) if record.check == "proof" else _key(record, found)
    except NoAnswer:
        return Finding(record.check, NO_ANSWER)


def _proof(record: DnsRecord, found: tuple[str, ...]) -> Finding:
    is_there = record.value in (text.strip() for text in found)
    return Finding("proof", FOUND if is_there else DIFFERS if found else MISSING, found)


def _key(record: DnsRecord, found: tuple[str, ...]) -> Finding:
    wanted = dmarc.tags(record.value)
    published = [dmarc.tags(text) for text in found]
    keys = ["".join(tags["p"].split()) for tags in published if "p" in tags]
    kinds = [tags.get("k", "rsa") for tags in published if "p" in tags]
    if len(keys) == 1 and (keys[0], kinds[0]) == (wanted["p"], wanted["k"]):
        return Finding(record.check, FOUND, found)
    if not keys:
        return Finding(record.check, DIFFERS if found else MISSING, found)
    return Finding(record.check, DIFFERS, found, KEY_DIFFERS if any(keys) else KEY_REVOKED)


def _spf(asked: Asked, dns: Resolver) -> Finding:
    read = spf.read(dns, asked.return_domain, looking_for=asked.spf_mechanism)
    named = {"mechanism": asked.spf_mechanism}
    if not read.records:
        return Finding("spf", MISSING, (), SPF_MISSING)
    if len(read.records) > 1:
        return Finding("spf", DIFFERS, read.records, SPF_TWO, {"count": len(read.records)})
    if read.permits_everybody:
        return Finding("spf", DIFFERS, read.records, SPF_EVERYBODY)
    if read.asks_too_much:
        return Finding("spf", DIFFERS, read.records, SPF_TOO_MUCH)
    if not read.permits and asked.is_spf_certain:
        return Finding("spf", DIFFERS, read.records, SPF_WITHOUT_US, named)
    if not dmarc.is_aligned(dns, asked.domain, asked.return_domain):
        note = SPF_UNALIGNED if asked.signs else SPF_UNSIGNED
        return Finding("spf", FOUND if asked.signs else DIFFERS, read.records, note, {"domain": asked.return_domain})
    if read.permits:
        return Finding("spf", FOUND, read.records)
    return Finding("spf", UNSURE, read.records, SPF_OTHERS, named)


def _dmarc(domain: str, dns: Resolver) -> Finding:
    walked = dmarc.walk(dns, domain)
    if walked.is_ambiguous:
        return Finding("dmarc", DIFFERS, dns.txt(f"_dmarc.{domain}"), DMARC_TWO)
    if walked.policy is None:
        found = dns.txt(f"_dmarc.{domain}")
        return Finding("dmarc", DIFFERS if found else MISSING, found)
    named = {"name": walked.policy.name, "policy": walked.policy.asks}
    note = DMARC_HOLDS if walked.policy.name == f"_dmarc.{domain}" else DMARC_ABOVE
    return Finding("dmarc", FOUND, (walked.policy.record,), note, named)


def _mechanism(own_relay: str | None, settings: Settings) -> tuple[str, bool]:
    """Return what permits the server that sends, and whether that is known and not guessed from the server's name."""
    if own_relay is None and settings.spf_mechanism:
        return settings.spf_mechanism, True
    host = relays.from_url(own_relay or settings.smtp_url).host
    if "." not in host or host.replace(".", "").isdigit() or ":" in host:
        host = urlsplit(settings.public_url).hostname or host
    return f"a:{host.lower()}", False
