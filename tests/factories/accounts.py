"""Staff, keys and identities that tests begin with."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import memberships
from app.accounts.models import Staff
from app.kernel.settings import Key
from tests.factories.workspaces import an_account

KEYS = (Key(1, b"tests-only-" + b"k" * 32),)


def a_member(session: Session, workspace_id: int, *, role: str, now: datetime) -> Staff:
    """Somebody with this role; logs in with PASSWORD of the workspace factory."""
    account = an_account(session, now=now)
    account.email = f"{role}-{secrets.token_hex(4)}@shop.test"
    session.flush()
    memberships.grant(session, workspace_id, account.id, role)
    return account
