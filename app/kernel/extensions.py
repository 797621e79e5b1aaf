"""What higher floors add to lower ones: one typed entry a class, made once by wiring and carried by every session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

Point = TypeVar("Point")


class Extensions:
    """The entries of an installation, by their class; it never changes once it is made.

    A room that is open to others defines a frozen class whose default says nothing. Wiring fills one and puts it in;
    where nobody did, the default answers.
    """

    def __init__(self, *entries: object) -> None:
        self.by_class: dict[Any, object] = {type(entry): entry for entry in entries}
        if len(self.by_class) < len(entries):
            raise ValueError("each class of extension has one entry")

    def get(self, point: type[Point]) -> Point:
        """Return the entry of this class."""
        return _entry(self.by_class, point)

    def replacing(self, *entries: object) -> Extensions:
        """Return these extensions with other entries in the places of those of the same class."""
        return Extensions(*{**self.by_class, **{type(entry): entry for entry in entries}}.values())


@dataclass(frozen=True)
class Installation:
    """Where this installation is reached from outside; what is drawn for a mail names its pictures by it."""

    public_url: str = ""


def of(session: Session, point: type[Point]) -> Point:
    """Return the entry of this class that the session carries."""
    return _entry(session.info, point)


def _entry(by_class: Mapping[Any, object], point: type[Point]) -> Point:
    found = by_class.get(point)
    return found if isinstance(found, point) else point()
