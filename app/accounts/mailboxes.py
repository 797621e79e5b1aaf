"""Checks and normalises the mailboxes of staff and workspaces."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

ADDRESS_CHARS = 254
_GMAIL = ("gmail.com", "googlemail.com")


class NotAMailbox(Refusal):
    """What was typed cannot be an email address."""

    status = 422
    message = N_("This is not an email address we could write to.")


def check(typed: str, *, field: str = "email") -> str:
    """Return the address in its one spelling; raise NotAMailbox.

    Whether mail arrives there is the relay's business, so no name server is asked and .test is fine.
    """
    try:
        found = validate_email(typed.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise NotAMailbox(field=field) from None
    if len(found.normalized) > ADDRESS_CHARS:
        raise NotAMailbox(field=field)
    return f"{found.local_part}@{found.domain}"


def fold(address: str) -> str:
    """Return the address as staff accounts are found by: case does not matter to people who log in."""
    return address.casefold()


def domain_of(address: str) -> str:
    """Return the part behind the @, lower case."""
    return address.rpartition("@")[2].lower()


def limit_key(address: str) -> str:
    """Return what the addresses of one mailbox have in common, as far as is known: for limits, never for identity.

    A tag after a plus leads to the same mailbox nearly everywhere, and Gmail does not look at full stops.
    """
    local, _, domain = address.casefold().rpartition("@")
    name = local.partition("+")[0] or local
    if domain in _GMAIL:
        name, domain = name.replace(".", "") or name, "gmail.com"
    return f"{name}@{domain}"
