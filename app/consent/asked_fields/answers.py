"""What somebody answered to the fields a page asks for, and which of them are still to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.consent.asked_fields.asked import CUSTOM, AskedField
from app.consent.asked_fields.keeping import PageFields
from app.customers.models import Customer
from app.customers.profiles import people, provenance
from app.customers.quality import rules
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

SOURCE = "preferences"


class AnswersRefused(Refusal):
    """Some answers do not fit their fields; `problems` says which, by the name of the field."""

    status = 422
    message = N_("Some answers do not fit. They are marked below.")

    def __init__(self, problems: Mapping[str, Refusal]) -> None:
        super().__init__()
        self.problems = problems


class AnswerMissing(Refusal):
    """A field that has to be filled in was left empty."""

    status = 422
    message = N_("Please fill this in.")


def key_of(name: str) -> str:
    """Return the name that the customer's record knows a field by."""
    return name.removeprefix(CUSTOM)


def check(
    session: Session, workspace_id: int, asked: Iterable[AskedField], typed: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Return what was typed into fields, by their keys, where every one fits; raise AnswersRefused.

    Nobody is looked up: the same is said whoever asks.
    """
    problems: dict[str, Refusal] = {}
    given: dict[str, Any] = {}
    for each in asked:
        said = typed.get(each.name) or None
        if said is None and each.is_required:
            problems[each.name] = AnswerMissing()
        elif said is not None:
            try:
                people.check_values(session, workspace_id, {key_of(each.name): said}, now=now)
                given[key_of(each.name)] = said
            except Refusal as refusal:
                problems[each.name] = refusal
    if problems:
        raise AnswersRefused(problems)
    return given


def still_fitting(session: Session, workspace_id: int, given: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return those of the answers given a while ago that still fit: a field may have changed or gone since."""
    kept = {}
    for key, said in given.items():
        try:
            people.check_values(session, workspace_id, {key: said}, now=now)
        except Refusal:
            continue
        kept[key] = said
    return kept


def current(customer: Customer, name: str) -> Any:
    """Return what is known of a field, None for nothing."""
    found = customer.custom.get(key_of(name)) if name.startswith(CUSTOM) else getattr(customer, name)
    return found if found not in ("", []) else None


def to_ask(session: Session, customer: Customer, page: PageFields, *, now: datetime) -> list[AskedField]:
    """Return the questions for this person: what is not known yet, then what is old, so many at once."""
    stale_before = rules.read(session, customer.workspace_id).stale_before(now).timestamp()
    unknown, old = [], []
    for each in page.fields:
        if current(customer, each.name) is None:
            unknown.append(each)
        else:
            mark = provenance.of_value(customer.provenance, each.name, has_value=True)
            if mark is not None and mark[1] is not None and mark[1] < stale_before:
                old.append(each)
    return [*unknown, *old][: page.questions_at_once]


def record(
    session: Session, customer: Customer, asked: Sequence[AskedField], typed: Mapping[str, Any], *, now: datetime
) -> None:
    """Keep what somebody who is proven to be this person says of themselves; raise AnswersRefused.

    `typed` names the fields they touched; an empty one is cleared, where it need not be filled in.
    """
    touched = [each for each in asked if each.name in typed]
    given = check(session, customer.workspace_id, touched, typed, now=now)
    values = {key_of(each.name): given.get(key_of(each.name)) for each in touched}
    people.change(session, customer, values_by_name=values, source=SOURCE, now=now)
