"""Which fields segments, campaigns and journeys use, as their rooms say, so that what is missing can be ranked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.customers.quality.measures import CUSTOM, NAMES

# (session, workspace id) -> the names of the fields of each thing that uses any, thing by thing
Source = Callable[[Session, int], Iterable[Iterable[str]]]
_IN_TEMPLATES = re.compile(r"\bcustomer\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*['\"]([^'\"]{1,80})['\"])")


@dataclass(frozen=True)
class FieldUses:
    """The rooms that use fields, by what they make of them: segment, campaign, journey."""

    of_rooms: tuple[tuple[str, Source], ...] = ()


def count(used: FieldUses, session: Session, workspace_id: int, known: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return how many things of each kind use each of the known fields, by (name, kind)."""
    names = set(known)
    found: Counter[tuple[str, str]] = Counter()
    for kind, ask in used.of_rooms:
        for thing in ask(session, workspace_id):
            found.update((name, kind) for name in {*thing} & names)
    return dict(found)


def in_template(text: str) -> Iterator[str]:
    """Yield the fields a template fills in; those of the workspace's own as `custom.<key>`."""
    for dotted, quoted in _IN_TEMPLATES.findall(text):
        name = dotted or quoted
        yield name if name in NAMES else CUSTOM + name
