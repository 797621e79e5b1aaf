"""The numbers a report is made of: counted from messages and activities, and written down as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent import permission
from app.customers.timeline import activity_queries
from app.customers.timeline.activity_queries import PeopleByEvent
from app.customers.timeline.event_names import EventName
from app.delivery.sending import send_queries
from app.delivery.sending.send_queries import Progress

# By link: people who clicked by hand, and by machine.
ClickersByLink = Mapping[int | None, tuple[int, int]]


@dataclass(frozen=True)
class Numbers:
    """What was counted of a campaign's sends, at `counted_at`, None for just now."""

    of_sends: Mapping[int, Progress]
    events: PeopleByEvent = field(default_factory=dict)
    clickers: ClickersByLink = field(default_factory=dict)
    may_see_opens: int = 0
    may_see_clicks: int = 0
    counted_at: datetime | None = None

    @property
    def sent(self) -> int:
        """Return how many messages were sent."""
        return sum(each.sent for each in self.of_sends.values())

    @property
    def clicked(self) -> int:
        """Return how many people clicked by hand."""
        return sum(of_send.get(EventName.CLICKED, {}).get("human", 0) for of_send in self.events.values())

    def with_states(self, states: Mapping[int, tuple[str, str | None]]) -> Numbers:
        """Return the same with each send's state and reason for pausing as they are now."""
        of_sends = {
            send_id: replace(each, state=states[send_id][0], pause_reason=states[send_id][1])
            for send_id, each in self.of_sends.items()
            if send_id in states
        }
        return replace(self, of_sends=of_sends)


def count(session: Session, workspace_id: int, send_ids: Sequence[int], *, now: datetime) -> Numbers:
    """Count everything of these sends: every message and activity of theirs is looked at."""
    return Numbers(
        of_sends=send_queries.progress_of_many(session, workspace_id, send_ids),
        events=activity_queries.people_by_event(session, workspace_id, send_ids),
        clickers=activity_queries.clickers_by_link(session, workspace_id, send_ids),
        may_see_opens=_visible(session, workspace_id, send_ids, "open_tracking", now),
        may_see_clicks=_visible(session, workspace_id, send_ids, "click_tracking", now),
    )


def dump(numbers: Numbers) -> dict[str, Any]:
    """Return the numbers as JSON; when they were counted is kept beside it."""
    return {
        "of_sends": [[send_id, asdict(progress)] for send_id, progress in numbers.of_sends.items()],
        "events": [[send_id, of_send] for send_id, of_send in numbers.events.items()],
        "clickers": [[link_id, list(counts)] for link_id, counts in numbers.clickers.items()],
        "may_see_opens": numbers.may_see_opens,
        "may_see_clicks": numbers.may_see_clicks,
    }


def load(stored: Mapping[str, Any], *, counted_at: datetime) -> Numbers:
    """Return what `dump` wrote."""
    return Numbers(
        of_sends={send_id: Progress(**progress) for send_id, progress in stored["of_sends"]},
        events=dict(stored["events"]),
        clickers={link_id: (people, machines) for link_id, (people, machines) in stored["clickers"]},
        may_see_opens=stored["may_see_opens"],
        may_see_clicks=stored["may_see_clicks"],
        counted_at=counted_at,
    )


def _visible(session: Session, workspace_id: int, send_ids: Sequence[int], purpose: str, now: datetime) -> int:
    """Count those whose mail was sent and who allow us to see their opens or clicks."""
    allowed = permission.allowed_query(workspace_id, purpose, 0, now).subquery("allowed")
    sent = send_queries.sent_query(workspace_id).subquery("sent")
    query = (
        select(func.count())
        .select_from(sent)
        .join(allowed, allowed.c.customer_id == sent.c.customer_id)
        .where(sent.c.send_id.in_(send_ids))
    )
    return session.scalar(query) or 0
