"""The shop's old records as CSV files, with the few broken lines that every export has."""

from __future__ import annotations

import csv
from pathlib import Path

from demo.shop import CATEGORY_OF, FORM, NEWSLETTER, NUMBER_OF, WORDING, Person, Purchase, Shop

PEOPLE_HEADER = (
    *("Email", "First name", "Last name", "Language", "Country", "City", "Time zone", "Tags"),
    *("Newsletter", "Consent date", "Method", "Consent text", "Topic", "Purposes", "Form", "IP"),
)
PURCHASES_HEADER = (
    *("Order no", "Email", "Date", "Product", "Quantity", "Amount", "Currency"),
    *("SKU", "Category", "Channel"),
)

BROKEN_PEOPLE = (
    ("not-an-address", "Nobody"), ("double@@example.com", "Twice"), ("", "Empty"), ("späce in@example.org", "Blank"),
    ("trailing.@example.net", "Dot"), ("missing.domain@", "Half"),
)  # fmt: skip
_GREY = ("Earl Grey Blue 100 g", "1", "9.80", "EUR", "NT-103", "Tea > Black", "web")
_UNKNOWN = "somebody.unknown@example.com"
BROKEN_PURCHASES = (
    ("N-X1", _UNKNOWN, "2026-01-05 10:00", *_GREY),
    ("N-X2", "", "2026-01-05 10:00", *_GREY),
    ("N-X3", _UNKNOWN, "the other day", *_GREY),
    ("N-X4", _UNKNOWN, "2026-01-05 10:00", _GREY[0], "1", "about ten", *_GREY[3:]),
)


def write(shop: Shop, folder: Path) -> tuple[Path, Path]:
    """Write customers.csv and purchases.csv; the broken lines stand somewhere in the middle."""
    folder.mkdir(parents=True, exist_ok=True)
    people, purchases = folder / "customers.csv", folder / "purchases.csv"
    blank = ("",) * (len(PEOPLE_HEADER) - 2)
    _write(people, PEOPLE_HEADER, [_person(one) for one in shop.people], [(*pair, *blank) for pair in BROKEN_PEOPLE])
    rows = [row for one in shop.purchases for row in _purchase(one)]
    _write(purchases, PURCHASES_HEADER, rows, list(BROKEN_PURCHASES))
    return people, purchases


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]], broken: list[tuple[str, ...]]) -> None:
    step = max(1, len(rows) // (len(broken) + 1))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for number, row in enumerate(rows):
            if broken and number and number % step == 0 and number // step <= len(broken):
                writer.writerow(broken[number // step - 1])
            writer.writerow(row)


def _person(one: Person) -> tuple[str, ...]:
    known = (one.email, one.first_name, one.last_name, one.place.language, one.place.country, one.city)
    answer = ("yes", "", "", "", "", "", "", "") if one.says_yes else ("",) * 8
    if one.agreed_at:
        proof = (one.agreed_at.isoformat(), "web form at checkout", WORDING, NEWSLETTER, " ".join(one.purposes))
        answer = ("yes", *proof, FORM, one.ip)
    return (*known, one.place.time_zone, ";".join(one.tags), *answer)


def _purchase(one: Purchase) -> list[tuple[str, ...]]:
    """Return a row for each line of an order."""
    at = one.at.isoformat(timespec="seconds")
    return [
        (one.order_ref, one.email, at, line.product, str(line.pieces), line.amount, "EUR", NUMBER_OF[line.product],
         CATEGORY_OF[line.product], "web")
        for line in one.lines
    ]  # fmt: skip
