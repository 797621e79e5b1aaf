"""API keys of programs: shown once at creation, stored as digests, read by the API's guard."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit, undo
from app.accounts.models import ApiKey
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

# assent_<workspace>_<secret>: the workspace is named so that the key can be looked up inside its walls.
_SHAPE = re.compile(r"assent_([1-9][0-9]{0,17})_([A-Za-z0-9_-]{43})", re.ASCII)
_PREFIX_SECRET_CHARS = 6
# One write per key and minute is enough to see whether a key is in use.
_NOTE_USE_AFTER = timedelta(minutes=1)


class KeyUnknown(Refusal):
    """The key is malformed, revoked or was never issued; which, is not said."""

    status = 401
    message = N_("This API key is not valid.")


def create(
    session: Session,
    workspace_id: int,
    *,
    name: str,
    staff_id: int | None,
    now: datetime,
    personal_data: str = "shown",
) -> tuple[ApiKey, str]:
    """Issue a key; return its row and its text, which cannot be read back later."""
    text = f"assent_{workspace_id}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        workspace_id=workspace_id,
        name=name.strip()[:120],
        personal_data=personal_data,
        prefix=_prefix(text),
        digest=_digest(text),
        created_by=staff_id,
        created_at=now,
    )
    session.add(key)
    session.flush()
    audit.note(session, key, "api_key.created", staff_id=staff_id, now=now)
    return key, text


def workspace_of(text: str) -> int:
    """Return the workspace a key claims to open, so that it can be checked inside; raise KeyUnknown."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise KeyUnknown
    return int(shape[1])


def authenticate(session: Session, text: str, *, now: datetime) -> ApiKey:
    """Return the live key this is, in a transaction of `workspace_of(text)`; raise KeyUnknown."""
    workspace_id = workspace_of(text)
    candidates = select(ApiKey).where(
        ApiKey.workspace_id == workspace_id, ApiKey.prefix == _prefix(text), ApiKey.revoked_at.is_(None)
    )
    for key in session.scalars(candidates):
        if hmac.compare_digest(key.digest, _digest(text)):
            if key.used_at is None or key.used_at < now - _NOTE_USE_AFTER:
                key.used_at = now
            return key
    raise KeyUnknown


def revoke(session: Session, workspace_id: int, key_id: int, *, staff_id: int, now: datetime) -> PageLink | None:
    """End a key at once; return the address that takes this back, None if it had ended before. Raise NotFound."""
    key = keyed_rows.get(session, ApiKey, workspace_id, key_id)
    if key.revoked_at is not None:
        return None
    key.revoked_at = now
    audit.note(session, key, "api_key.revoked", staff_id=staff_id, now=now)
    return undo.keep(
        session, workspace_id, kind="accounts.key_revoked", values={"key_id": key_id}, staff_id=staff_id, now=now
    )


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Let a revoked key work again."""
    key = keyed_rows.get(session, ApiKey, workspace_id, values["key_id"])
    key.revoked_at = None
    audit.note(session, key, "api_key.restored", staff_id=staff_id, now=now)
    return undo.Restored(page_links.to("accounts.show_keys"), N_("The key works again."))


UNDO_REVOCATION = undo.Opposite("accounts.key_revoked", restore, role="owner")


def list_keys(session: Session, workspace_id: int, limit: int = 100) -> list[ApiKey]:
    """Return the keys of the workspace, live ones first."""
    query = select(ApiKey).where(ApiKey.workspace_id == workspace_id)
    return list(session.scalars(query.order_by(ApiKey.revoked_at.isnot(None), ApiKey.id.desc()).limit(limit)))


def _prefix(text: str) -> str:
    workspace, _, secret = text.partition("_")[2].partition("_")
    return f"assent_{workspace}_{secret[:_PREFIX_SECRET_CHARS]}"


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
