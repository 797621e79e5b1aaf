"""A rule can be told, written down, read back and said aloud."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.conditions.description import Language
from app.segments import codec, sentence
from app.segments.codec import RulesInvalid
from app.segments.rules import EVERYBODY, AllOf, AnyOf, Not, Rule
from tests.factories.conditions import (
    TYPES,
    VOCABULARY,
    Between,
    Contains,
    Did,
    GreaterThan,
    HasTag,
    In,
    Is,
    IsKnown,
    NotWithinLast,
    Permission,
    Purchased,
    WithinLast,
)

DEEP: Rule = AllOf(
    (
        Is("country", "DE"),
        AnyOf((HasTag("vip"), GreaterThan("spent", Decimal("50.5")), Not(Contains("city", "ber")))),
        Not(AnyOf((Did("click", 2, 30), Purchased("sum", Decimal(100), 90)))),
        WithinLast("latest_click_at", 30),
        NotWithinLast("latest_purchase_at", 90),
        Between("created_at", date(2025, 1, 1), date(2025, 12, 31)),
        In("language", ("en", "zh")),
        Permission("marketing", 7, "allowed"),
        IsKnown("first_name"),
    )
)


def test_a_rule_comes_back_from_json_as_it_was() -> None:
    assert codec.load(codec.dump(DEEP), TYPES) == DEEP


def test_a_rule_reads_as_a_sentence() -> None:
    said = sentence.describe(DEEP, VOCABULARY)

    assert said == (
        "Customers for whom country is DE, "
        "(tagged “vip”, spent in total is more than 50.5 or it is not so that city contains “ber”), "
        "it is not so that (they clicked at least 2 times in the last 30 days or "
        "they spent at least 100 in the last 90 days), "
        "latest click is in the last 30 days, latest purchase is not in the last 90 days, "
        "known since is between 2025-01-01 and 2025-12-31, language is en or zh, "
        "mailable for “News” and first name is known."
    )


def test_everybody_is_said_so() -> None:
    assert sentence.describe(EVERYBODY, VOCABULARY) == "All customers."


def test_a_sentence_is_said_in_the_readers_language() -> None:
    words = {
        "Customers for whom %(rules)s.": "满足以下条件的客户：%(rules)s。",
        "%(field)s is %(value)s": "%(field)s 是 %(value)s",
    }

    assert sentence.describe(Is("city", "柏林"), VOCABULARY, Language(lambda text: words.get(text, text))) == (
        "满足以下条件的客户：city 是 “柏林”。"
    )


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"type": "sql", "text": "1=1"}, ()),
        ({"type": "is", "field": "city"}, ("value",)),
        ({"type": "is", "field": "city", "value": "x", "sql": "1=1"}, ("sql",)),
        ({"type": "all", "rules": [{"type": "is", "field": "city", "value": ""}]}, ("rules", 0, "value")),
        ({"type": "not", "rule": {"type": "within_last", "field": "created_at", "days": 0}}, ("rule", "days")),
        ({"type": "has_tag", "tag": "a\0b"}, ("tag",)),
        ({"type": "has_tag", "tag": "\ud800"}, ("tag",)),
        ({"type": "has_tag", "tag": "x" * 201}, ("tag",)),
        ({"type": "greater_than", "field": "spent", "value": "NaN"}, ("value",)),
        ({"type": "greater_than", "field": "spent", "value": 1e300}, ("value",)),
        ([], ()),
        (None, ()),
        ("all", ()),
    ],
)
def test_what_is_wrong_is_named_with_its_place(value: object, path: tuple[str | int, ...]) -> None:
    with pytest.raises(RulesInvalid) as refused:
        codec.load(value, TYPES)

    assert path in {problem.path for problem in refused.value.problems}


def test_depth_and_size_are_bounded() -> None:
    deep: object = {"type": "all", "rules": []}
    for _ in range(5000):
        deep = {"type": "not", "rule": deep}
    wide = {"type": "any", "rules": [{"type": "is_known", "field": "city"}] * 300}
    for value in (deep, wide):
        with pytest.raises(RulesInvalid):
            codec.load(value, TYPES)


def test_text_that_is_not_json_is_refused() -> None:
    for text in ("{", "[" * 100_000, "\x00"):
        with pytest.raises(RulesInvalid):
            codec.loads(text, TYPES)
