"""The links of a send, registered when it is compiled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.tracking.models import Link

_HOST = re.compile(r"[a-zA-Z0-9_.-]+|[0-9a-fA-F:.]+")
_UNCHANGED = "/?#[]@!$&'()*+,;=:%-._~"
_LONGEST = 4000
_ONCE = "uq_links_workspace_id_send_id_position"


class TargetNotWeb(Refusal):
    """A tracked link may lead to a web page only."""

    message = N_("“%(url)s” cannot be a tracked link: it must start with http:// or https:// and hold no spaces.")


def register(session: Session, workspace_id: int, send_id: int, urls: Sequence[str], *, now: datetime) -> list[Link]:
    """Store the targets of a send in the order of their positions; a second call with the same URLs changes nothing.

    All lanes of a send may call this at once: whoever comes second waits, and reads what the first has stored.
    """
    rows = [
        {"workspace_id": workspace_id, "send_id": send_id, "position": position, "url": to_web(url), "created_at": now}
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


def newer_than(session: Session, link_id: int, *, limit: int) -> list[tuple[int, int, int, int, str]]:
    """Return (id, workspace, send, position, url) of every workspace's links above an id; for the reader role only."""
    query = (
        select(Link.id, Link.workspace_id, Link.send_id, Link.position, Link.url)
        .where(Link.id > link_id)
        .order_by(Link.id)
        .limit(limit)
    )
    return [(row.id, row.workspace_id, row.send_id, row.position, row.url) for row in session.execute(query)]


def to_web(url: str) -> str:
    """Return the URL as a browser sends it, in plain ASCII; raise TargetNotWeb for anything but http and https."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise TargetNotWeb(url=url[:200]) from None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or "@" in parts.netloc:
        raise TargetNotWeb(url=url[:200])
    rest = parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
    web = f"{parts.scheme}://{host}{port}{quote(rest, safe=_UNCHANGED)}"
    if len(web) > _LONGEST or len(web) < len("http://a"):
        raise TargetNotWeb(url=url[:200])
    return web
