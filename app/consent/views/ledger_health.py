"""The ledger page: the latest check, a check on demand, and the head to keep outside."""

from __future__ import annotations

from datetime import datetime

from flask import Response, g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.consent import words
from app.consent.ledger import checks, proof, verification
from app.consent.views.blueprint import bp, tabs
from app.kernel.queueing import outbox
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/consent/ledger")
@guard.role("viewer")
def show_ledger() -> ResponseReturnValue:
    """Show how the latest look ended."""
    with services().database.transaction(g.workspace.id) as session:
        checkup = checks.latest(session, g.workspace.id)
        head = verification.find_head(session, g.workspace.id)
    return shell.page("consent/ledger.html", tabs=tabs(), checkup=checkup, head=head)


@bp.post("/consent/ledger/look")
@guard.role("marketer")
def look_over_ledger() -> ResponseReturnValue:
    """Have the ledger looked over now, in the background: a large one takes minutes."""
    with services().database.transaction(g.workspace.id) as session:
        outbox.enqueue(
            session, "consent.look_over", key=f"consent.look_over:{g.workspace.id}", workspace_id=g.workspace.id
        )
    there = url_for("consent.show_ledger")
    return shell.back(there, _("The records are being checked. The result appears here in a moment."))


@bp.get("/consent/ledger/head.json")
@guard.role("viewer")
def export_head() -> ResponseReturnValue:
    """Give the head of the chain as a file to be kept elsewhere; `assent verify-ledger` can be held to it."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        head = verification.find_head(session, g.workspace.id)
    name = f"consent-head-{g.workspace.id}-{now:%Y%m%d}.json"
    return Response(
        verification.export(g.workspace.id, head, now=now),
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/consent/proof/<int:seq>")
@guard.role("viewer")
def show_proof(seq: int) -> ResponseReturnValue:
    """Show one record as evidence: what a sent message names as its permission."""
    with services().database.transaction(g.workspace.id) as session:
        found = proof.get(session, g.workspace.id, seq)
    return shell.side_panel(
        "consent/proof.html",
        behind=url_for("customers.show_customer", customer_id=found.customer_id),
        title=_("Proof of consent"),
        proof=found,
        happened_at=datetime.fromisoformat(found.happened_at) if found.happened_at else None,
        words=words,
    )
