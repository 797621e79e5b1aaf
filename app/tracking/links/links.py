"""The links of a send, registered when it is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.tracking.links import web_targets
from app.tracking.models import Link

_ONCE = "uq_links_workspace_id_send_id_position"


class TargetNotWeb(Refusal):
    """A tracked link may lead to a web page only."""

    message = N_("“%(url)s” cannot be a tracked link: it must start with http:// or https:// and hold no spaces.")


def register(session: Session, workspace_id: int, send_id: int, urls: Sequence[str], *, now: datetime) -> list[Link]:
    """Store the targets of a send in the order of their positions; a second call with the same URLs changes nothing.

    All lanes of a send may call this at once: whoever comes second waits, and reads what the first has stored.
    """
    rows = [
        {"workspace_id": workspace_id, "send_id": send_id, "position": position, "url": _web(url), "created_at": now}
        for position, url in enumerate(urls)
    ]
    known = of_send(session, workspace_id, send_id)
    if fresh := rows[len(known) :]:
        session.execute(insert(Link).values(fresh).on_conflict_do_nothing(constraint=_ONCE))
        known = of_send(session, workspace_id, send_id)
    return known


def of_send(session: Session, workspace_id: int, send_id: int) -> list[Link]:
    """Return the links of one send by position."""
    query = select(Link).where(Link.workspace_id == workspace_id, Link.send_id == send_id).order_by(Link.position)
    return list(session.scalars(query))


def of_sends(session: Session, workspace_id: int, send_ids: Sequence[int]) -> list[Link]:
    """Return the links of these sends by send and position."""
    query = select(Link).where(Link.workspace_id == workspace_id, Link.send_id.in_(send_ids))
    return list(session.scalars(query.order_by(Link.send_id, Link.position)))


def ids_query(workspace_id: int, part: str) -> Select[int]:
    """Select the links whose address holds this text, in capitals or not."""
    return select(Link.id).where(
        Link.workspace_id == workspace_id, func.strpos(func.lower(Link.url), func.lower(part)) > 0
    )


def newer_than(session: Session, link_id: int, *, limit: int) -> list[tuple[int, int, int, int, str]]:
    """Return (id, workspace, send, position, url) of every workspace's links above an id; for the reader role only."""
    query = (
        select(Link.id, Link.workspace_id, Link.send_id, Link.position, Link.url)
        .where(Link.id > link_id)
        .order_by(Link.id)
        .limit(limit)
    )
    return [(row.id, row.workspace_id, row.send_id, row.position, row.url) for row in session.execute(query)]


def _web(url: str) -> str:
    target = web_targets.read(url)
    if not target:
        raise TargetNotWeb(url=url[:200])
    return target
