"""Kinds of personal data that the law protects specially, and the ground on which one may be used.

Fields of such a kind are kept out of segments, scores and exports until an owner states the ground, which the audit
log keeps.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import audit
from app.customers.models import CustomField
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_, MessageId

# Article 9 GDPR, and what readers of other laws expect beside it.
SENSITIVITIES: dict[str, MessageId] = {
    "health": N_("Health"),
    "belief": N_("Religion or belief"),
    "politics": N_("Political opinion"),
    "origin": N_("Racial or ethnic origin"),
    "sexuality": N_("Sex life or orientation"),
    "union": N_("Trade union membership"),
    "biometric": N_("Genetic or biometric data"),
    "offences": N_("Criminal offences"),
    "children": N_("Data about children"),
}
LONGEST_GROUND = 500


class GroundRefused(Refusal):
    """A ground for using sensitive data is a sentence somebody can be held to."""

    status = 422
    message = N_("Write the legal basis in 10 to 500 characters.")


def checked(sensitivity: str | None) -> str | None:
    """Return the kind of sensitive data, None for none of them."""
    return sensitivity if sensitivity in SENSITIVITIES else None


def mark(session: Session, field: CustomField, sensitivity: str | None, *, staff_id: int | None, now: datetime) -> None:
    """Flag a field as sensitive, or take the flag away; either is audited, and a ground stated before goes."""
    wanted = checked(sensitivity)
    if wanted == field.sensitivity:
        return
    field.sensitivity, field.ground = wanted, None
    session.flush()
    audit.note(session, field, "field.flagged", staff_id=staff_id, now=now, sensitivity=wanted or "none")


def state_ground(
    session: Session, workspace_id: int, field_id: int, ground: str, *, staff_id: int | None, now: datetime
) -> None:
    """Let segments, scores and exports use a sensitive field from now on; raise NotFound, GroundRefused."""
    field = keyed_rows.hold(session, CustomField, workspace_id, field_id)
    clean = " ".join(ground.split())
    if field.sensitivity is None or not 10 <= len(clean) <= LONGEST_GROUND:
        raise GroundRefused(field="ground")
    field.ground = clean
    session.flush()
    audit.note(session, field, "field.ground_stated", staff_id=staff_id, now=now, ground=clean)


def withdraw_ground(
    session: Session, workspace_id: int, field_id: int, *, staff_id: int | None, now: datetime
) -> None:
    """Keep a sensitive field out of segments, scores and exports again; raise NotFound."""
    field = keyed_rows.hold(session, CustomField, workspace_id, field_id)
    if field.ground is None:
        return
    field.ground = None
    session.flush()
    audit.note(session, field, "field.ground_withdrawn", staff_id=staff_id, now=now)
