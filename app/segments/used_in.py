"""Where a segment is used; higher rooms register their answers through wiring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Use:
    """A campaign or journey that names the segment. `kind` is a word of the product, translated on the page.

    What is over, such as a campaign that was sent, no longer needs the segment to stay.
    """

    kind: str
    name: str
    url: str
    is_over: bool = False


# (session, workspace_id, segment_id) -> uses
PROVIDERS: list[Callable[[Session, int, int], list[Use]]] = []


def list_uses(session: Session, workspace_id: int, segment_id: int) -> list[Use]:
    """Return everything that names the segment."""
    return [use for ask in PROVIDERS for use in ask(session, workspace_id, segment_id)]
