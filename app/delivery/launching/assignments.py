"""Assignments: which variant and language each person of a launch gets, and who is held out.

An assignment is a function of the customer and the occasion alone, so it is the same however often and wherever it is
worked out, and independent between two occasions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, case, cast, false, func, literal, null

BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant: its weight beside the others', the send in the default language, and those in further languages.

    `language` is the default one, needed where there are further ones.
    """

    send_id: int
    variant_id: int | None = None
    weight: int = 1
    by_language: Mapping[str, int] = field(default_factory=dict)
    language: str = ""

    @property
    def send_ids(self) -> list[int]:
        return [self.send_id, *self.by_language.values()]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The variants of one launch by weight. `holdout` is the share of people, 0 to 1, who get nothing."""

    arms: tuple[Arm, ...]
    holdout: float = 0.0

    def __post_init__(self) -> None:
        if not self.arms or any(arm.weight < 0 for arm in self.arms) or not sum(arm.weight for arm in self.arms):
            raise ValueError("an assignment needs a variant with a weight")
        if not 0 <= self.holdout < 1:
            raise ValueError("the holdout share is from 0 to below 1")

    @property
    def send_ids(self) -> list[int]:
        return sorted({send_id for arm in self.arms for send_id in arm.send_ids})

    @property
    def held_out_buckets(self) -> int:
        return round(self.holdout * BUCKETS)

    @property
    def is_single(self) -> bool:
        """Everybody gets the same content."""
        return len(self.send_ids) == 1 and not self.held_out_buckets and len(self.arms) == 1

    def bounds(self) -> list[int]:
        """Return the bucket below which each variant ends; those below `held_out_buckets` are held out."""
        weights = [arm.weight for arm in self.arms]
        first, total = self.held_out_buckets, sum(weights)
        return [first + round((BUCKETS - first) * upto / total) for upto in accumulate(weights)]


def bucket(customer_id: ColumnElement[Any], occasion_id: int) -> ColumnElement[int]:
    """The bucket of a person for an occasion, in SQL: every one of them is equally likely."""
    hashed = func.hashint8extended(customer_id, cast(literal(occasion_id), BigInteger), type_=BigInteger)
    return cast(hashed.op("&")(literal(0x7FFFFFFF, BigInteger)) % literal(BUCKETS, BigInteger), Integer)


def is_held_out(assignment: Assignment, at: ColumnElement[int]) -> ColumnElement[bool]:
    """Say, in SQL, whether a bucket gets nothing."""
    return at < assignment.held_out_buckets if assignment.held_out_buckets else false()


def reason_not_sent(assignment: Assignment, at: ColumnElement[int]) -> ColumnElement[Any]:
    """The reason, in SQL, why a bucket gets nothing; null for the others."""
    reason: ColumnElement[Any] = case((is_held_out(assignment, at), literal("held_out")))
    return reason


def send_id(assignment: Assignment, at: ColumnElement[int], language: ColumnElement[Any]) -> ColumnElement[int]:
    """The send for a bucket and a language, in SQL. A language without a content of its own gets the default one."""
    return _by_arm(assignment, at, [_in_language(arm, language) for arm in assignment.arms])


def language_for(spoken: str | None, languages: Sequence[str]) -> str:
    """Return which of these languages, the default first, somebody is written to in; `send_id` says it in SQL.

    Their own if it is there, in capitals or not; else the one it is a form of ("pt" for "pt-AO"); else the default.
    """
    known = {each.lower(): each for each in languages}
    wanted = (spoken or "").lower()
    return known.get(wanted) or known.get(wanted.partition("-")[0]) or languages[0]


def variant_id(assignment: Assignment, at: ColumnElement[int]) -> ColumnElement[Any]:
    """The variant for a bucket, in SQL; nobody who is held out has one."""
    given = [cast(literal(arm.variant_id), BigInteger) for arm in assignment.arms]
    return case((is_held_out(assignment, at), null()), else_=_by_arm(assignment, at, given))


def _by_arm(assignment: Assignment, at: ColumnElement[int], given: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    if len(given) == 1:
        return given[0]
    return case(*zip((at < bound for bound in assignment.bounds()), given, strict=True), else_=given[-1])


def _in_language(arm: Arm, language: ColumnElement[Any]) -> ColumnElement[Any]:
    default = cast(literal(arm.send_id), BigInteger)
    if not arm.by_language:
        return default
    exact, family = func.lower(language), func.split_part(func.lower(language), "-", 1)
    of_languages = {arm.language: arm.send_id, **arm.by_language}
    known = {name.lower(): cast(literal(number), BigInteger) for name, number in of_languages.items()}
    return func.coalesce(case(known, value=exact), case(known, value=family), default)
