"""Deletes an organisation, and puts it back with its people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.customers.organisations import hierarchy, members, organisation_values, organisations
from app.customers.relations.models import Organisation
from app.kernel import page_links
from app.kernel.database import refusing_duplicates
from app.kernel.page_links import PageLink
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

_DELETED = "customers.organisation_deleted"


def remove(session: Session, workspace_id: int, organisation_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Delete an organisation and who belongs to it; what stood below it stands at the top. Return the way back.

    Of whom it was the primary one, the oldest of the others follows.
    """
    members.hold_people(session, workspace_id, organisation_id)
    found = keyed_rows.lock(session, Organisation, workspace_id, organisation_id)
    audit.note(session, found, "organisation.deleted", staff_id=staff_id, now=now)
    moved = (
        update(Organisation)
        .where(Organisation.workspace_id == workspace_id, Organisation.parent_id == organisation_id)
        .values(parent_id=None)
    )
    below = sorted(session.scalars(moved.returning(Organisation.id)))
    kept = {
        "organisation": _plain(found),
        "below": below,
        "members": members.remove_all(session, workspace_id, organisation_id),
    }
    session.execute(
        delete(Organisation).where(Organisation.workspace_id == workspace_id, Organisation.id == organisation_id)
    )
    return undo.keep(session, workspace_id, kind=_DELETED, values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Put a deleted organisation back with whoever of its people is still there; raise NumberTaken."""
    row = values["organisation"]
    parent = session.get(Organisation, (workspace_id, row["parent_id"])) if row["parent_id"] else None
    made = Organisation(workspace_id=workspace_id, **{**row, "parent_id": parent.id if parent else None})
    made.created_at, made.updated_at = datetime.fromisoformat(row["created_at"]), now
    organisations.require_free(session, made)
    with refusing_duplicates(session, organisations.UNIQUE_REF, organisations.NumberTaken()):
        session.add(made)
        session.flush()
    with hierarchy.refusing_cycles(session):
        session.execute(
            update(Organisation)
            .where(Organisation.workspace_id == workspace_id, Organisation.id.in_(values["below"]))
            .where(Organisation.parent_id.is_(None))
            .values(parent_id=made.id)
        )
    members.put_back(session, workspace_id, values["members"])
    audit.note(session, made, "organisation.restored", staff_id=staff_id, now=now)
    page = page_links.to("customers.show_organisation", organisation_id=made.id)
    return undo.Restored(page, N_("The organisation is back."))


UNDO_DELETION = undo.Opposite(_DELETED, restore, role="marketer")


def _plain(organisation: Organisation) -> dict[str, Any]:
    values = {name: getattr(organisation, name) for name in ("id", *organisation_values.NAMES)}
    return {**values, "created_at": organisation.created_at.isoformat()}
