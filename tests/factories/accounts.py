"""Staff, keys and identities that tests begin with."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts import memberships
from app.accounts.models import Staff
from app.accounts.sign_in import sessions
from app.accounts.views.sign_in import authentication
from app.kernel.services import Services
from app.kernel.settings import Key
from tests.factories import NOON
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


def a_browser(app: Flask, services: Services, workspace_id: int, *, personal_data: str) -> FlaskClient:
    """The browser of a marketer with this reach into personal data, signed in."""
    with services.database.transaction(workspace_id) as session:
        member = a_member(session, workspace_id, role="marketer", now=NOON, personal_data=personal_data)
        token = sessions.open_for(session, member.id, workspace_id=workspace_id, now=services.clock.now())
    browser = app.test_client()
    browser.set_cookie(authentication.COOKIE, token)
    return browser
