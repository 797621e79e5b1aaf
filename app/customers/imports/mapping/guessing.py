"""Guesses what columns mean and how dates and amounts are written; the person confirms it.

Headings propose, cells dispose: a column is what its heading says only where most of its cells can be read so.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

from app.customers import values
from app.customers.addresses import emails
from app.customers.field_kinds.kind import Reading, ValueRefused
from app.customers.field_kinds.known import KINDS
from app.customers.imports.mapping import headings
from app.customers.imports.parsing import address_cells, answer_words, answers, identity_words
from app.customers.imports.refused import RowRefused
from app.customers.listing.csv_cells import unquote
from app.customers.models import CustomField
from app.customers.profiles import codes, dates

Rows = Sequence[Sequence[str]]
# A column is read as its heading says where this share of its cells can be.
READABLE = 0.5
# Columns that keep their own heading as the name of a property.
PROPERTY = "property."
_LAST = 1_000_000
# As many cells of a column are tried as tell one meaning from another.
TRIED = 200
_DATES = ("consented_at", "purchased_at", "birth_date")
_CODED = ("gender", "kind", "preferred_channel")
_SIGNS = re.compile(r"[€£$¥]")


def columns(
    header: Sequence[str], choices: Iterable[tuple[str, str]], rows: Rows = (), custom: Iterable[CustomField] = ()
) -> dict[str, str]:
    """Return what each column probably is, each target at most once, better guesses first.

    A column without a heading is never guessed, but for the addresses that nothing else holds.
    """
    own = {f"custom.{field.key}": field for field in custom}
    targets = list(choices)
    folded = [headings.fold(name) for name in header]
    proposed = []
    for place, heading in enumerate(folded):
        for target, label in targets if heading else ():
            rank = _rank(heading, target, label)
            if rank is not None:
                tried = _cells(rows, place)
                if _fits(target, own.get(target), tried):
                    proposed.append((not tried, rank, place, target))
    found: dict[int, str] = {}
    for *_, place, target in sorted(proposed):
        if place not in found and target not in found.values():
            found[place] = target
    named = {target for target, _ in targets}
    _add_names(found, folded, named)
    _add_addresses(found, header, rows, named)
    return {str(place): found[place] for place in sorted(found)}


def date_order(rows: Rows, places: Iterable[int], *, time_zone: str = "UTC") -> str:
    """Return in which order days and months stand in these columns, by the dates that can be meant one way only.

    Where none can, dots and hyphens mean the day first, and slashes what they mean in the workspace's part of the
    world.
    """
    texts = [text for place in places for text in _cells(rows, place, limit=len(rows))]
    votes = Counter(filter(None, map(dates.hint, texts)))
    if votes:
        return votes.most_common(1)[0][0]
    either = [text for text in texts if dates.is_either(text)]
    if not either:
        return "ymd"
    is_american = time_zone.startswith(("America/", "US/")) and all("/" in text[:6] for text in either)
    return "mdy" if is_american else "dmy"


def decimal_mark(rows: Rows, places: Iterable[int], *, delimiter: str = ",") -> str:
    """Return what separates the cents in these columns, by the numbers that can be meant one way only."""
    texts = [text for place in places for text in _cells(rows, place, limit=len(rows))]
    votes = Counter(filter(None, map(_mark, texts)))
    if votes:
        return votes.most_common(1)[0][0]
    # Where a semicolon separates cells, a comma most likely separates cents, and the dot thousands.
    grouped = any(re.fullmatch(r"[+-]?\d{1,3}\.\d{3}", values.bare_number(text)) for text in texts)
    return "," if grouped and delimiter == ";" else "."


def currency(rows: Rows, place: int, *, usual: str) -> str:
    """Return the currency by the sign most amounts carry, the usual one where they carry none or one of several."""
    signs = Counter(sign for text in _cells(rows, place) for sign in _SIGNS.findall(text))
    if not signs:
        return usual
    return {"€": "EUR", "£": "GBP", "$": "USD"}.get(signs.most_common(1)[0][0], usual)


def dated(mapping: dict[str, str], custom: Iterable[CustomField]) -> list[int]:
    """Return the places of the columns that hold dates."""
    targets = {*_DATES, *(f"custom.{field.key}" for field in custom if field.kind in ("date", "date_time"))}
    return [int(place) for place, target in mapping.items() if target in targets]


def counted(mapping: dict[str, str], custom: Iterable[CustomField]) -> list[int]:
    """Return the places of the columns that hold numbers with cents."""
    own = (f"custom.{field.key}" for field in custom if field.kind in ("number", "money"))
    targets = {"amount", "unit_price", "price", *own}
    return [int(place) for place, target in mapping.items() if target in targets]


def _rank(heading: str, target: str, label: str) -> int | None:
    if target.startswith(PROPERTY):
        # What is nothing else is a property of the event.
        return _LAST if heading == headings.fold(label) else None
    if heading in (headings.fold(target.removeprefix("custom.")), headings.fold(label)):
        return -1
    return headings.rank(target, heading)


def _cells(rows: Rows, place: int, *, limit: int = TRIED) -> list[str]:
    told = (unquote(row[place].strip()) for row in rows if place < len(row))
    return [text for text in told if text][:limit]


def _fits(target: str, own: CustomField | None, tried: list[str]) -> bool:
    """Say whether enough of these cells can be read as the target."""
    is_one = _own_check(own) if own else _checks().get(target)
    return not tried or is_one is None or sum(map(is_one, tried)) >= READABLE * len(tried)


def _own_check(field: CustomField) -> Callable[[str], bool]:
    kind = KINDS[field.kind]
    readings = [Reading(order, mark) for order, mark in (("dmy", "."), ("mdy", ","))]
    return lambda text: any(_reads(kind.parse, text, field, reading) for reading in readings)


@cache
def _checks() -> dict[str, Callable[[str], bool]]:
    return {
        "email": lambda text: emails.find_key(text) is not None,
        "country": lambda text: codes.find_country(text) is not None,
        "language": lambda text: codes.find_language(text) is not None,
        "time_zone": lambda text: codes.find_time_zone(text) is not None,
        "currency": lambda text: codes.find_currency(text) is not None,
        "birth_date": lambda text: any(identity_words.find_birth_date(text, order) for order in ("dmy", "mdy")),
        **{name: _found_in(words) for name, words in identity_words.finders("dmy", date.max).items() if name in _CODED},
        "phone_numbers": lambda text: bool(_reads(address_cells.read, "phone_numbers", text, 0, country=None)),
        "other_emails": lambda text: bool(_reads(address_cells.read, "other_emails", text, 0, country=None)),
        "consent": lambda text: answer_words.read(text) is not None,
        "consented_at": _is_date,
        "purchased_at": _is_date,
        "amount": _is_number,
        "unit_price": _is_number,
        "price": _is_number,
        "stock": _is_number,
        "life_days": lambda text: text[:1].isdigit(),
        "is_durable": _is_truth,
        "is_sold": _is_truth,
        "url": _is_address,
        "image_url": _is_address,
        "items": lambda text: text.isascii() and text.isdigit() and len(text) <= 6,
        "consent_ip": _is_network_address,
        "consent_purposes": answers.names_purposes,
    }


def _found_in(find: Callable[[str], str | None]) -> Callable[[str], bool]:
    return lambda text: find(text) is not None


def _is_date(text: str) -> bool:
    return any(_reads(dates.moment, text, order) for order in ("dmy", "mdy"))


def _is_number(text: str) -> bool:
    return any(_reads(values.amount, text, decimal=mark) for mark in ".,")


def _is_truth(text: str) -> bool:
    return values.truth(text) is not None


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://", "//"))


def _is_network_address(text: str) -> bool:
    return bool(_reads(ipaddress.ip_address, text))


def _reads(read: Callable[..., Any], *given: Any, **more: Any) -> bool:
    try:
        read(*given, **more)
    except (ValueError, ValueRefused, RowRefused):
        return False
    return True


def _mark(text: str) -> str | None:
    """Return which mark separates the cents of this number, None where it may be either: 1,234 is both."""
    clean = values.bare_number(text).lstrip("+-")
    if not re.fullmatch(r"\d[\d.,]*", clean):
        return None
    dots, commas = clean.count("."), clean.count(",")
    if dots and commas:
        return max(".,", key=clean.rindex)
    if dots + commas > 1:
        return "," if dots else "."
    if dots + commas == 0:
        return None
    mark = "." if dots else ","
    before, _, after = clean.partition(mark)
    is_either = len(after) == 3 and 1 <= len(before) <= 3 and before != "0"
    return None if is_either else mark


def _add_names(found: dict[int, str], folded: list[str], named: set[str]) -> None:
    """A column of names is the family name beside a first name, and the name to greet by where there is no other."""
    taken = set(found.values())
    for place, heading in enumerate(folded):
        if place in found or heading not in headings.FULL_NAMES or "last_name" in taken:
            continue
        if "first_name" in taken and heading == headings.PLAIN_NAME and "last_name" in named:
            found[place] = "last_name"
            return
        if "first_name" not in taken and "first_name" in named:
            found[place] = "first_name"
            return


def _add_addresses(found: dict[int, str], header: Sequence[str], rows: Rows, named: set[str]) -> None:
    """People are found by their address, so the first column of addresses is theirs, whatever it is called."""
    if "email" in found.values() or "email" not in named:
        return
    for place in range(len(header)):
        keys = [emails.find_key(text) for text in _cells(rows, place)]
        if place not in found and len(keys) > 1 and sum(key is not None for key in keys) > 0.8 * len(keys):
            found[place] = "email"
            return
