"""Who is signed in, decided by the test: stands in for accounts, which lies above the web room."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request

from app.kernel.refusals import Refusal
from app.web.identity import Identity, Machine, StaffMember, WorkspaceChoice, WorkspaceInUse

ADA = StaffMember(7, "Ada Lovelace", "ada@shop.example", "en")
SHOP = WorkspaceInUse(1, "Kiefer Coffee", "en", "Europe/Berlin")
MEMBERSHIPS = (WorkspaceChoice(1, "Kiefer Coffee", "owner"), WorkspaceChoice(2, "Second shop", "viewer"))


class KeyWrong(Refusal):
    """No key was issued with this text."""

    status = 401
    message = "This API key is not valid."


@dataclass
class FakeAuthenticator:
    """Lets in whoever the test puts here."""

    identity: Identity | None = None

    def find_identity(self, request: Request) -> Identity | None:
        return self.identity

    def require_machine(self, request: Request) -> Machine:
        if request.headers.get("Authorization") != "Bearer right":
            raise KeyWrong
        return Machine(workspace_id=1, key_id=3)

    def let_in(self, role: str | None) -> None:
        """Sign Ada in with this role, or without a workspace."""
        self.identity = Identity(ADA, SHOP if role else None, role, MEMBERSHIPS)
