"""Reads an address of any kind as somebody typed it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from app.customers import values
from app.customers.addresses import emails, phones
from app.customers.addresses.queries import EMAIL, PHONE, POSTAL
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

LONGEST_POSTAL = 500


class BadPostal(Refusal):
    """This is not a postal address."""

    status = 422
    message = N_("A postal address has letters and at most 500 characters.")


class KindUnknown(Refusal):
    """Addresses are emails, phone numbers or postal addresses."""

    status = 422
    message = N_("An address is an email, a phone number or a postal address.")


@dataclass(frozen=True, slots=True)
class ReadAddress:
    """An address as typed, and what it is compared and grouped by. `digested` is what its digest is made of."""

    kind: str
    value: str
    key: str
    digested: str
    provider: str | None = None


def read(kind: str, typed: str, *, country: str | None = None) -> ReadAddress:
    """Return the address; raise BadAddress, BadPhone, BadPostal, KindUnknown. `country` is the person's, if known."""
    if kind == EMAIL:
        found = emails.normalise(typed)
        return ReadAddress(kind, found.typed, found.key, found.key, found.provider)
    if kind == PHONE:
        value = values.one_line(typed)
        key = phones.find_key(value, country=country)
    elif kind == POSTAL:
        value = _lines(typed)
        key = unicodedata.normalize("NFC", " ".join(value.replace(",", " ").split()).casefold())
        if len(value) > LONGEST_POSTAL or not any(map(str.isalnum, value)):
            raise BadPostal(field=POSTAL)
    else:
        raise KindUnknown(field="kind")
    return ReadAddress(kind, value, key, f"{kind}:{key}")


def _lines(typed: str) -> str:
    """Return the lines of a postal address without empty ones and control characters."""
    return "\n".join(filter(None, map(values.one_line, typed.splitlines())))
