"""Organisations, households and related people: parse, one transaction, one action, answer."""

from __future__ import annotations

from flask import Response, g, request

from app.api.v1 import relations
from app.api.v1.relation_schemas import (
    HouseholdIn,
    OrganisationIn,
    OrganisationMemberIn,
    OrganisationRef,
    RelationIn,
)
from app.api.views.blueprint import answer, bp, read, require_pace, writing
from app.kernel.services import services
from app.web import guard


@bp.put("/api/v1/organisations")
@guard.api_key
def save_organisation() -> Response:
    """Add or change an organisation."""
    given, now = read(OrganisationIn), services().clock.now()
    with writing() as session:
        made, is_new = relations.save_organisation(session, g.workspace_id, given, now=now)
    return answer(made, 201 if is_new else 200)


@bp.get("/api/v1/organisations")
@guard.api_key
def find_organisation() -> Response:
    """Read the organisation with this number."""
    require_pace()
    asked = OrganisationRef.model_validate({"external_ref": request.args.get("external_ref")})
    with services().database.transaction(g.workspace_id) as session:
        found = relations.find_organisation(session, g.workspace_id, asked.external_ref)
    return answer(found)


@bp.put("/api/v1/organisations/people")
@guard.api_key
def save_organisation_member() -> Response:
    """Say that somebody is at an organisation."""
    given, now = read(OrganisationMemberIn), services().clock.now()
    with writing() as session:
        made = relations.save_member(session, g.workspace_id, given, now=now)
    return answer(made)


@bp.put("/api/v1/relations")
@guard.api_key
def save_relation() -> Response:
    """Say what somebody is to a customer."""
    given, now = read(RelationIn), services().clock.now()
    with writing() as session:
        made = relations.save_relation(session, g.workspace_id, given, now=now)
    return answer(made)


@bp.put("/api/v1/households")
@guard.api_key
def save_household() -> Response:
    """Put people into one household."""
    given, now = read(HouseholdIn), services().clock.now()
    with writing() as session:
        made = relations.save_household(session, g.workspace_id, given, now=now)
    return answer(made)
