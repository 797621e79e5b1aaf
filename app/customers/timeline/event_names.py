"""Names and sources of activities; a program may report events of any other name."""

from __future__ import annotations

from enum import StrEnum


class EventName(StrEnum):
    """Events we record ourselves. `complaint_unverified`: a report about a mail that a stranger may have made up."""

    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    COMPLAINT_UNVERIFIED = "complaint_unverified"
    UNSUBSCRIBED = "unsubscribed"
    SIGNED_UP = "signed_up"
    IMPORTED = "imported"
    ORDERED = "ordered"
    NOTED = "noted"


class Source(StrEnum):
    """Who recorded an activity: `tracking` hits alone, `delivery` what came by mail, `api` names that are not ours."""

    TRACKING = "tracking"
    DELIVERY = "delivery"
    STAFF = "staff"
    IMPORT = "import"
    API = "api"
    SYSTEM = "system"


RESERVED = frozenset(str(name) for name in EventName)
HITS = (EventName.OPENED, EventName.CLICKED)


def is_reserved(name: str) -> bool:
    """Say whether a program may not report an event of this name, because we count our own by it."""
    return name.strip().casefold().replace(" ", "_") in RESERVED
