"""Merging customers: parse, one transaction, one action, answer."""

from __future__ import annotations

from flask import Response, g

from app.api.v1 import merges
from app.api.v1.merge_schemas import MergeIn, MergeUndoIn
from app.api.views.blueprint import answer, bp, once, read, require_pace
from app.kernel.services import services
from app.web import guard


@bp.post("/api/v1/merges")
@guard.api_key
def merge_customers() -> Response:
    """Make one customer of two."""
    given, now = read(MergeIn), services().clock.now()
    return once(lambda session: merges.merge_customers(session, g.workspace_id, given, now=now))


@bp.post("/api/v1/merges/<int(max=9007199254740992):merge_id>/undo")
@guard.api_key
def undo_merge(merge_id: int) -> Response:
    """Make two customers of one again."""
    read(MergeUndoIn)
    now = services().clock.now()
    return once(lambda session: merges.undo_merge(session, g.workspace_id, merge_id, now=now))


@bp.get("/api/v1/customers/<int(max=9007199254740992):customer_id>/merges")
@guard.api_key
def list_merges(customer_id: int) -> Response:
    """Read what made a customer of several."""
    require_pace()
    with services().database.transaction(g.workspace_id) as session:
        found = merges.list_merges(session, g.workspace_id, customer_id)
    return answer(found)
