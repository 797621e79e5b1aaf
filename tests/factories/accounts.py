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


def a_member(
    session: Session, workspace_id: int, *, role: str, now: datetime, personal_data: str = "exported"
) -> Staff:
    """Somebody with this role and reach into personal data; logs in with PASSWORD of the workspace factory."""
    account = an_account(session, now=now)
    account.email = f"{role}-{secrets.token_hex(4)}@shop.test"
    session.flush()
    memberships.grant(session, workspace_id, account.id, role)
    memberships.change(
        session, workspace_id, account.id, role, changed_by=account.id, now=now, personal_data=personal_data
    )
    return account
