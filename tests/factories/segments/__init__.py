"""Segments in tests: what a rule counts, and the inputs the builder shows for a tree."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.segments import preview, segments
from app.segments.builder.drafts import ROOT, LineGroup
from app.segments.rules import Rule

NOON = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def counted(session: Session, workspace_id: int, rule: Rule, *, now: datetime) -> int:
    """Return how many of the workspace's people a rule matches."""
    return preview.count(session, segments.matches_query(session, workspace_id, rule, now=now))


def form_of(tree: LineGroup, at: str = ROOT) -> dict[str, str]:
    """Return the inputs the builder shows for a tree."""
    form = {f"{at}-match": tree.match}
    for number, item in enumerate(tree.items):
        place = f"{at}.{number}"
        if isinstance(item, LineGroup):
            form |= form_of(item, place)
        else:
            form |= {f"{place}-what": item.what, f"{place}-op": item.op}
            form |= {f"{place}-{name}": word for name, word in item.words.items()}
    return form
