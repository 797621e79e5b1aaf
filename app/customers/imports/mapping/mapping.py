"""Maps columns of a file to fields: guessed from headings and values, decided by the person.

A mapping is `{"0": "email", "3": "custom.size"}`: column positions to targets. Columns not named are left out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.customers.imports import kinds
from app.customers.imports.models import Import
from app.customers.profiles import codes, dates, fields, identity
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

EVIDENCE = (
    *("consent", "unsubscribed", "consented_at", "consent_method", "consent_wording", "consent_topic"),
    *("consent_purposes", "consent_source", "consent_ip"),
)
# The columns of customers that a file of people may fill.
COLUMNS = (*fields.PROFILE, *identity.IDENTITY)
# Addresses beside the primary email, several in one cell.
ADDRESSES = ("phone_numbers", "other_emails", "postal_addresses")
PEOPLE = ("email", *COLUMNS, "tags", *ADDRESSES, *EVIDENCE)

EITHER = "either"
REPEATS = ("merge", "last", "first")
ORDER_ROWS = ("sum", "total")
CONFLICTS = ("overwrite", "fill")


class MappingRefused(Refusal):
    """The columns chosen do not say who the rows are about, or say one thing twice."""

    status = 422
    message = N_("Please look at the columns again.")


@dataclass(frozen=True)
class Options:
    """How this file is to be read and taken over.

    `match_by` finds the person (email, external_ref, or either: by number where a row has one that is known, else by
    email, for files of people that have both); `unknown` says what happens to purchases of people we do not
    know (refuse or create); empty cells leave what is known unless `clears_empty`;
    `topic` is what people said yes to where a row names none; `repeats` says what several rows of one person come to
    (merge: joined, later cells win; first or last: that row alone). Their answers about consent always count.
    `conflict` says what becomes of a value that is known already (overwrite: the file's takes its place; fill: it stays
    and the file fills what is empty).
    `consent_method` and `consent_wording` are how people agreed and to which words, where no column tells it: they
    count for rows that tell when. `order_rows` says what the amounts of several rows of one order are (sum: parts of
    it; total: all of it, repeated).
    """

    match_by: str = "email"
    unknown: str = "refuse"
    clears_empty: bool = False
    decimal: str = "."
    date_order: str = "ymd"
    currency: str = "EUR"
    topic: str = ""
    time_zone: str = "UTC"
    repeats: str = "merge"
    order_rows: str = "sum"
    conflict: str = "overwrite"
    consent_method: str = ""
    consent_wording: str = ""

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def decide(session: Session, found: Import, mapping: dict[str, str], options: Options) -> None:
    """Take the person's answer; raise MappingRefused."""
    kind = kinds.get(session, found.kind)
    choices = kind.choices(session, found)
    known = {target for target, _ in choices}
    chosen = {position: target for position, target in mapping.items() if target}
    if not all(position.isdigit() and int(position) < len(found.header) for position in chosen):
        raise MappingRefused
    if not set(chosen.values()) <= known:
        raise MappingRefused
    if len(set(chosen.values())) < len(chosen):
        raise MappingRefused(N_("Two columns are meant to be the same field."))
    if kind.finds_people:
        _check_person(set(chosen.values()), options)
    _check_options(options)
    kind.check(set(chosen.values()), options)
    found.mapping, found.options, found.state = dict(chosen), options.dump(), "mapped"


_FOUND_BY = {
    "email": N_("Choose the column that holds the email address: people are found by it."),
    "external_ref": N_("Choose the column that holds the customer number: people are found by it."),
}


def _check_person(chosen: set[str], options: Options) -> None:
    needed = ("external_ref", "email") if options.match_by == EITHER else (options.match_by,)
    for name in needed:
        if name not in _FOUND_BY or name not in chosen:
            raise MappingRefused(_FOUND_BY.get(name, MappingRefused.message))


def _check_options(options: Options) -> None:
    if options.unknown not in ("refuse", "create") or options.repeats not in REPEATS:
        raise MappingRefused
    if options.order_rows not in ORDER_ROWS or options.conflict not in CONFLICTS:
        raise MappingRefused
    if options.decimal not in ".," or options.date_order not in dates.ORDERS:
        raise MappingRefused
    if options.currency not in codes.currencies():
        raise MappingRefused(N_("This is not a currency; write its three letters, such as EUR."), field="currency")
