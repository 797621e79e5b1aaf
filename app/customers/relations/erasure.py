"""Forgets whom a person belongs with, when they are erased."""

from __future__ import annotations

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from app.customers.relations import households
from app.customers.relations.models import CustomerRelation, OrganisationMember


def erase(session: Session, workspace_id: int, customer_id: int) -> None:
    """Delete this person's places in organisations and households, and what they are to others."""
    member, relation = OrganisationMember, CustomerRelation
    session.execute(delete(member).where(member.workspace_id == workspace_id, member.customer_id == customer_id))
    session.execute(
        delete(relation)
        .where(relation.workspace_id == workspace_id)
        .where(or_(relation.customer_id == customer_id, relation.related_id == customer_id))
    )
    households.forget(session, workspace_id, customer_id)
