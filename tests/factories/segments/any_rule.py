"""Rules of every kind, for tests of properties."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import strategies as st

from app.segments import rules
from app.segments.rules import Rule
from tests.factories import conditions
from tests.factories.segments.people import DAYS, DEALERS, HOBBIES, TAGS, TEXTS

Rules = st.SearchStrategy[Rule]


def some_rule(topic_id: int, *, segment_ids: Sequence[int] = (), list_ids: Sequence[int] = (3,)) -> Rules:
    """Any rule over what `many_customers` makes, nested a few levels deep."""
    texts, numbers = (
        st.sampled_from(("city", "last_name", "first_name", "custom.colour")),
        st.sampled_from(("orders", "spent", "open_count", "custom.size")),
    )
    moments = st.sampled_from(("created_at", "latest_click_at", "latest_purchase_at", "custom.joined", "custom.seen"))
    text = st.sampled_from([value for value in TEXTS if value])
    number = st.sampled_from([Decimal(value) for value in ("-1", "0", "1", "2", "20", "38.5", "100", "119.99")])
    day, days = st.sampled_from(DAYS), st.sampled_from((1, 7, 30, 90, 365))
    leaf = st.one_of(
        st.builds(conditions.Is, texts, text),
        st.builds(conditions.Is, numbers, number),
        st.builds(conditions.Is, st.just("custom.member"), st.booleans()),
        st.builds(conditions.IsNot, texts, text),
        st.builds(conditions.In, texts, st.lists(text, min_size=1, max_size=3).map(tuple)),
        st.builds(conditions.NotIn, texts, st.lists(text, min_size=1, max_size=3).map(tuple)),
        st.builds(conditions.In, numbers, st.lists(number, min_size=1, max_size=3).map(tuple)),
        st.builds(conditions.WithinNext, moments, days),
        st.builds(conditions.LongerAgo, moments, days),
        st.builds(conditions.OnList, st.sampled_from(list(list_ids))),
        st.builds(conditions.Contains, texts, text),
        st.builds(conditions.StartsWith, texts, text),
        st.builds(conditions.GreaterThan, numbers, number),
        st.builds(conditions.LessThan, numbers, number),
        st.tuples(numbers, number, number).map(lambda it: conditions.Between(it[0], *sorted(it[1:]))),
        st.tuples(moments, day, day).map(lambda it: conditions.Between(it[0], *sorted(it[1:]))),
        st.builds(conditions.Before, moments, day),
        st.builds(conditions.After, moments, day),
        st.builds(conditions.WithinLast, moments, days),
        st.builds(conditions.NotWithinLast, moments, days),
        st.builds(conditions.Anniversary, moments, days),
        st.builds(conditions.IsKnown, st.one_of(texts, moments)),
        st.builds(conditions.IsUnknown, st.one_of(texts, numbers)),
        st.builds(
            conditions.Amount,
            st.just("custom.budget"),
            st.sampled_from(("more_than", "less_than", "equal")),
            number,
            st.sampled_from(("EUR", "USD", "JPY")),
        ),
        st.tuples(number, number).map(lambda it: conditions.AmountBetween("custom.budget", *sorted(it), "EUR")),
        st.builds(conditions.IncludesAny, st.just("custom.hobbies"), some_of(HOBBIES)),
        st.builds(conditions.IncludesAll, st.just("custom.hobbies"), some_of(HOBBIES)),
        st.builds(conditions.RefersTo, st.just("custom.dealer"), some_of((*DEALERS, "no-Acme", "rosenhof", "nobody"))),
        st.builds(conditions.IsKnown, st.sampled_from(("custom.budget", "custom.hobbies", "custom.dealer"))),
        st.builds(conditions.HasTag, st.sampled_from([tag for tag in TAGS if tag])),
        st.builds(
            conditions.Permission, st.just("marketing"), st.just(topic_id), st.sampled_from(("allowed", "not_allowed"))
        ),
        st.builds(conditions.Permission, st.just("profiling"), st.just(0), st.sampled_from(("allowed", "not_allowed"))),
        st.builds(conditions.Purchased, st.just("count"), st.sampled_from([Decimal(1), Decimal(2)]), st.none() | days),
        st.builds(conditions.Purchased, st.just("sum"), st.sampled_from([Decimal(20), Decimal(100)]), st.none() | days),
        st.builds(
            conditions.Did,
            st.sampled_from(("click", "signup")),
            st.sampled_from((2, 3)),
            st.none() | days,
            st.sampled_from(("human", "any")),
        ),
    )
    whens = st.fixed_dictionaries({"days": days}) | st.fixed_dictionaries({}, optional={"since": st.just(DAYS[4])})
    whens |= st.fixed_dictionaries({"since": st.just(DAYS[6])}, optional={"until": st.sampled_from(DAYS[1:4])})
    often = st.sampled_from([(0, 0), (0, 1), (1, 1), (1, 2), (2, None), (1, None)])
    leaf |= st.builds(
        lambda kind, times, when: conditions.Did(kind, times[0], at_most=times[1], verdict="human", **when),
        st.sampled_from(("signup", "click")),
        often.filter(lambda times: times not in ((0, 0), (1, None))),
        whens,
    )
    leaf |= st.builds(
        lambda times, when: conditions.Purchased("count", times[0], at_most=times[1], **when), often, whens
    )
    leaf |= st.builds(
        lambda name, where, times, when: conditions.Reported(name, where, times[0], at_most=times[1], **when),
        st.sampled_from(("viewed", "Viewed")),
        st.lists(_some_test(), max_size=2).map(tuple),
        often,
        whens,
    )
    if segment_ids:
        leaf |= st.builds(conditions.InSegment, st.sampled_from(list(segment_ids)))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(rules.AllOf, st.lists(inner, max_size=3).map(tuple)),
            st.builds(rules.AnyOf, st.lists(inner, max_size=3).map(tuple)),
            st.builds(rules.Not, inner),
        ),
        max_leaves=8,
    )


def some_of(texts: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """One to three of these."""
    return st.lists(st.sampled_from(texts), min_size=1, max_size=3, unique=True).map(tuple)


def _some_test() -> st.SearchStrategy[conditions.EventTest]:
    names = st.sampled_from(("colour", "price", "size"))
    words = st.sampled_from(("red", "38.5", "038.5", "7", "-1", "e"))
    of_text = st.builds(conditions.EventTest, names, st.sampled_from(("is", "is_not", "contains")), words)
    numbers = words.filter(lambda word: word not in ("red", "e"))
    of_number = st.builds(conditions.EventTest, names, st.sampled_from(("more_than", "less_than")), numbers)
    return of_text | of_number | st.builds(conditions.EventTest, names, st.sampled_from(("is_known", "is_unknown")))
