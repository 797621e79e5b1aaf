"""Authenticates incoming mail by our own mail server's results (RFC 8601, section 5).

The operator names that server by AUTHSERV_ID; it writes `Authentication-Results` above everything the peer sent, so
the first such field is its own, and every other is the peer's invention.
"""

from __future__ import annotations

import re

from app.delivery.inbound.parsed_mail import Received

# Whose abuse reports are signed with a domain of their own (as of 2026-03): feedback loops of mailbox providers.
REPORTERS = frozenset(
    (
        *("yahoo.com", "yahooinc.com", "aol.com", "hotmail.com", "outlook.com", "microsoft.com", "comcast.net"),
        *("mail.ru", "corp.mail.ru", "yandex.ru", "yandex.com", "validity.com", "returnpath.net", "fastmail.com"),
        *("laposte.net", "orange.fr", "libero.it", "seznam.cz", "zoho.com", "cox.net", "rackspace.com", "sky.com"),
    )
)
_DOMAIN = r"([a-z0-9.-]{1,253})"
_SIGNER = rf"header\.(?:d\s*=\s*|i\s*=\s*[^\s;@]{{0,64}}@){_DOMAIN}"
_DKIM = re.compile(rf"\bdkim\s*=\s*pass\b[^;]{{0,500}}?\b{_SIGNER}", re.IGNORECASE)
_DMARC = re.compile(rf"\bdmarc\s*=\s*pass\b[^;]{{0,500}}?\bheader\.from\s*=\s*{_DOMAIN}", re.IGNORECASE)
_ADDRESS = re.compile(r"<([^<>\s]{1,320})>|([^\s<>()\",;:]{1,64}@[^\s<>()\",;:]{1,255})")


def sender(mail: Received) -> str:
    """Return the address in From, or an empty string."""
    named = _ADDRESS.search(mail.headers.get("from", ""))
    return (named[1] or named[2] or "").strip() if named else ""


def is_from(mail: Received, address: str, authserv_id: str | None) -> bool:
    """Say whether this mail came from the address in From, as far as our mail server can tell, if there is one."""
    domain = address.rpartition("@")[2].lower()
    return authserv_id is None or any(_is_within(domain, passed) for passed in _passed(mail, authserv_id))


def is_from_reporter(mail: Received, authserv_id: str | None) -> bool:
    """Say whether one of the known mailbox providers signed this report."""
    if authserv_id is None:
        return False
    return any(_is_within(passed, known) for passed in _passed(mail, authserv_id) for known in REPORTERS)


def _passed(mail: Received, authserv_id: str) -> set[str]:
    """The domains that signed the mail, or that its From agrees with."""
    said = mail.headers.get("authentication-results", "")
    named = said.partition(";")[0].split()
    if not named or named[0].lower() != authserv_id.lower():
        return set()
    return {match[1].lower().strip(".") for pattern in (_DKIM, _DMARC) for match in pattern.finditer(said)}


def _is_within(domain: str, other: str) -> bool:
    return domain == other or domain.endswith(f".{other}")
