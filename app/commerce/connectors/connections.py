"""Connections to shops: added, mapped, ended and brought back by owners; their secrets are encrypted."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import audit, undo, vault
from app.commerce.connectors import mapping as mappings
from app.commerce.connectors.mapping import Mapping
from app.commerce.models import ShopConnection
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.settings import Key
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

MOST = 50
LONGEST_NAME = 120
LONGEST_SECRET = 200


class ConnectionRefused(Refusal):
    """The connection has no name, no secret, or is of no known kind."""

    status = 422
    message = N_("This shop cannot be connected.")


class MappingRefused(Refusal):
    """Something of the mapping leads nowhere, or is missing."""

    status = 422
    message = N_("This is not a path, such as data.customer.email.")


@dataclass(frozen=True)
class NewConnection:
    """What somebody fills in: Shopify gives a secret of its own, for the others one is made."""

    kind: str
    name: str
    secret: str = ""
    domain: str = ""


def create(
    session: Session, workspace_id: int, new: NewConnection, *, keys: tuple[Key, ...], staff_id: int, now: datetime
) -> tuple[ShopConnection, str]:
    """Add a connection; return it with its secret, which is shown this once. Raise ConnectionRefused."""
    name, secret = " ".join(new.name.split()), new.secret.strip()
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise ConnectionRefused(N_("Give the shop a name of at most 120 characters."), field="name")
    if new.kind not in mappings.KINDS:
        raise ConnectionRefused(N_("Choose what kind of shop it is."), field="kind")
    if new.kind == "shopify" and not secret:
        raise ConnectionRefused(N_("Copy the signing secret that Shopify shows below its webhooks."), field="secret")
    _check_secret(secret)
    living = select(func.count()).select_from(ShopConnection)
    mine = (ShopConnection.workspace_id == workspace_id, ShopConnection.ended_at.is_(None))
    if (session.scalar(living.where(*mine)) or 0) >= MOST:
        raise ConnectionRefused(N_("A workspace has at most 50 connected shops."), field="name")
    secret = secret or _new_secret()
    mapping = mappings.usual(new.kind).model_copy(update={"domain": _host(new.domain)})
    connection = ShopConnection(
        workspace_id=workspace_id,
        kind=new.kind,
        name=name,
        secret=vault.seal(secret.encode(), keys),
        mapping=mapping.model_dump(mode="json"),
        created_by=staff_id,
        created_at=now,
    )
    session.add(connection)
    session.flush()
    audit.note(session, connection, "shop.connected", staff_id=staff_id, now=now)
    return connection, secret


def renew_secret(
    session: Session, connection: ShopConnection, given: str, *, keys: tuple[Key, ...], staff_id: int, now: datetime
) -> str:
    """Put another secret in place of the one there was, at once; return it. Without one given, one is made."""
    secret = given.strip()
    if connection.kind == "shopify" and not secret:
        raise ConnectionRefused(N_("Copy the signing secret that Shopify shows below its webhooks."), field="secret")
    _check_secret(secret)
    secret = secret or _new_secret()
    connection.secret = vault.seal(secret.encode(), keys)
    session.flush()
    audit.note(session, connection, "shop.secret_changed", staff_id=staff_id, now=now)
    return secret


def remap(session: Session, connection: ShopConnection, given: dict[str, Any], *, staff_id: int, now: datetime) -> None:
    """Take another mapping, whole; raise MappingRefused at the part that cannot be."""
    try:
        mapping = Mapping.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = [str(part) for part in first["loc"]]
        raise MappingRefused(field="__".join(place)) from None
    if connection.kind == "webhook":
        _check_paths(mapping)
    connection.mapping = mapping.model_dump(mode="json")
    session.flush()
    audit.note(session, connection, "shop.mapped", staff_id=staff_id, now=now)


def end(session: Session, workspace_id: int, connection_id: int, *, staff_id: int, now: datetime) -> PageLink | None:
    """Answer the shop no more; return the address that takes this back, None if it had ended. Raise NotFound."""
    connection = hold(session, workspace_id, connection_id)
    if connection.ended_at is not None:
        return None
    connection.ended_at = now
    audit.note(session, connection, "shop.disconnected", staff_id=staff_id, now=now)
    kept = {"connection_id": connection_id}
    return undo.keep(session, workspace_id, kind="commerce.shop_disconnected", values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Answer an ended connection again."""
    connection = hold(session, workspace_id, values["connection_id"])
    connection.ended_at = None
    audit.note(session, connection, "shop.reconnected", staff_id=staff_id, now=now)
    page = page_links.to("commerce.show_shop", connection_id=connection.id)
    return undo.Restored(page, N_("The shop is connected again."))


UNDO_DISCONNECTION = undo.Opposite("commerce.shop_disconnected", restore, role="owner")


def get(session: Session, workspace_id: int, connection_id: int) -> ShopConnection:
    """Return the connection, ended or not; raise NotFound."""
    return keyed_rows.get(session, ShopConnection, workspace_id, connection_id)


def get_living(session: Session, workspace_id: int, connection_id: int) -> ShopConnection:
    """Return a connection that is answered; raise NotFound."""
    connection = get(session, workspace_id, connection_id)
    if connection.ended_at is not None:
        raise NotFound
    return connection


def hold(session: Session, workspace_id: int, connection_id: int) -> ShopConnection:
    """Return the connection as it is now, and keep others from changing it; raise NotFound."""
    return keyed_rows.hold(session, ShopConnection, workspace_id, connection_id)


def by_id(session: Session, workspace_id: int, connection_ids: Collection[int]) -> dict[int, ShopConnection]:
    """Return these connections by their id."""
    query = select(ShopConnection).where(
        ShopConnection.workspace_id == workspace_id, ShopConnection.id.in_(connection_ids)
    )
    return {connection.id: connection for connection in session.scalars(query)}


def list_all(session: Session, workspace_id: int) -> list[ShopConnection]:
    """Return the connections, those that are answered first."""
    query = select(ShopConnection).where(ShopConnection.workspace_id == workspace_id)
    newest = query.order_by(ShopConnection.ended_at.is_not(None), ShopConnection.id)
    return list(session.scalars(newest.limit(2 * MOST)))


def _new_secret() -> str:
    """A secret as Standard Webhooks writes it."""
    return f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"


def _check_secret(secret: str) -> None:
    if secret and not (8 <= len(secret) <= LONGEST_SECRET and secret.isascii() and secret.isprintable()):
        raise ConnectionRefused(N_("A secret has 8 to 200 letters, digits and signs."), field="secret")


def _check_paths(mapping: Mapping) -> None:
    """Raise MappingRefused where something is taken of which nothing says where it stands."""
    for resource in mapping.takes:
        for name in mappings.FIELDS[resource][1]:
            if not mapping.paths.get(resource, {}).get(name):
                lacking = N_("Write down this path, or take nothing of the kind: it cannot be read without.")
                raise MappingRefused(lacking, field=f"paths__{resource}__{name}")


def _host(typed: str) -> str:
    host = typed.strip().removeprefix("https://").removeprefix("http://").partition("/")[0].lower()
    if host and (len(host) > 253 or not all(part and part.isascii() for part in host.split("."))):
        raise ConnectionRefused(N_("Write the address of the shop, such as shop.example.com."), field="domain")
    return host
