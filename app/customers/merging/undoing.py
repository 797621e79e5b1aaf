"""Makes two customers of one again: exactly who they were; what happened since stays with the survivor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.customers.addresses import projection
from app.customers.duplicates import reviewing
from app.customers.erasing.models import AskedErasure
from app.customers.merging import aliases, journal, merge, person_tables
from app.customers.merging.journal import Merging
from app.customers.merging.merge import MergedPermissions
from app.customers.merging.models import CustomerMerge
from app.customers.merging.person_tables import PersonTables
from app.customers.models import Customer
from app.kernel import extensions, page_links
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

_STEPS = text(
    """
    SELECT DISTINCT step, table_name, kind FROM merge_changes
    WHERE workspace_id = :w AND merge_id = :merge AND kind <> 'noted' ORDER BY step DESC
    """
)
# Nobody may stand in the way of the addresses that return; who is reached where is worked out again at the end.
_CLEAR = text(
    """
    UPDATE customers c SET address_id = NULL, email = NULL, email_key = NULL, address_digest = NULL
    WHERE c.workspace_id = :w AND c.id = :survivor AND EXISTS (
        SELECT FROM merge_changes x WHERE x.workspace_id = :w AND x.merge_id = :merge AND x.table_name = 'addresses'
          AND x.kind = 'changed' AND CAST(x.key ->> 'id' AS bigint) = c.address_id)
    AND NOT EXISTS (
        SELECT FROM merge_changes x WHERE x.workspace_id = :w AND x.merge_id = :merge AND x.table_name = 'customers'
          AND x.kind = 'changed' AND CAST(x.after ->> 'address_id' AS bigint) = c.address_id)
    """
)
# An address that has ended since is nobody's primary one again.
_FORGET_ENDED = text(
    """
    UPDATE merge_changes x SET before = x.before - 'is_primary' FROM addresses a
    WHERE x.workspace_id = :w AND x.merge_id = :merge AND x.table_name = 'addresses' AND x.kind = 'changed'
      AND x.before ? 'is_primary' AND a.workspace_id = :w AND a.id = CAST(x.key ->> 'id' AS bigint)
      AND a.ended_at IS NOT NULL
    """
)
_PROMOTE = text(
    """
    UPDATE addresses t SET is_primary = true FROM (
        SELECT DISTINCT ON (a.customer_id, a.kind) a.customer_id, a.id FROM addresses a
        WHERE a.workspace_id = :w AND a.customer_id IN (:survivor, :former) AND a.ended_at IS NULL
          AND NOT EXISTS (SELECT FROM addresses p WHERE p.workspace_id = :w AND p.customer_id = a.customer_id
                          AND p.kind = a.kind AND p.is_primary)
        ORDER BY a.customer_id, a.kind, a.verified_at IS NULL, a.id) f
    WHERE t.workspace_id = :w AND t.customer_id = f.customer_id AND t.id = f.id
    """
)


class UndoLaterFirst(Refusal):
    """Another merge came after it and stands on it."""

    message = N_("This merge can be undone only after the ones that came later. Undo those first.")


class CannotUndo(Refusal):
    """What it would bring back is taken."""

    message = N_("This merge can no longer be undone: what it would bring back has been given to somebody else since.")


def merges_of(session: Session, workspace_id: int, customer_id: int) -> list[CustomerMerge]:
    """Return the merges that made this customer, the latest first."""
    query = select(CustomerMerge).where(
        CustomerMerge.workspace_id == workspace_id, CustomerMerge.survivor_id == customer_id
    )
    return list(session.scalars(query.order_by(CustomerMerge.id.desc()).limit(50)))


def take_back(
    session: Session, workspace_id: int, merge_id: int, *, staff_id: int | None, now: datetime
) -> tuple[int, int]:
    """Undo a merge and return both customers' numbers; raise UndoLaterFirst, ToBeErased, CannotUndo, NotFound."""
    keeper = extensions.of(session, MergedPermissions).keeper
    keeper.hold(session, workspace_id)
    made = keyed_rows.lock(session, CustomerMerge, workspace_id, merge_id)
    survivor_id, former_id = made.survivor_id, made.former_id
    _require_latest(session, made)
    keyed_rows.lock(session, Customer, workspace_id, survivor_id)
    if session.get(AskedErasure, (workspace_id, survivor_id)):
        raise merge.ToBeErased
    merging = Merging(workspace_id, merge_id, survivor_id, former_id, now)
    try:
        with session.begin_nested(), merge.deciding_permission(session):
            _return_rows(session, merging)
            keeper.undo(session, merging)
            session.execute(text("DELETE FROM customer_merges WHERE workspace_id = :w AND id = :merge"),
                            {"w": workspace_id, "merge": merge_id})  # fmt: skip
    except IntegrityError:
        raise CannotUndo from None
    audit.record(
        *(session, workspace_id), staff_id=staff_id, action="customer.merge_undone", subject_kind="customer",
        subject_id=survivor_id, details={"former_id": former_id, "merge_id": merge_id}, now=now,
    )  # fmt: skip
    session.expunge(made)
    person_tables.expire(session, (survivor_id, former_id))
    if made.method == "automatic":
        reviewing.leave_for_later(session, workspace_id, survivor_id, former_id)
    return survivor_id, former_id


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Take a merge back by the link its action offered."""
    _, former_id = take_back(session, workspace_id, values["merge_id"], staff_id=staff_id, now=now)
    page = page_links.to("customers.show_customer", customer_id=former_id)
    return undo.Restored(page, N_("They are two customers again."))


UNDO_MERGE = undo.Opposite("customers.merged", restore, role="marketer")


def _require_latest(session: Session, made: CustomerMerge) -> None:
    if aliases.current_ids(session, made.workspace_id, [made.survivor_id]):
        raise UndoLaterFirst
    later = select(CustomerMerge.id).where(
        *(CustomerMerge.workspace_id == made.workspace_id, CustomerMerge.id > made.id),
        CustomerMerge.survivor_id == made.survivor_id,
    )
    if session.scalar(later.limit(1)) is not None:
        raise UndoLaterFirst


def _return_rows(session: Session, merging: Merging) -> None:
    tables = extensions.of(session, PersonTables)
    binds = {"w": merging.workspace_id, "merge": merging.merge_id, "survivor": merging.survivor_id}
    session.execute(_CLEAR, binds)
    session.execute(_FORGET_ENDED, binds)
    for step in session.execute(_STEPS, binds).all():
        found = tables.find(step.table_name)
        if found:
            journal.undo_step(session, merging, step.step, found.table, step.kind, found.sums)
    for each in tables.known:
        if each.returned:
            each.returned(session, merging)
    session.execute(_PROMOTE, {"w": merging.workspace_id, "survivor": merging.survivor_id, "former": merging.former_id})
    both = (merging.survivor_id, merging.former_id)
    projection.refresh(session, merging.workspace_id, both, now=merging.now)

