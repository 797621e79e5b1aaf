"""Who asks for a page: staff at a browser with their workspaces, or a program; found by accounts, used by guards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flask import Request

# How far a membership or an API key reaches into personal data: names and addresses are masked, shown, or may leave in
# files; each includes the one before.
MASKED, SHOWN, EXPORTED = ACCESSES = ("masked", "shown", "exported")


@dataclass(frozen=True)
class StaffMember:
    """Who is at the keyboard."""

    id: int
    name: str
    email: str
    language: str


@dataclass(frozen=True)
class WorkspaceInUse:
    """The workspace this browser works in."""

    id: int
    name: str
    language: str
    time_zone: str


@dataclass(frozen=True)
class WorkspaceChoice:
    """A workspace this person may switch to."""

    workspace_id: int
    name: str
    role: str
    personal_data: str = EXPORTED


@dataclass(frozen=True)
class Identity:
    """Everything a page needs to know about who asks; `workspace` and `role` are None without a membership."""

    staff: StaffMember
    workspace: WorkspaceInUse | None
    role: str | None
    memberships: tuple[WorkspaceChoice, ...] = ()
    personal_data: str = EXPORTED


@dataclass(frozen=True)
class Machine:
    """A program that came with a valid API key."""

    workspace_id: int
    key_id: int
    personal_data: str = SHOWN


class Authenticator(Protocol):
    """What accounts offers: from a request to who is asking."""

    def find_identity(self, request: Request) -> Identity | None:
        """Return who is signed in with this browser, or None."""

    def require_machine(self, request: Request) -> Machine:
        """Return the program behind this API key, or raise a Refusal with status 401."""
