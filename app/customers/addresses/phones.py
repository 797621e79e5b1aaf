"""Checks and normalises phone numbers; defines when two are the same."""

from __future__ import annotations

import unicodedata

import phonenumbers

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

LONGEST = 40
# What people write around the digits: spaces of any kind, brackets, hyphens, dots, slashes, and an extension.
_AROUND = frozenset(" ()-./+#*,;extEXT\u2010\u2011\u2012\u2013")
_FEWEST_DIGITS, _MOST_DIGITS = 3, 20


class BadPhone(Refusal):
    """This is not a number that can be called."""

    status = 422
    message = N_("This is not a phone number.")


def find_key(typed: str, *, country: str | None = None) -> str:
    """Return what this number is compared by: E.164 where it can be told, otherwise its digits. Raise BadPhone.

    A number without a country's code is read as one of `country` (two letters) where that is known.
    """
    clean = unicodedata.normalize("NFKC", typed).strip()
    digits = "".join(str(unicodedata.digit(char)) for char in clean if char.isdigit())
    if len(typed) > LONGEST or not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
        raise BadPhone(field="phone")
    if any(not char.isdigit() and char not in _AROUND for char in clean):
        raise BadPhone(field="phone")
    return _e164(clean, country) or digits


def _e164(clean: str, country: str | None) -> str | None:
    spelled = "+" + clean[2:] if clean.startswith("00") else clean
    try:
        number = phonenumbers.parse(spelled, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
