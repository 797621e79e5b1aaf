"""The suppression list: addresses that are never mailed, whatever anybody consented to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Update,
    case,
    delete,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import audit
from app.consent.models import Suppression
from app.customers.addresses import queries
from app.customers.addresses.queries import AddressOwner
from app.customers.merging import aliases
from app.customers.profiles import customer_queries

BOUNCED = "bounced"
COMPLAINED = "complained"
OBJECTED = "objected"
ERASED = "erased"
MANUAL = "manual"
# The address was changed by others, and its owner has not agreed yet.
UNCONFIRMED = "unconfirmed"
REASONS = (BOUNCED, COMPLAINED, OBJECTED, ERASED, MANUAL, UNCONFIRMED)

# Only the answer to a mail to the address itself ends a suppression: links in older mails get forwarded, or went to
# another address, and a dead mailbox is not revived by typing it into a form.
_ENDED_BY_CONFIRMATION = (COMPLAINED, OBJECTED, MANUAL, ERASED, UNCONFIRMED, BOUNCED)
# So long a mailbox that bounced is left alone; then its owner may be asked again, when somebody signs up with it.
_BOUNCE_RESTS = timedelta(days=1)

# Somebody agreed as this person, but from another address than the present one.
_AGREED_ELSEWHERE = text(
    """
    SELECT coalesce(bool_or(digest <> :present) AND NOT bool_or(digest = :present), false) FROM (
        SELECT CAST(record AS jsonb) ->> 'address_digest' AS digest FROM consent_ledger
        WHERE workspace_id = :workspace_id AND customer_id = ANY(CAST(:customer_ids AS bigint[]))
            AND event IN ('given', 'imported', 'confirmed', 'renewed')
    ) AS said
    """
)

# Joined, not asked: suppression is decided inside the sender's own statements.
_customers = customer_queries.customer_rows()


@dataclass(frozen=True, slots=True)
class SuppressionInfo:
    """Why an address is suppressed, since when, and on whose word."""

    address_digest: bytes
    reason: str
    source: str
    at: datetime


# Sources whose suppressions end when what they came of is taken back; so do those of a file (`OF_FILE`).
FOR_NOW = ("merge", "erasure")
OF_FILE = "^import [0-9]+(,|$)"


@dataclass(frozen=True, slots=True)
class Listed:
    """A suppressed address, and whose it is where we still know: an erased person's is a hash and nothing else."""

    info: SuppressionInfo
    customer_id: int | None
    email: str | None
    name: str


def add(session: Session, workspace_id: int, *, address_digest: bytes, reason: str, source: str, now: datetime) -> bool:
    """Suppress an address; the first reason stays, but a question that bounces. Return whether it was new.

    What a merge, an erasure or a file that can be taken back suppressed is, said once more, there to stay.
    """
    said = {"reason": reason, "source": source, "at": now}
    statement = insert(Suppression).values(workspace_id=workspace_id, address_digest=address_digest, **said)
    for_now = Suppression.source.in_(FOR_NOW) | Suppression.source.regexp_match(OF_FILE)
    may_end = for_now & (Suppression.source != source)
    weak = Suppression.reason.in_((UNCONFIRMED, ERASED))
    replaces = may_end | (Suppression.reason == UNCONFIRMED) if reason == BOUNCED else may_end
    keeping = statement.on_conflict_do_update(
        index_elements=["workspace_id", "address_digest"],
        set_={**said, "reason": case((weak, reason), else_=Suppression.reason)},
        where=replaces,
    )
    return session.execute(keeping.returning(Suppression.reason)).first() is not None


def find(session: Session, workspace_id: int, address_digest: bytes) -> SuppressionInfo | None:
    """Return why this address is suppressed, or None."""
    row = session.execute(_rows(workspace_id).where(Suppression.address_digest == address_digest)).one_or_none()
    return SuppressionInfo(*row) if row else None


def find_of_customer(session: Session, workspace_id: int, customer_id: int) -> SuppressionInfo | None:
    """Return why this person's present address is suppressed, or None."""
    digest = session.scalar(select(digest_query(workspace_id, customer_id)))
    return find(session, workspace_id, digest) if digest else None


def is_suppressed(session: Session, workspace_id: int, address_digest: bytes) -> bool:
    """Say whether this address must stay suppressed."""
    return find(session, workspace_id, address_digest) is not None


def awaits_owner(session: Session, workspace_id: int, customer_id: int) -> bool:
    """Say whether the present address took the place of one that had agreed, and has not agreed itself."""
    digest = session.scalar(select(digest_query(workspace_id, customer_id)))
    if not digest:
        return False
    suppressed = find(session, workspace_id, digest)
    if suppressed and suppressed.reason == UNCONFIRMED:
        return True
    ids = aliases.all_ids(session, workspace_id, customer_id)
    asked = {"workspace_id": workspace_id, "customer_ids": ids, "present": digest.hex()}
    return bool(session.scalar(_AGREED_ELSEWHERE, asked))


def end_by_confirmation(session: Session, workspace_id: int, address_digest: bytes) -> None:
    """Let a person who answered the question mailed to this very address be written to again."""
    _end(session, workspace_id, address_digest, _ENDED_BY_CONFIRMATION)


def may_ask(session: Session, workspace_id: int, address_digest: bytes, *, now: datetime) -> bool:
    """Say whether this address may be asked whether its owner signed up; one that bounced lately may not.

    A bounce of long ago gives way to the question: until it is answered, nothing else goes there, as before.
    """
    suppressed = find(session, workspace_id, address_digest)
    if suppressed is None or suppressed.reason != BOUNCED:
        return True
    if now - suppressed.at < _BOUNCE_RESTS:
        return False
    session.execute(_of(workspace_id, address_digest, BOUNCED).values(reason=UNCONFIRMED, at=now))
    return True


