"""Records clicks and opens as activities and engagement, set-wise for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import engagement
from app.kernel import database


class Response(NamedTuple):
    """One judged click or open. `at` in seconds since 1970; `reasons` are fixed words, `facts` is a JSON object."""

    customer_id: int
    at: float
    kind: str
    message_id: int
    send_id: int
    link_id: int | None
    verdict: str
    reasons: tuple[str, ...]
    facts: str


# Kept with the connection: a batch comes every quarter of a second, and making a table costs more than a small batch.
_STAGE = text(
    """
    CREATE TEMPORARY TABLE IF NOT EXISTS response_stage (
        customer_id bigint, at float8, kind text, message_id bigint, send_id bigint, link_id bigint,
        verdict text, reasons text[], facts jsonb
    ) ON COMMIT DELETE ROWS
    """
)
# What an earlier batch of the same transaction left there.
_EMPTY = text("DELETE FROM response_stage")
_COPY = b"COPY response_stage FROM STDIN"
_NOTE = text(
    """
    INSERT INTO activities (workspace_id, customer_id, at, kind, message_id, send_id, link_id,
                            verdict, verdict_version, reasons, facts)
    SELECT :workspace_id, customer_id, to_timestamp(at), kind, message_id, send_id, link_id,
           verdict, :version, reasons, facts
    FROM response_stage
    """
)
# In the order of customers, as `record` copies them.
_SUMS = """
    SELECT customer_id,
           count(*) FILTER (WHERE verdict = 'human' AND kind = 'open') AS opens,
           count(*) FILTER (WHERE verdict = 'human' AND kind = 'click') AS clicks,
           count(*) FILTER (WHERE verdict <> 'human') AS machines,
           to_timestamp(max(at) FILTER (WHERE verdict = 'human' AND kind = 'open')) AS open_at,
           to_timestamp(max(at) FILTER (WHERE verdict = 'human' AND kind = 'click')) AS click_at
    FROM response_stage GROUP BY customer_id
"""


def record(session: Session, workspace_id: int, responses: Sequence[Response], *, version: int) -> None:
    """Put these on the timelines, and add them to the sums. `version` is that of the rules that judged them."""
    session.execute(_STAGE)
    session.execute(_EMPTY)
    # By customer, so that neighbours in the index and on the pages are written together.
    lines = "".join([_copied(response) for response in sorted(responses, key=itemgetter(0))])
    with database.raw(session).cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(lines.encode())
    session.execute(_NOTE, {"workspace_id": workspace_id, "version": version})
    engagement.add_hits(session, workspace_id, _SUMS)


def _copied(response: Response) -> str:
    customer_id, at, kind, message_id, send_id, link_id, verdict, reasons, facts = response
    link = "\\N" if link_id is None else link_id
    because = "{" + ",".join(reasons) + "}"
    escaped = facts.replace("\\", "\\\\")
    return f"{customer_id}\t{at!r}\t{kind}\t{message_id}\t{send_id}\t{link}\t{verdict}\t{because}\t{escaped}\n"
