"""The person a mail is shown as while it is not sent: a customer or a sample, with links that lead nowhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.commerce import merge_data
from app.customers.profiles import fields
from app.rendering.language.syntax import CUSTOMER_FIELDS
from app.rendering.slots import Slots

# Somebody who fits no real person; what is not known of them reads as it does for people of whom it is not known.
SAMPLE: dict[str, Any] = {
    "customer": {"first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "tags": []},
    "purchases": [],
}
SLOTS = Slots("somebody@example.com", "preview", "", "preview", "preview", "preview")
_FIELDS = CUSTOMER_FIELDS


def shown(session: Session, workspace_id: int, customer_id: int | None) -> dict[str, Any]:
    """Return what templates may fill in for this customer; the sample's values for nobody, or where they are gone."""
    if customer_id is None:
        return SAMPLE
    named = fields.named_fields(session, workspace_id)
    row = session.execute(merge_data.query(workspace_id, [customer_id], named=named)).mappings().first()
    if row is None:
        return SAMPLE
    profile = {name: row[name] for name in _FIELDS}
    return {"customer": {**row["custom"], **profile}, "purchases": row["purchases"] or []}
