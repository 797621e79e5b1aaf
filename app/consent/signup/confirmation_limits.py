"""Limits on confirmation requests per mailbox.

Counted by mailbox: a tag behind a plus, or a full stop at Gmail, makes no other one. The rows hold keyed digests.
"""

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.accounts import mailboxes, workspaces
from app.consent.models import ConfirmationAllowance, SignupRequest
from app.consent.purposes import ALL_TOPICS
from app.customers.addresses import emails

# Stands among topics for what is asked of a person and belongs to no topic: tracking and profiling.
ABOUT_THE_PERSON = -1

# The mailbox is asked first, and its row stays locked: a topic is never charged for a mail its limit held back.
ASK_MAILBOX = text(
    """
    INSERT INTO confirmation_allowances AS held (workspace_id, address_digest, topic_id, mailed_at, mailed_count)
    VALUES (:workspace_id, :mailbox_digest, 0, :now, 0)
    ON CONFLICT (workspace_id, address_digest, topic_id) DO UPDATE SET mailed_count = held.mailed_count
    RETURNING held.mailed_at <= CAST(:day_ago AS timestamptz) OR held.mailed_count < :a_day
    """
)

# One statement decides about the mail and writes the request, so that a hundred posts at once are worth one mail: at
# most one per topic and day and three until the owner acts, and three a day to the mailbox (topic 0) over all topics.
# The request is about the topics for which a mail is due; the others had theirs.
ASK = text(
    """
    WITH due AS (
        INSERT INTO confirmation_allowances AS held (workspace_id, address_digest, topic_id, mailed_at, mailed_count)
        SELECT :workspace_id, :mailbox_digest, topic_id, CAST(:now AS timestamptz), 1
        FROM unnest(CAST(:topic_ids AS bigint[])) AS topic_id WHERE CAST(:is_open AS boolean) ORDER BY topic_id
        ON CONFLICT (workspace_id, address_digest, topic_id) DO UPDATE
            SET mailed_at = excluded.mailed_at, mailed_count = held.mailed_count + 1
            WHERE held.mailed_at <= CAST(:day_ago AS timestamptz) AND held.mailed_count < :ever
        RETURNING topic_id
    ), mailbox AS (
        INSERT INTO confirmation_allowances AS held (workspace_id, address_digest, topic_id, mailed_at, mailed_count)
        SELECT :workspace_id, :mailbox_digest, 0, CAST(:now AS timestamptz), 1 WHERE (SELECT count(*) FROM due) > 0
        ON CONFLICT (workspace_id, address_digest, topic_id) DO UPDATE SET
            mailed_at = CASE WHEN held.mailed_at <= CAST(:day_ago AS timestamptz) THEN excluded.mailed_at
                ELSE held.mailed_at END,
            mailed_count = CASE WHEN held.mailed_at <= CAST(:day_ago AS timestamptz) THEN 1
                ELSE held.mailed_count + 1 END
            WHERE held.mailed_at <= CAST(:day_ago AS timestamptz) OR held.mailed_count < :a_day
        RETURNING 1
    ), verdict AS (
        SELECT (SELECT count(*) FROM mailbox) > 0 AS is_due,
            (SELECT array_agg(topic_id ORDER BY topic_id) FROM due) AS topic_ids
    )
    INSERT INTO signup_requests (workspace_id, form_id, customer_id, address_digest, topic_ids, choices, language,
        network, personal, state, requested_at, expires_at)
    SELECT :workspace_id, :form_id, :customer_id, :address_digest,
        array_remove(CASE WHEN is_due THEN verdict.topic_ids ELSE CAST(:topic_ids AS bigint[]) END, -1),
        CAST(:choices AS jsonb), :language, :network, CAST(:personal AS jsonb),
        CASE WHEN is_due THEN 'pending' ELSE 'unmailed' END, :now, :expires_at
    FROM verdict RETURNING id, topic_ids, state
    """
)


def mailbox_digest(session: Session, workspace_id: int, email: str) -> bytes:
    """Return what the limits of this address are counted under."""
    key = mailboxes.limit_key(emails.normalise(email).key)
    return emails.digest(key, workspaces.get(session, workspace_id).digest_key)


def restart(session: Session, row: SignupRequest, email: str, *, mailed_count: int) -> None:
    """Begin to count anew after the owner's answer: from 0 after a yes; after a no from the limit, for good."""
    answered = row.topic_ids or [ABOUT_THE_PERSON]
    held = ConfirmationAllowance
    session.execute(
        update(held)
        .where(
            held.workspace_id == row.workspace_id,
            held.address_digest == mailbox_digest(session, row.workspace_id, email),
            held.topic_id.in_([*answered, ALL_TOPICS, ABOUT_THE_PERSON] if mailed_count == 0 else answered),
        )
        .values(mailed_count=mailed_count)
    )
