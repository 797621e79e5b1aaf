"""Webhooks of shops: the signature is checked and the body stored; a job does the rest."""

from __future__ import annotations

from typing import cast

from flask import Response, g, request

from app.api.v1.webhooks import WebhookOut
from app.api.views.blueprint import answer, bp
from app.commerce.connectors import connections, intake
from app.commerce.connectors.signatures import Incoming
from app.commerce.tokens import ShopToken
from app.kernel.services import services
from app.web import guard


@bp.post("/api/v1/webhooks/<token>")
@guard.webhook(ShopToken)
def receive_webhook(token: str) -> Response:
    """Store a shop's webhook; told twice under the same number it is one."""
    shop = cast(ShopToken, g.token)
    incoming = Incoming({name.lower(): value for name, value in request.headers}, request.get_data())
    with services().database.transaction(shop.workspace_id) as session:
        kind = connections.get_living(session, shop.workspace_id, shop.connection_id).kind
        if intake.is_ping(kind, incoming):
            return answer(WebhookOut(id=None, is_new=False))
        found = intake.receive(
            *(session, shop.workspace_id, shop.connection_id, incoming),
            keys=services().settings.secret_keys,
            now=services().clock.now(),
        )
    return answer(WebhookOut(id=found.ref, is_new=found.is_new), 202)
