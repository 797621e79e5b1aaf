"""Sending identities: the domains and addresses a workspace writes from."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.accounts import audit, mailboxes, vault, workspaces
from app.accounts.identities import dkim_keys, relays
from app.accounts.models import SendingIdentity, Workspace
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.settings import Key, Settings
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_, MessageId


class AddressTaken(Refusal):
    """Another identity of this workspace already sends from this address."""

    message = N_("There is already a sending identity with this address.")


class RelayRefused(Refusal):
    """What was typed does not name a mail server."""

    status = 422
    message = relays.AS_WRITTEN


class RelayPrivate(Refusal):
    """What was typed leads into the network this installation runs in, which is no business of a workspace."""

    status = 422
    message = N_("Name a mail server on the Internet. Only the operator can allow one inside this network.")


class RelayChanged(Refusal):
    """Somebody else has set another mail server since this author opened the page."""

    message = N_(
        "Somebody else has changed the mail server since you opened this page. "
        "Enter yours and save once more to replace it."
    )


class SenderUnproved(Refusal):
    """Nothing in the DNS of the domain says that this workspace may write as it."""

    message = N_("%(domain)s is not verified yet. Publish the DNS records of the sender first.")


class NoIdentity(Refusal):
    """A workspace cannot send before somebody says from which address."""

    message = N_("Add a sending identity in the settings first.")


@dataclass(frozen=True)
class Sender:
    """Whom mail is from, where answers go, and a mail server of one's own, as somebody types them."""

    from_name: str
    from_address: str
    reply_to: str | None = None
    smtp_url: str | None = None


def create(
    session: Session,
    workspace_id: int,
    sender: Sender,
    *,
    signs: bool = True,
    keys: tuple[Key, ...],
    now: datetime,
    staff_id: int | None = None,
    is_proved: bool = False,
) -> SendingIdentity:
    """Add an identity; the first one becomes the default. With `signs`, its DKIM keys are made at once.

    It sends nothing until its domain is proved, unless this installation does not ask for that (`is_proved`).
    """
    address = mailboxes.check(sender.from_address, field="from_address")
    # Two who add the first sender at once get one default, and one address gets one sender.
    workspaces.hold(session, workspace_id)
    _require_free(session, workspace_id, address)
    identity = SendingIdentity(
        workspace_id=workspace_id,
        domain=mailboxes.domain_of(address),
        from_name=sender.from_name.strip(),
        from_address=address,
        reply_to=mailboxes.check(sender.reply_to, field="reply_to") if sender.reply_to else None,
        smtp_url=_sealed_relay(sender.smtp_url, keys),
        is_default=find_default(session, workspace_id) is None,
        created_at=now,
        proof_token=secrets.token_hex(16),
        proved_at=now if is_proved else None,
        dns_findings={},
    )
    if signs:
        dkim_keys.make_keys(identity, keys, now=now)
    session.add(identity)
    session.flush()
    ask_for_check(session, identity, now=now)
    audit.note(session, identity, "identity.created", staff_id=staff_id, now=now)
    return identity


def ask_for_check(session: Session, identity: SendingIdentity, *, now: datetime) -> None:
    """Have the identity's DNS records looked up soon; asking again while that waits changes nothing."""
    identity.check_requested_at = now
    outbox.enqueue(
        session,
        "accounts.check_sender",
        key=f"sender:{identity.workspace_id}:{identity.id}",
        workspace_id=identity.workspace_id,
        identity_id=identity.id,
    )


def set_proved(session: Session, identity: SendingIdentity, *, now: datetime) -> None:
    """Let mail leave as this identity from now on; twice is once."""
    if identity.proved_at is None:
        identity.proved_at = now
        audit.note(session, identity, "identity.proved", staff_id=None, now=now)


def set_unproved(session: Session, identity: SendingIdentity, *, now: datetime) -> None:
    """Keep its mail waiting until the domain is proved again; twice is once."""
    if identity.proved_at is not None:
        identity.proved_at = None
        audit.note(session, identity, "identity.unproved", staff_id=None, now=now)


def may_send(identity: SendingIdentity) -> bool:
    """Say whether mail may leave as this identity: its domain is proved and nobody paused it."""
    return identity.proved_at is not None and identity.paused_at is None


def require_proved(identity: SendingIdentity) -> None:
    """Raise SenderUnproved while nothing shows that the domain is the workspace's."""
    if identity.proved_at is None:
        raise SenderUnproved(domain=identity.domain)


def change(
    session: Session,
    workspace_id: int,
    identity_id: int,
    *,
    from_name: str,
    reply_to: str | None,
    rate_per_second: int | None,
    staff_id: int,
    now: datetime,
) -> None:
    """Change what may change without new DNS records; the address itself may not."""
    identity = hold(session, workspace_id, identity_id)
    identity.from_name = from_name.strip()
    identity.reply_to = mailboxes.check(reply_to, field="reply_to") if reply_to else None
    identity.rate_per_second = rate_per_second
    audit.note(session, identity, "identity.changed", staff_id=staff_id, now=now)


def set_relay(
    session: Session,
    workspace_id: int,
    identity_id: int,
    *,
    smtp_url: str | None,
    keys: tuple[Key, ...],
    staff_id: int,
    now: datetime,
    may_be_private: bool = False,
    seen: str | None = None,
) -> None:
    """Send through this mail server from now on; None means the installation's own. It is never shown again.

    `seen` is the `relay_mark` its author was shown; raise RelayChanged where another one was set since.
    """
    identity = hold(session, workspace_id, identity_id)
    if seen is not None and seen != relay_mark(identity):
        raise RelayChanged(field="smtp_url")
    identity.smtp_url = _sealed_relay(smtp_url, keys, may_be_private=may_be_private)
    audit.note(session, identity, "identity.relay_changed", staff_id=staff_id, now=now)


