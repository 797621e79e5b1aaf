"""What becomes of messages when their people are merged, are two again, or are erased."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.merging import journal
from app.customers.merging.journal import Merging
from app.customers.merging.person_tables import Erasing
from app.delivery.models import Message

# How far a message got: of two of one occasion the survivor keeps the one that got further.
_RANK = "array_position(ARRAY['skipped', 'queued', 'refused', 'in_doubt', 'handed', 'sent'], {}.state)"
_TWICE = """EXISTS (SELECT FROM messages o WHERE o.workspace_id = :w AND o.customer_id = {other}
    AND o.occasion_id = t.occasion_id{also})"""


def merge(session: Session, merging: Merging) -> None:
    """Hand the former one's messages on.

    Nobody has two messages of one occasion. Where both were written to, the survivor keeps the one that got further;
    the other stays with the former number, by which it is found all the same, and is not sent any more.
    """
    table = Message
    got_further = f" AND {_RANK.format('o')} > {_RANK.format('t')}"
    as_far = f" AND {_RANK.format('o')} >= {_RANK.format('t')}"
    is_survivors = f"t.customer_id = :survivor AND {_TWICE.format(other=':former', also=got_further)}"
    is_formers = f"t.customer_id = :former AND {_TWICE.format(other=':survivor', also=as_far)}"
    journal.change(
        session, merging, table, "state = 'skipped', reason = 'merged', due_at = NULL",
        f"t.state = 'queued' AND ({is_survivors} OR {is_formers})",
    )  # fmt: skip
    # One at a time, since two of one occasion may not meet at one number on their way.
    journal.change(session, merging, table, "customer_id = - CAST(:former AS bigint)", is_survivors)
    has_one = _TWICE.format(other=":survivor", also="")
    journal.change(session, merging, table, "customer_id = :survivor", f"t.customer_id = :former AND NOT {has_one}")
    journal.change(session, merging, table, "customer_id = :former", "t.customer_id = - CAST(:former AS bigint)")


def take_up(session: Session, merging: Merging) -> None:
    """Let a message that waits again leave with the next batch; where its send is over, it does not leave any more."""
    session.execute(
        text(
            """
            UPDATE messages m SET due_at = CASE WHEN s.is_over THEN NULL ELSE CAST(:now AS timestamptz) END,
                state = CASE WHEN s.is_over THEN 'skipped' ELSE m.state END,
                reason = CASE WHEN s.is_over THEN 'merged' ELSE m.reason END
            FROM (SELECT workspace_id, id, state IN ('done', 'cancelled') AS is_over FROM sends) s
            WHERE m.workspace_id = :w AND m.customer_id IN (:survivor, :former) AND m.state = 'queued'
              AND m.due_at IS NULL AND s.workspace_id = m.workspace_id AND s.id = m.send_id
              AND NOT EXISTS (SELECT FROM batches b WHERE b.workspace_id = m.workspace_id AND b.send_id = m.send_id
                              AND b.state <> 'done' AND m.id = ANY(b.message_ids))
            """
        ),
        merging.binds,
    )


def blank(session: Session, erasing: Erasing) -> None:
    """Keep that a mail was sent, for the numbers of its campaign, and forget whom it reached and what they answered."""
    session.execute(
        text(
            """
            UPDATE messages SET address_id = NULL, smtp_reply = NULL, extra = NULL,
                due_at = NULL, doubted_at = NULL,
                reason = CASE WHEN state = 'queued' THEN 'erased' ELSE reason END,
                state = CASE WHEN state = 'queued' THEN 'skipped' ELSE state END
            WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[]))
            """
        ),
        erasing.binds,
    )