def end_bounce(session: Session, workspace_id: int, customer_id: int, *, staff_id: int, now: datetime) -> bool:
    """Let staff who know better write to this person's address again; return whether it was a bounce that ended."""
    digest = session.scalar(select(digest_query(workspace_id, customer_id)))
    suppressed = find(session, workspace_id, digest) if digest else None
    if suppressed is None or suppressed.reason != BOUNCED:
        return False
    _end(session, workspace_id, suppressed.address_digest, (BOUNCED,))
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action="address.bounce_ended",
        subject_kind="customer",
        subject_id=customer_id,
        details={"digest": suppressed.address_digest.hex(), "source": suppressed.source},
        now=now,
    )
    return True


def end_silence(session: Session, workspace_id: int, address_digests: Sequence[bytes]) -> None:
    """Let addresses be written to again whose owner is not erased after all, but for those that a file names."""
    of_these = (
        *(Suppression.workspace_id == workspace_id, Suppression.address_digest.in_(address_digests)),
        Suppression.source == "erasure",
    )
    is_erased, is_named = Suppression.reason == ERASED, func.cardinality(Suppression.import_ids) > 0
    session.execute(delete(Suppression).where(*of_these, is_erased, ~is_named))
    # The file says it again, for the reason that came with it.
    said = {"reason": case((is_erased, MANUAL), else_=Suppression.reason)}
    of_file = func.concat("import ", Suppression.import_ids[1])
    session.execute(update(Suppression).where(*of_these, is_named).values(source=of_file, **said))


def _of(workspace_id: int, address_digest: bytes, reason: str) -> Update:
    return update(Suppression).where(
        Suppression.workspace_id == workspace_id,
        Suppression.address_digest == address_digest,
        Suppression.reason == reason,
    )


def _end(session: Session, workspace_id: int, address_digest: bytes, reasons: tuple[str, ...]) -> None:
    session.execute(
        delete(Suppression).where(
            Suppression.workspace_id == workspace_id,
            Suppression.address_digest == address_digest,
            Suppression.reason.in_(reasons),
        )
    )


def list_newest(session: Session, workspace_id: int, *, limit: int = 50) -> list[Listed]:
    """Return the latest additions."""
    query = _rows(workspace_id).order_by(Suppression.at.desc(), Suppression.address_digest).limit(limit)
    return _listed(session, workspace_id, [SuppressionInfo(*row) for row in session.execute(query)])


def list_after(session: Session, workspace_id: int, address_digest: bytes, *, limit: int) -> list[Listed]:
    """Return the list in the order of hashes, beginning after this one."""
    query = _rows(workspace_id).where(Suppression.address_digest > address_digest)
    found = session.execute(query.order_by(Suppression.address_digest).limit(limit))
    return _listed(session, workspace_id, [SuppressionInfo(*row) for row in found])


def find_listed(session: Session, workspace_id: int, address_digest: bytes) -> Listed | None:
    """Return this address as it stands in the list, or None when it is not suppressed."""
    found = find(session, workspace_id, address_digest)
    return _listed(session, workspace_id, [found])[0] if found else None


def _rows(workspace_id: int) -> Select[bytes, str, str, datetime]:
    return select(Suppression.address_digest, Suppression.reason, Suppression.source, Suppression.at).where(
        Suppression.workspace_id == workspace_id
    )


def _listed(session: Session, workspace_id: int, found: list[SuppressionInfo]) -> list[Listed]:
    owners = queries.owners_by_digest(session, workspace_id, [info.address_digest for info in found])
    return [_owned(info, owners.get(info.address_digest)) for info in found]


def _owned(info: SuppressionInfo, owner: AddressOwner | None) -> Listed:
    if owner is None:
        return Listed(info, None, None, "")
    name = " ".join(filter(None, (owner.first_name, owner.last_name)))
    return Listed(info, owner.customer_id, owner.email, name)


def customer_is_suppressed(workspace_id: int, customer_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that the person's present address is suppressed, for use inside larger statements."""
    return exists(
        select(Suppression.workspace_id)
        .join(
            _customers,
            (_customers.c.workspace_id == Suppression.workspace_id)
            & (_customers.c.address_digest == Suppression.address_digest),
        )
        .where(
            Suppression.workspace_id == workspace_id,
            _customers.c.workspace_id == workspace_id,
            _customers.c.id == customer_id,
        )
    )


def digests_query(workspace_id: int) -> Select[bytes]:
    """Select the digests of the addresses that are suppressed."""
    return select(Suppression.address_digest).where(Suppression.workspace_id == workspace_id)


def customers_query(workspace_id: int) -> Select[int]:
    """Select the ids of the people whose present address is suppressed."""
    return select(_customers.c.id.label("customer_id")).join(
        Suppression,
        (Suppression.workspace_id == workspace_id) & (Suppression.address_digest == _customers.c.address_digest),
    ).where(_customers.c.workspace_id == workspace_id)  # fmt: skip


def digest_query(workspace_id: int, customer_id: int) -> ScalarSelect[bytes]:
    """Select the digest of this person's present address."""
    return (
        select(_customers.c.address_digest)
        .where(_customers.c.workspace_id == workspace_id, _customers.c.id == customer_id)
        .scalar_subquery()
    )
