"""Connected shops: their list, one with what came from it, its mapping, and one webhook with its payload."""

from __future__ import annotations

import json
from typing import Any

from flask import g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.commerce.connectors import connections, deliveries, stated_consents
from app.commerce.connectors import mapping as mappings
from app.commerce.connectors.mapping import FIELDS, LINE_FIELDS, PROFILE, RESOURCES
from app.commerce.models import ShopConnection
from app.commerce.tokens import ShopToken
from app.commerce.views.blueprint import bp
from app.commerce.views.shop_forms import GENERIC, KIND_LABELS, MappingForm, NewShopForm, SecretForm, mapping_form
from app.commerce.words import RESOURCE_LABELS
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell

PAGE = 50
STATES = (
    ("", _l("All")),
    ("waiting", _l("Waiting")),
    ("failed", _l("Failed")),
    ("done", _l("Done")),
    ("outdated", _l("Outdated")),
    ("ignored", _l("Ignored")),
)


@bp.get("/settings/shops")
@guard.role("owner")
def list_shops() -> ResponseReturnValue:
    """Show which shops are connected, and how each does."""
    return _list_page(NewShopForm(formdata=None)), 200


@bp.post("/settings/shops")
@guard.role("owner")
def connect_shop() -> ResponseReturnValue:
    """Connect a shop, and show its address and secret this once."""
    form, now, keys = NewShopForm(), services().clock.now(), services().settings.secret_keys
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                made, secret = connections.create(
                    session, g.workspace.id, form.new(), keys=keys, staff_id=g.staff.id, now=now
                )
            return _shop_page(made.id, secret=secret)
    except Refusal as refusal:
        form.refuse(refusal)
    return _list_page(form), 422


@bp.get("/settings/shops/<int:connection_id>")
@guard.role("owner")
def show_shop(connection_id: int) -> ResponseReturnValue:
    """Show one shop: its address, what came from it lately, and what failed."""
    return _shop_page(connection_id)


@bp.post("/settings/shops/<int:connection_id>/secret")
@guard.role("owner")
def change_secret(connection_id: int) -> ResponseReturnValue:
    """Put another signing secret in place of the present one."""
    form, now, keys = SecretForm(), services().clock.now(), services().settings.secret_keys
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                held = connections.hold(session, g.workspace.id, connection_id)
                given = form.secret.data or ""
                secret = connections.renew_secret(session, held, given, keys=keys, staff_id=g.staff.id, now=now)
            return _shop_page(connection_id, secret=secret)
    except Refusal as refusal:
        form.refuse(refusal)
    return _shop_page(connection_id, form=form, status=422)


@bp.post("/settings/shops/<int:connection_id>/disconnect")
@guard.role("owner")
def disconnect_shop(connection_id: int) -> ResponseReturnValue:
    """Answer the shop no more."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        again = connections.end(session, g.workspace.id, connection_id, staff_id=g.staff.id, now=now)
    return shell.back(url_for("commerce.list_shops"), _("The shop is disconnected."), undo=again)


@bp.post("/settings/shops/<int:connection_id>/replay")
@guard.role("owner")
def replay_failed(connection_id: int) -> ResponseReturnValue:
    """Work off once more whatever failed."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        deliveries.replay_failed(session, g.workspace.id, connection_id, staff_id=g.staff.id, now=now)
    there = url_for("commerce.show_shop", connection_id=connection_id)
    return shell.back(there, _("Failed webhooks are being replayed."))


@bp.get("/settings/shops/<int:connection_id>/mapping")
@guard.role("owner")
def edit_mapping(connection_id: int) -> ResponseReturnValue:
    """Show what is taken, and where it goes."""
    with services().database.transaction(g.workspace.id) as session:
        connection = connections.get(session, g.workspace.id, connection_id)
        topics = stated_consents.topics(session, g.workspace.id)
    form = mapping_form(connection.kind, mappings.read(connection.mapping), topics, formdata=None)
    form.show()
    return _mapping_page(connection, form), 200


