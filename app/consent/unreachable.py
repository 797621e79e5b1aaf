"""Why people cannot be mailed, set by set, for data quality."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, or_, select, union_all

from app.consent import suppression
from app.consent.models import ConsentStateRow, Suppression
from app.consent.purposes import MARKETING, SAID_NO
from app.customers.profiles import customer_queries
from app.customers.quality.reach import Permissions
from app.kernel.translatable import N_

# The first that holds is told: what is wrong with the address, then what was answered.
_OF_ADDRESS = {
    suppression.BOUNCED: N_("The address bounced."),
    suppression.COMPLAINED: N_("They reported a mail as unwanted."),
    suppression.OBJECTED: N_("They objected to all mail."),
    suppression.ERASED: N_("They asked to be erased."),
    suppression.MANUAL: N_("The team suppressed the address."),
    suppression.UNCONFIRMED: N_("A changed address is not confirmed yet."),
}
_OF_ANSWERS = {
    "pending": N_("They were asked to confirm and have not answered."),
    "expired": N_("Their consent expired."),
    "refused": N_("They were asked and said no, or have unsubscribed."),
    "unanswered": N_("There is no answer that allows mail."),
}
_RANKS = {reason: rank for rank, reason in enumerate((*_OF_ADDRESS, None, *_OF_ANSWERS))}
_customers = customer_queries.customer_rows()


def reasons_query(workspace_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    """Select (customer_id, reason) of everybody with an answer or a suppressed address; no reason: may be mailed."""
    suppressed = (
        select(
            _customers.c.id.label("customer_id"),
            case({reason: _RANKS[reason] for reason in _OF_ADDRESS}, value=Suppression.reason,
                 else_=_RANKS[suppression.MANUAL]).label("rank"),
        )
        .join(Suppression, (Suppression.workspace_id == workspace_id)
              & (Suppression.address_digest == _customers.c.address_digest))
        .where(_customers.c.workspace_id == workspace_id)
    )  # fmt: skip
    is_in_force = or_(ConsentStateRow.expires_at.is_(None), ConsentStateRow.expires_at > now)
    answered = select(
        ConsentStateRow.customer_id,
        case(
            (ConsentStateRow.allowed & is_in_force, _RANKS[None]),
            (ConsentStateRow.allowed | (ConsentStateRow.state == "expired"), _RANKS["expired"]),
            (ConsentStateRow.state == "pending", _RANKS["pending"]),
            (ConsentStateRow.state.in_(("refused", *sorted(SAID_NO))), _RANKS["refused"]),
            else_=_RANKS["unanswered"],
        ).label("rank"),
    ).where(ConsentStateRow.workspace_id == workspace_id, ConsentStateRow.purpose == MARKETING)
    told = union_all(suppressed, answered).subquery()
    first = func.min(told.c.rank)
    words = {rank: reason for reason, rank in _RANKS.items() if reason is not None}
    return select(told.c.customer_id, case(words, value=first).label("reason")).group_by(told.c.customer_id)


PERMISSIONS = Permissions(reasons_query, {**_OF_ADDRESS, **_OF_ANSWERS})
