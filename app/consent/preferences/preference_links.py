"""Rights of a preference link, which lives as long as its mail and may have been forwarded.

A link says when it was made. Where its owner said no since then, whoever holds it need not be its owner: it turns
things off at once, and what it turns on waits for the answer to a mail to the address itself. One without a source,
reached from an unsubscribe link, only turns off.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent import suppression
from app.consent.models import LedgerRecord
from app.consent.purposes import MARKETING, SAID_NO
from app.consent.tokens import PreferencesToken
from app.kernel.tokens import Tokens

_BY_THE_PERSON = (suppression.COMPLAINED, suppression.OBJECTED, suppression.ERASED, suppression.MANUAL)


def mint(tokens: Tokens, workspace_id: int, customer_id: int, *, source_id: int = 0, now: datetime) -> str:
    """Return a link's token; `source_id` is the message or the confirmed request it belongs to, 0: only turns off."""
    return PreferencesToken(workspace_id, customer_id, int(now.timestamp()), source_id).encode(tokens)


def is_older_than_a_no(session: Session, link: PreferencesToken) -> bool:
    """Say whether the person said no to marketing, or staff did for them, since this link was made."""
    said_no = _latest_no(session, link.workspace_id, link.customer_id)
    return said_no is not None and link.issued_at <= said_no


def _latest_no(session: Session, workspace_id: int, customer_id: int) -> datetime | None:
    recorded = session.scalar(
        select(func.max(LedgerRecord.recorded_at)).where(
            LedgerRecord.workspace_id == workspace_id,
            LedgerRecord.customer_id == customer_id,
            LedgerRecord.purpose == MARKETING,
            LedgerRecord.event.in_(SAID_NO),
        )
    )
    suppressed = suppression.find_of_customer(session, workspace_id, customer_id)
    suppressed_at = suppressed.at if suppressed and suppressed.reason in _BY_THE_PERSON else None
    return max(filter(None, (recorded, suppressed_at)), default=None)