@bp.post("/settings/shops/<int:connection_id>/mapping")
@guard.role("owner")
def change_mapping(connection_id: int) -> ResponseReturnValue:
    """Keep what was changed; what its author left alone stays as it is on record."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        connection = connections.hold(session, g.workspace.id, connection_id)
        before, topics = mappings.read(connection.mapping), stated_consents.topics(session, g.workspace.id)
        form = mapping_form(connection.kind, before, topics)
        if form.validate():
            form.rebase(mapping_form(connection.kind, before, topics, formdata=None))
            try:
                whole = form.mapping(before, staff_id=g.staff.id)
                connections.remap(session, connection, whole, staff_id=g.staff.id, now=now)
                return shell.back(url_for("commerce.show_shop", connection_id=connection_id), _("Mapping saved."))
            except Refusal as refusal:
                form.refuse(refusal)
    return _mapping_page(connection, form), 422


@bp.get("/settings/shops/<int:connection_id>/webhooks/<int:delivery_id>")
@guard.role("owner")
def show_webhook(connection_id: int, delivery_id: int) -> ResponseReturnValue:
    """Show one webhook as it came, and what came of it."""
    with services().database.transaction(g.workspace.id) as session:
        connection = connections.get(session, g.workspace.id, connection_id)
        delivery = deliveries.get(session, g.workspace.id, delivery_id)
        body = delivery.body
    values = {"connection": connection, "delivery": delivery, "notes": _notes(delivery.notes), "payload": _pretty(body)}
    return shell.page("commerce/webhook.html", **values)


@bp.post("/settings/shops/<int:connection_id>/webhooks/<int:delivery_id>/replay")
@guard.role("owner")
def replay_webhook(connection_id: int, delivery_id: int) -> ResponseReturnValue:
    """Work off one webhook once more."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        deliveries.replay(session, g.workspace.id, delivery_id, staff_id=g.staff.id, now=now)
    there = url_for("commerce.show_webhook", connection_id=connection_id, delivery_id=delivery_id)
    return shell.back(there, _("The webhook is being replayed."))


def _list_page(form: NewShopForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        listed = connections.list_all(session, g.workspace.id)
        activity = deliveries.activity(session, g.workspace.id, [each.id for each in listed])
        found = [(each, activity[each.id]) for each in listed]
    return shell.page("commerce/shops.html", form=form, shops=found, kinds=KIND_LABELS)


def _shop_page(
    connection_id: int, *, secret: str | None = None, form: SecretForm | None = None, status: int = 200
) -> ResponseReturnValue:
    state, before = request.args.get("state", ""), request.args.get("before", 0, type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        connection = connections.get(session, g.workspace.id, connection_id)
        listed = deliveries.list_page(session, g.workspace.id, connection_id, state=state, before=before, limit=PAGE)
        activity = deliveries.activity(session, g.workspace.id, [connection_id])[connection_id]
    token = ShopToken(g.workspace.id, connection_id).encode(services().tokens)
    here = url_for("commerce.show_shop", connection_id=connection_id)
    more = f"{here}?state={state}&before={listed[-1].id}" if len(listed) == PAGE else None
    values = {
        "connection": connection,
        "kind": KIND_LABELS[connection.kind],
        "address": services().settings.public_url + url_for("api.receive_webhook", token=token),
        "activity": activity,
        "webhooks": [(each, _notes(each.notes)) for each in listed],
        "chips": [(label, f"{here}?state={name}" if name else here, name == state, True) for name, label in STATES],
        "more": more,
        "secret": secret,
        "form": form or SecretForm(formdata=None),
    }
    response = make_response(shell.page("commerce/shop.html", **values), status)
    if secret:
        response.headers["Cache-Control"] = "no-store"
    return response


def _mapping_page(connection: ShopConnection, form: MappingForm) -> str:
    parts: dict[str, Any] = {
        "profile": [form[f"profile__{name}"] for name in PROFILE],
        "generic": [form[name] for name in GENERIC if name in form],
        "resources": [
            (
                RESOURCE_LABELS[name],
                form[f"topics__{name}"],
                [form[f"paths__{name}__{field}"] for field in FIELDS[name][0]],
            )
            for name in RESOURCES
            if f"topics__{name}" in form
        ],
        "lines": [form[f"line_paths__{name}"] for name in LINE_FIELDS if f"line_paths__{name}" in form],
    }
    return shell.page("commerce/shop_mapping.html", connection=connection, form=form, **parts)


def _notes(kept: list[Any]) -> list[str]:
    """Return the notes of a webhook in the reader's language; a reason within one is translated as well."""
    return [
        _(message) % {name: _(value) if name == "why" else value for name, value in values.items()}
        for message, values in kept
    ]


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
