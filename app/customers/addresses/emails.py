"""Checks and normalises email addresses; defines when two are the same.

Domains compare in lower case and as IDNA A-labels, local parts NFC-normalised and case-folded; `+tag` is kept,
because it may be another person's folder. The key is what is compared, the address is kept as it was typed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import email_validator
import idna

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

LONGEST = 254
LONGEST_LOCAL = 64

# Dot-atoms, and a host of two labels or more, no label edged by a hyphen. What is consumed is never given back, or
# consists of a different class than what follows it, so hostile input costs linear time.
_PLAIN_LOCAL = re.compile(
    r"[A-Za-z0-9_!#$%&*+/=?^`{|}~][A-Za-z0-9_!#$%&'*+/=?^`{|}~-]*+(?:\.[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]++)*+"
).fullmatch
_PLAIN_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
).fullmatch

_PROVIDERS = {
    "gmail": ("gmail.com", "googlemail.com"),
    "microsoft": (
        *("outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com", "windowslive.com"),
        *("hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it", "hotmail.es", "live.co.uk", "live.fr"),
        *("outlook.fr", "outlook.de", "outlook.es", "outlook.jp", "live.nl", "live.de", "live.it"),
    ),
    "yahoo": (
        *("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de"),
        *("yahoo.it", "yahoo.es", "yahoo.ca", "yahoo.in", "yahoo.co.in", "yahoo.com.br", "yahoo.com.au"),
        *("yahoo.com.hk", "yahoo.com.tw", "aol.co.uk", "aim.com", "att.net", "sbcglobal.net", "verizon.net"),
    ),
    "apple": ("icloud.com", "me.com", "mac.com", "privaterelay.appleid.com"),
    "qq": ("qq.com", "vip.qq.com", "foxmail.com"),
    "netease": ("163.com", "126.com", "yeah.net", "vip.163.com", "vip.126.com", "188.com"),
}
PROVIDERS = (*_PROVIDERS, "other")
_PROVIDER_OF = {domain: provider for provider, domains in _PROVIDERS.items() for domain in domains}


class BadAddress(Refusal):
    """This is not an address that mail can be sent to."""

    status = 422
    message = N_("This is not an email address that mail can be sent to.")


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An email address as typed, and what it is compared and grouped by."""

    typed: str
    key: str
    domain: str
    provider: str


def normalise(email: str) -> EmailAddress:
    """Return the address, or raise `BadAddress`. No look-up is made: whether mail arrives is learned by mailing."""
    typed = email.strip()
    key = find_key(typed)
    if key is None:
        raise BadAddress(field="email")
    domain = key[key.rindex("@") + 1 :]
    return EmailAddress(typed, key, domain, provider_of(domain))


def find_key(typed: str) -> str | None:
    """Return what this address is compared by, or None when it is none. `typed` carries no outer spaces.

    The plain case costs about a microsecond, because imports ask it for every row.
    """
    local, _, domain = typed.partition("@")
    if _PLAIN_LOCAL(local) and len(local) <= LONGEST_LOCAL and len(typed) <= LONGEST and (host := _plain_host(domain)):
        return f"{local.lower()}@{host}"
    return None if typed.isascii() else _international_key(typed)


def provider_of(domain: str) -> str:
    """Return whose mailboxes these are, as far as the domain tells: they throttle and judge together."""
    return _PROVIDER_OF.get(domain, "other")


def digest(key: str, digest_key: bytes) -> bytes:
    """Return the 16 bytes by which a suppressed address is still known after it has been erased."""
    return hashlib.blake2b(key.encode(), digest_size=16, key=digest_key).digest()


@lru_cache(maxsize=16384)
def _plain_host(domain: str) -> str | None:
    """Return the domain as it is compared, None when it is none: many addresses share few of them."""
    if not _PLAIN_HOST(domain):
        return None
    host = domain.lower()
    # A-labels must decode, else two spellings of one domain would be two customers.
    return _ascii_domain(host) if "xn--" in host else host


def _international_key(typed: str) -> str | None:
    """The rare case: let email-validator judge, then fold what it accepted."""
    if len(typed) > LONGEST or typed.startswith("-") or any(map(_is_unsafe, typed)):
        return None
    try:
        checked = email_validator.validate_email(typed, check_deliverability=False, allow_quoted_local=False)
    except email_validator.EmailNotValidError:
        return None
    local, domain = checked.normalized.rsplit("@", 1)
    ascii_domain = _ascii_domain(domain)
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).casefold())
    return None if ascii_domain is None else f"{folded}@{ascii_domain}"


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str | None:
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except idna.IDNAError:
        return None


def _is_unsafe(character: str) -> bool:
    """Quotes, angle brackets, controls, separators, bidi overrides: nothing a header or a page should meet."""
    return character in "\"'<>(),:;\\[]" or unicodedata.category(character)[0] in "CZ"
