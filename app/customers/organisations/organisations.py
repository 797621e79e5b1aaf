"""Finds, adds and changes organisations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.customers.organisations import hierarchy, organisation_values
from app.customers.relations.models import Organisation
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

UNIQUE_REF = "uq_organisations_external_ref"


class NumberTaken(Refusal):
    """Another organisation of this workspace has this number."""

    message = N_("Another organisation has this number.")


class SeveralNamed(Refusal):
    """A name alone does not say which organisation is meant."""

    status = 422
    message = N_("Several organisations have this name. Write the number of the one you mean.")


def add(session: Session, workspace_id: int, given: Mapping[str, Any], *, now: datetime) -> Organisation:
    """Add an organisation with these values; raise OrganisationRefused, NumberTaken, HierarchyCycle."""
    values = organisation_values.checked({"name": None, **given})
    made = Organisation(workspace_id=workspace_id, **values, created_at=now, updated_at=now)
    require_free(session, made)
    hierarchy.require_parent(session, made)
    with refusing_duplicates(session, UNIQUE_REF, NumberTaken(field="external_ref")):
        session.add(made)
        session.flush()
    return made


def change(session: Session, organisation: Organisation, given: Mapping[str, Any], *, now: datetime) -> bool:
    """Set these values, None clears one; return whether that changed anything. Hold the organisation first.

    Raise OrganisationRefused, NumberTaken, HierarchyCycle.
    """
    values = organisation_values.checked(given)
    changed = {name: value for name, value in values.items() if getattr(organisation, name) != value}
    if not changed:
        return False
    taken = refusing_duplicates(session, UNIQUE_REF, NumberTaken(field="external_ref"))
    with hierarchy.refusing_cycles(session), taken:
        with session.no_autoflush:
            for name, value in changed.items():
                setattr(organisation, name, value)
            organisation.updated_at = now
            require_free(session, organisation)
            hierarchy.require_parent(session, organisation)
        session.flush()
    return True


def get(session: Session, workspace_id: int, organisation_id: int) -> Organisation:
    """Return the organisation; raise NotFound."""
    return keyed_rows.get(session, Organisation, workspace_id, organisation_id)


def hold(session: Session, workspace_id: int, organisation_id: int) -> Organisation:
    """Return the organisation as it is now, and keep others from changing it; raise NotFound."""
    return keyed_rows.hold(session, Organisation, workspace_id, organisation_id)


def find_by_ref(session: Session, workspace_id: int, external_ref: str) -> Organisation | None:
    """Return the organisation with this number in the company's own books."""
    query = select(Organisation).where(
        Organisation.workspace_id == workspace_id, Organisation.external_ref == external_ref
    )
    return session.scalar(query)


def find_named(session: Session, workspace_id: int, words: str) -> Organisation | None:
    """Return the organisation of this number or name, in capitals or not; raise SeveralNamed."""
    clean = " ".join(words.split())
    by_ref = find_by_ref(session, workspace_id, clean)
    if by_ref is not None:
        return by_ref
    query = select(Organisation).where(Organisation.workspace_id == workspace_id, folded_name() == func.lower(clean))
    named = list(session.scalars(query.limit(2)))
    if len(named) > 1:
        raise SeveralNamed(field="organisation")
    return named[0] if named else None


def folded_name() -> ColumnElement[str]:
    """Return the name as lists are ordered and searched by."""
    return func.lower(Organisation.name).collate("C")


def require_free(session: Session, organisation: Organisation) -> None:
    """Raise NumberTaken if another organisation has its number."""
    if organisation.external_ref is None:
        return
    other = find_by_ref(session, organisation.workspace_id, organisation.external_ref)
    if other is not None and other is not organisation:
        raise NumberTaken(field="external_ref")
