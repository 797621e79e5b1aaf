"""A workspace that is ready to send, with an owner who can log in."""

from __future__ import annotations

import functools
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts import memberships, workspaces
from app.accounts.identities import identities
from app.accounts.models import Staff
from app.accounts.sign_in import passwords, sessions
from app.accounts.views.sign_in import authentication
from app.consent.models import ConsentText, Topic
from app.kernel.database import Database
from app.kernel.settings import Key

PASSWORD = "correct horse battery staple"
WORDING = "Yes, send me {topic} by email. I can stop at any time with one click."


@dataclass(frozen=True)
class WorkspaceForTests:
    """A workspace ready to send: its owner, a sending identity, the topic "news" and current notice wordings."""

    id: int
    slug: str
    owner_id: int
    owner_email: str
    password: str
    identity_id: int
    topic_id: int


def a_workspace(database: Database, *, name: str, now: datetime) -> WorkspaceForTests:
    """Commit a workspace in English, in Berlin, with the topic "news" promised at most four times in 30 days."""
    with database.transaction() as session:
        made = workspaces.create(
            session,
            name=name,
            language="en",
            time_zone="Europe/Berlin",
            sender_name="Shop",
            sender_address=f"hello@{secrets.token_hex(4)}.shop.example",
            postal_address="1 Market Street\n10115 Berlin\nGermany",
            now=now,
        )
        owner = an_account(session, now=now)
    with database.transaction(made.id) as session:
        memberships.grant(session, made.id, owner.id, "owner")
        identity = identities.create(
            session,
            made.id,
            identities.Sender(from_name="Shop", from_address=made.sender_address),
            signs=False,
            keys=(Key(1, b"k" * 32),),
            now=now,
            is_proved=True,
        )
        topic = Topic(workspace_id=made.id, key="news", name="News", promised_limit=4, promised_days=30)
        session.add_all([topic, *_notices(made.id, now)])
        session.flush()
        return WorkspaceForTests(
            id=made.id,
            slug=made.slug,
            owner_id=owner.id,
            owner_email=owner.email,
            password=PASSWORD,
            identity_id=identity.id,
            topic_id=topic.id,
        )


def sign_in(browser: FlaskClient, database: Database, workspace: WorkspaceForTests, *, now: datetime) -> None:
    """Sign the owner in as the login page does, without its deliberately slow look at the password."""
    with database.transaction(workspace.id) as session:
        token = sessions.open_for(session, workspace.owner_id, workspace_id=workspace.id, now=now)
    browser.set_cookie(authentication.COOKIE, token)


def an_account(session: Session, *, now: datetime) -> Staff:
    """One of the staff, with PASSWORD."""
    account = Staff(
        email=f"owner-{secrets.token_hex(4)}@shop.test",
        name="Olga Owner",
        password_hash=_digest(),
        language="en",
        password_changed_at=now,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


@functools.cache
def _digest() -> str:
    """Hashing is slow on purpose; once per process is enough here."""
    return passwords.digest(PASSWORD)


def _notices(workspace_id: int, now: datetime) -> list[ConsentText]:
    return [
        ConsentText(
            workspace_id=workspace_id,
            kind=kind,
            version=1,
            language="en",
            text=WORDING,
            sha256=hashlib.sha256(WORDING.encode()).hexdigest(),
            created_at=now,
        )
        for kind in ("marketing", "open_tracking", "click_tracking", "profiling")
    ]
