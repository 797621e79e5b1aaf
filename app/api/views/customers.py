"""Customers: parse, one transaction, one action, answer."""

from __future__ import annotations

from flask import Response, g, request

from app.api.v1 import customers
from app.api.v1.schemas import CustomerIn, Whom
from app.api.views.blueprint import answer, bp, read, require_pace, writing
from app.kernel.services import services
from app.web import guard


@bp.put("/api/v1/customers")
@guard.api_key
def upsert_customer() -> Response:
    """Add or change a customer."""
    given, now = read(CustomerIn), services().clock.now()
    with writing() as session:
        made, is_new = customers.upsert(session, g.workspace_id, given, key_id=g.machine.key_id, now=now)
    return answer(made, 201 if is_new else 200)


@bp.get("/api/v1/customers")
@guard.api_key
def find_customer() -> Response:
    """Read the customer with this number or address."""
    require_pace()
    whom = Whom(external_ref=request.args.get("external_ref"), email=request.args.get("email"))
    with services().database.transaction(g.workspace_id) as session:
        found = customers.describe(session, customers.find(session, g.workspace_id, whom))
    return answer(found)


@bp.get("/api/v1/customers/<int(max=9007199254740992):customer_id>")
@guard.api_key
def get_customer(customer_id: int) -> Response:
    """Read the customer with this id."""
    require_pace()
    whom = Whom(id=customer_id)
    with services().database.transaction(g.workspace_id) as session:
        found = customers.describe(session, customers.find(session, g.workspace_id, whom))
    return answer(found)


@bp.get("/api/v1/customers/<int(max=9007199254740992):customer_id>/card")
@guard.api_key
def read_card(customer_id: int) -> Response:
    """Read the card of the customer with this id."""
    require_pace()
    with services().database.transaction(g.workspace_id) as session:
        made = customers.read_card(session, g.workspace_id, customer_id, now=services().clock.now())
    return answer(made)
