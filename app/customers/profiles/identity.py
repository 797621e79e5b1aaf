"""What a person is like beyond name and place: gender, birth date, work, and how they want to be reached.

Built in beside `fields.PROFILE`: columns of customers, each with a kind of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from app.customers import values
from app.customers.profiles import dates
from app.customers.words import CHANNELS, CUSTOMER_KINDS, GENDERS
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId

CHOICES: Mapping[str, Mapping[str, MessageId]] = {
    "gender": GENDERS,
    "kind": CUSTOMER_KINDS,
    "preferred_channel": CHANNELS,
}
DATES = ("birth_date",)
IDENTITY = (
    *("kind", "gender", "birth_date", "occupation", "position"),
    *("preferred_channel", "preferred_media", "information_sources"),
)
TEXTS = ("occupation", "position", "preferred_media", "information_sources")
LONGEST = 200
# Nobody who is mailed was born before.
EARLIEST = date(1900, 1, 1)


class IdentityRefused(Refusal):
    """A value does not fit what it is said to be."""

    status = 422
    message = N_("This value does not fit the field.")


def parse(name: str, value: Any, *, now: datetime) -> Any:
    """Return the value as it is kept, None for an empty one; raise IdentityRefused."""
    clean = " ".join(values.one_line(str(value)).split()) if value is not None else ""
    if not clean:
        return None
    if name in DATES:
        return _birth_date(name, clean, now)
    if name in CHOICES:
        return _choice(name, clean)
    if len(clean) > LONGEST:
        raise IdentityRefused(N_("This text is too long."), field=name)
    return clean


def kind_of(name: str) -> str:
    """Return the kind of field, as segments ask about it."""
    return "date" if name in DATES else "choice" if name in CHOICES else "text"


def _choice(name: str, clean: str) -> str:
    folded = clean.casefold()
    if folded not in CHOICES[name]:
        raise IdentityRefused(N_("This is not one of the choices."), field=name)
    return folded


def _birth_date(name: str, clean: str, now: datetime) -> date:
    try:
        found = dates.day(clean, "ymd")
    except ValueError:
        raise IdentityRefused(N_("This is not a date."), field=name) from None
    # It may be tomorrow already where they were born.
    if not EARLIEST <= found <= now.date() + timedelta(days=1):
        raise IdentityRefused(N_("Nobody has this birth date."), field=name)
    return found
