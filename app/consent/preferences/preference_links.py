"""Rights of a preference link, which lives as long as its mail and may have been forwarded.

A link says when it was made and to which address it went. Where the person said no since then, or is reached at
another address by now, whoever holds it need not be that person: it turns things off at once, and what it turns on
waits for the answer to a mail to the present address. One without an address, reached from an unsubscribe link, only
turns off.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent import suppression
from app.consent.ledger import ledger
from app.consent.models import LedgerRecord
from app.consent.purposes import MARKETING, SAID_NO
from app.consent.tokens import PreferencesToken
from app.customers.addresses import queries
from app.customers.merging import aliases
from app.customers.profiles import people
from app.kernel.tokens import Tokens

_BY_THE_PERSON = (suppression.COMPLAINED, suppression.OBJECTED, suppression.ERASED, suppression.MANUAL)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a link shows of its holder. `address_digest` is that of the address it went to, while it is known."""

    address_digest: bytes | None
    is_for_another_address: bool
    is_older_than_a_no: bool

    @property
    def proves_owner(self) -> bool:
        """Say whether a yes by this link counts at once, as the word of whoever owns the present address."""
        return not (self.is_for_another_address or self.is_older_than_a_no)


def mint(tokens: Tokens, workspace_id: int, customer_id: int, *, address_id: int = 0, now: datetime) -> str:
    """Return a link's token; `address_id` is the address it is mailed to or that was confirmed, 0: only turns off."""
    return PreferencesToken(workspace_id, customer_id, int(now.timestamp()), address_id).encode(tokens)


def hold(session: Session, link: PreferencesToken) -> None:
    """Keep what `rights` says of this link until the answer it brings is written; raise NotFound."""
    # The ledger before the customer, as everybody who records an answer.
    ledger.hold(session, link.workspace_id)
    people.hold(session, people.get(session, link.workspace_id, link.customer_id))


def rights(session: Session, link: PreferencesToken) -> Rights:
    """Return what the holder of this link has shown."""
    mailed_to = session.scalar(queries.digest_query(link.workspace_id, link.customer_id, link.address_id))
    present = session.scalar(select(suppression.digest_query(link.workspace_id, link.customer_id)))
    return Rights(
        address_digest=mailed_to,
        is_for_another_address=link.address_id != 0 and (mailed_to is None or mailed_to != present),
        is_older_than_a_no=is_older_than_a_no(session, link),
    )


def is_older_than_a_no(session: Session, link: PreferencesToken) -> bool:
    """Say whether the person said no to marketing, or staff did for them, since this link was made."""
    said_no = _latest_no(session, link.workspace_id, link.customer_id)
    return said_no is not None and link.issued_at <= said_no


def _latest_no(session: Session, workspace_id: int, customer_id: int) -> datetime | None:
    recorded = session.scalar(
        select(func.max(LedgerRecord.recorded_at)).where(
            LedgerRecord.workspace_id == workspace_id,
            LedgerRecord.customer_id.in_(aliases.all_ids(session, workspace_id, customer_id)),
            LedgerRecord.purpose == MARKETING,
            LedgerRecord.event.in_(SAID_NO),
        )
    )
    suppressed = suppression.find_of_customer(session, workspace_id, customer_id)
    suppressed_at = suppressed.at if suppressed and suppressed.reason in _BY_THE_PERSON else None
    return max(filter(None, (recorded, suppressed_at)), default=None)