def renew_keys(
    session: Session,
    workspace_id: int,
    identity_id: int,
    *,
    keys: tuple[Key, ...],
    staff_id: int,
    now: datetime,
) -> None:
    """Make new DKIM keys under new selectors, which sign once they are found in the DNS; until then the old ones do."""
    identity = hold(session, workspace_id, identity_id)
    dkim_keys.make_next_keys(identity, keys, now=now)
    ask_for_check(session, identity, now=now)
    audit.note(session, identity, "identity.keys_renewed", staff_id=staff_id, now=now)


def make_default(session: Session, workspace_id: int, identity_id: int, *, staff_id: int, now: datetime) -> None:
    """Offer this identity first wherever one is chosen."""
    workspaces.hold(session, workspace_id)
    identity = get(session, workspace_id, identity_id)
    session.execute(
        update(SendingIdentity)
        .where(SendingIdentity.workspace_id == workspace_id)
        .values(is_default=SendingIdentity.id == identity_id)
    )
    audit.note(session, identity, "identity.made_default", staff_id=staff_id, now=now)


def default(session: Session, workspace_id: int) -> SendingIdentity:
    """Return the identity used where none was chosen; raise NoIdentity."""
    found = find_default(session, workspace_id)
    if found is None:
        raise NoIdentity
    return found


def find_default(session: Session, workspace_id: int) -> SendingIdentity | None:
    """Return the default identity, or None before the first was added."""
    query = select(SendingIdentity).where(SendingIdentity.workspace_id == workspace_id)
    return session.scalar(query.order_by(SendingIdentity.is_default.desc(), SendingIdentity.id).limit(1))


def get(session: Session, workspace_id: int, identity_id: int) -> SendingIdentity:
    """Return the identity; raise NotFound."""
    return keyed_rows.get(session, SendingIdentity, workspace_id, identity_id)


def hold(session: Session, workspace_id: int, identity_id: int) -> SendingIdentity:
    """Return the identity as it is now, and keep others from changing it until the transaction ends; raise NotFound."""
    return keyed_rows.hold(session, SendingIdentity, workspace_id, identity_id)


def list_identities(session: Session, workspace_id: int, limit: int = 100) -> list[SendingIdentity]:
    """Return the identities of the workspace, the default first."""
    query = select(SendingIdentity).where(SendingIdentity.workspace_id == workspace_id)
    return list(session.scalars(query.order_by(SendingIdentity.is_default.desc(), SendingIdentity.id).limit(limit)))


def of_ids(session: Session, workspace_id: int, identity_ids: Collection[int]) -> dict[int, SendingIdentity]:
    """Return these identities by id; unknown ids are left out."""
    query = select(SendingIdentity).where(
        SendingIdentity.workspace_id == workspace_id, SendingIdentity.id.in_(identity_ids)
    )
    return {identity.id: identity for identity in session.scalars(query)}


def relay_mark(identity: SendingIdentity) -> str:
    """Return a mark that changes whenever a mail server is set, and tells nothing of it."""
    return hashlib.sha256(identity.smtp_url).hexdigest()[:16] if identity.smtp_url else ""


def relay_url(identity: SendingIdentity, keys: tuple[Key, ...]) -> str | None:
    """Return the mail server of this identity with its password, or None for the installation's own."""
    return vault.unseal(identity.smtp_url, keys).decode() if identity.smtp_url else None


def relay(identity: SendingIdentity, settings: Settings) -> relays.Relay:
    """Return the mail server to send this identity's mail through: its own within bounds, or the installation's."""
    own = relay_url(identity, settings.secret_keys)
    if own is None:
        return relays.from_url(settings.smtp_url)
    return replace(relays.from_url(own), is_of_workspace=True, is_public_only=not settings.allow_private_relays)


def _sealed_relay(smtp_url: str | None, keys: tuple[Key, ...], *, may_be_private: bool = False) -> bytes | None:
    """Check that the address of the mail server can be read as one, then seal it: it holds a password."""
    if not smtp_url:
        return None
    try:
        named = relays.from_url(smtp_url.strip())
    except relays.BadRelay as error:
        raise RelayRefused(MessageId(str(error)), field="smtp_url") from error
    if relays.is_private(named) and not may_be_private:
        raise RelayPrivate(field="smtp_url")
    return vault.seal(smtp_url.strip().encode(), keys)


def _require_free(session: Session, workspace_id: int, address: str) -> None:
    query = select(SendingIdentity.id).where(
        SendingIdentity.workspace_id == workspace_id,
        func.lower(SendingIdentity.from_address) == address.lower(),
    )
    if session.scalar(query) is not None:
        raise AddressTaken(field="from_address")


def is_answered_at(session: Session, address: str) -> bool:
    """Say whether anybody's mail comes from, or asks for answers at, this address; for the reader role only."""
    wanted = address.lower()
    named = select(SendingIdentity.id).where(
        (func.lower(SendingIdentity.from_address) == wanted) | (func.lower(SendingIdentity.reply_to) == wanted)
    )
    profiled = select(Workspace.id).where(func.lower(Workspace.reply_to) == wanted)
    return bool(session.scalar(select(named.exists() | profiled.exists())))
