"""Customers of every shape, rules of every kind, and a naive reading of rules in plain Python."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any as Anything
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce.models import Order
from app.conditions.condition import Condition
from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.models import Engagement
from app.customers.organisations import organisations
from app.customers.profiles import fields, people
from app.customers.profiles.fields import FieldDraft
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.segments import preview, rules, segments
from app.segments.builder.drafts import ROOT, LineGroup
from app.segments.rules import Rule
from tests.factories import conditions

NOON = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
TEXTS = ("", "DE", "de", "München", "大连", "a%b", "a_b", "a\\b", "O'Neill", "x y", "ber", "Berlin", "🙂", "null")
TAGS = ("vip", "VIP", "大客户", "a'b", "{x}", "")
HOBBIES = ("Roses", "Herbs", "大树")
DEALERS = ("Acme", "Rosenhof", "Ümlaut")
NOTHING_KEPT: Mapping[int, Rule] = {}
Rules = st.SearchStrategy[Rule]
DAYS = tuple(date(2026, 3, 2) - timedelta(days=n) for n in (-1, 0, 1, 7, 30, 31, 365))


@dataclass
class Made:
    """A customer as plain values: what the naive reading reads."""

    id: int
    values: dict[str, Anything]
    tags: list[str]
    purchases: list[tuple[datetime, Decimal]] = field(default_factory=list)
    events: list[tuple[str, datetime, str]] = field(default_factory=list)
    reported: list[tuple[str, datetime, dict[str, Anything]]] = field(default_factory=list)
    lists: set[int] = field(default_factory=set)
    allowed: set[tuple[str, int]] = field(default_factory=set)


def many_customers(session: Session, workspace_id: int, topic_id: int, *, seed: int, count: int) -> list[Made]:
    """Make customers with every mix of known, unknown, empty, and odd values."""
    workspaces.settle_currency(session, workspace_id, "EUR")
    for key, kind in (("size", "number"), ("joined", "date"), ("member", "boolean"), ("colour", "text")):
        fields.create(session, workspace_id, key=key, label=key, kind=kind)
    for key, kind in (("budget", "money"), ("seen", "date_time")):
        fields.create(session, workspace_id, key=key, label=key, kind=kind)
    fields.create(session, workspace_id, key="hobbies", label="hobbies", kind="multi_choice", choices=HOBBIES)
    draft = FieldDraft("dealer", "reference", refers_to="organisation")
    fields.add(session, workspace_id, "dealer", draft)
    for name in DEALERS:
        organisations.add(session, workspace_id, {"name": name, "external_ref": f"no-{name}"}, now=NOON)
    return [_a_customer(session, workspace_id, topic_id, Random(seed * 1000 + n), n) for n in range(count)]


def _a_customer(session: Session, workspace_id: int, topic_id: int, random: Random, number: int) -> Made:
    def some(*choices: Anything) -> Anything:
        return random.choice((None, *choices))

    profile = {name: some(*filter(None, TEXTS)) for name in ("city", "last_name", "first_name")}
    custom = {
        "size": some(-1, 0, 38, 38.5),
        "joined": some(*(day.isoformat() for day in DAYS)),
        "member": some(True, False),
        "colour": some(*filter(None, TEXTS)),
        "budget": some("0.50 EUR", "100.00 EUR", "100.00 USD", "-20 JPY"),
        "seen": some(*((NOON - timedelta(days=days)).astimezone(BERLIN).isoformat() for days in (-1, 0, 7, 31, 365))),
        "hobbies": random.choice((None, *([hobby for hobby in HOBBIES if random.random() < 0.5] for _ in range(3)))),
    }
    dealer = some(*DEALERS)
    created = NOON - random.choice((timedelta(0), timedelta(hours=11), timedelta(days=30), timedelta(days=400)))
    tags = random.sample(TAGS, random.randrange(3))
    email = f"{number}@example.com"
    customer = people.upsert(session, workspace_id, email=email, fields={}, source="test", now=created)
    kept = {key: value for key, value in custom.items() if value}
    if custom["member"] is False or custom["size"] == 0:
        kept |= {key: custom[key] for key in ("member", "size") if custom[key] is not None}
    if dealer:
        found = organisations.find_named(session, workspace_id, dealer)
        kept["dealer"] = found.id if found else None
    customer.tags, customer.custom = tags, kept
    for name, value in profile.items():
        setattr(customer, name, value)
    session.flush()
    sums = {
        "open_count": random.randrange(3),
        "latest_click_at": some(*(NOON - timedelta(days=days) for days in (0, 7, 30, 31, 365))),
    }
    made = Made(customer.id, {**profile, **sums, "created_at": created}, tags)
    made.values |= {f"custom.{key}": value for key, value in custom.items()}
    made.values["custom.seen"] = datetime.fromisoformat(custom["seen"]) if custom["seen"] else None
    made.values |= {"custom.hobbies": custom["hobbies"] or None, "custom.dealer": dealer}
    _buy(session, workspace_id, made, random, sums)
    _do(session, workspace_id, made, random)
    _agree(session, workspace_id, topic_id, made, random)
    return made


def _buy(session: Session, workspace_id: int, made: Made, random: Random, sums: dict[str, Anything]) -> None:
    for number in range(random.randrange(4)):
        at = NOON - timedelta(days=random.choice((1, 29, 31, 89, 200)))
        amount = Decimal(random.choice(("0.50", "20.00", "99.99", "100.00")))
        made.purchases.append((at, amount))
        session.add(
            Order(
                workspace_id=workspace_id,
                customer_id=made.id,
                order_ref=f"{made.id}-{number}",
                purchased_at=at,
                amount=amount,
                currency="EUR",
                items=1,
            )
        )
    totals = {
        "orders": len(made.purchases),
        "spent": sum((amount for _, amount in made.purchases), Decimal(0)),
        "latest_purchase_at": max((at for at, _ in made.purchases), default=None),
    }
    made.values |= totals
    known = session.get_one(Engagement, (workspace_id, made.id))
    for name, value in {**sums, **totals}.items():
        setattr(known, name, value)
    session.flush()


_EVENTS = {"click": EventName.CLICKED, "open": EventName.OPENED, "signup": EventName.SIGNED_UP}
_SOURCES = {"click": Source.TRACKING, "open": Source.TRACKING, "signup": Source.SYSTEM}


def _do(session: Session, workspace_id: int, made: Made, random: Random) -> None:
    for _ in range(random.randrange(5)):
        at = NOON - timedelta(days=random.choice((1, 29, 31, 100)))
        made.events.append((random.choice(("click", "open", "signup")), at, random.choice(("human", "scanner"))))
    rows = [
        ActivityRow(workspace_id, made.id, at, _EVENTS[kind], _SOURCES[kind], verdict=verdict)
        for kind, at, verdict in made.events
    ]
    for _ in range(random.randrange(4)):
        at = NOON - timedelta(days=random.choice((1, 29, 31, 100)))
        data = {"colour": random.choice(DATA), "price": random.choice(DATA)}
        made.reported.append((random.choice(("viewed", "Viewed")), at, data if random.random() < 0.8 else {}))
    rows += [
        ActivityRow(workspace_id, made.id, at, name, Source.API, facts={"data": data})
        for name, at, data in made.reported
    ]
    activities.record_many(session, rows, now=NOON)


# What programs send with an event; None is a property that is there and says nothing.
DATA = ("red", "RED", "Rot 7", "38.5", "38.50", 38.5, 7, -1, 0, True, None, "", "名", "1e3", "null")


def _agree(session: Session, workspace_id: int, topic_id: int, made: Made, random: Random) -> None:
    for purpose, topic in (("marketing", topic_id), ("profiling", 0)):
        if random.random() < 0.5:
            evidence = Evidence(method="web_form")
            actions.grant(session, workspace_id, made.id, purpose=purpose, topic_id=topic, evidence=evidence, now=NOON)
            made.allowed.add((purpose, topic))


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


def counted(session: Session, workspace_id: int, rule: Rule, *, now: datetime) -> int:
    """Return how many of the workspace's people a rule matches."""
    return preview.count(session, segments.matches_query(session, workspace_id, rule, now=now))


def matches(rule: Rule, who: Made, kept: Mapping[int, Rule] = NOTHING_KEPT) -> bool:
    """Read a rule naively; `kept` are the rules of other segments by id."""
    match rule:
        case rules.AllOf():
            return all(matches(inside, who, kept) for inside in rule.rules)
        case rules.AnyOf():
            return any(matches(inside, who, kept) for inside in rule.rules)
        case rules.Not():
            return not matches(rule.rule, who, kept)
        case conditions.InSegment():
            return matches(kept[rule.segment], who, kept)
        case conditions.OnList():
            return rule.list in who.lists
        case conditions.Reported():
            fitting = [
                name
                for name, at, data in who.reported
                if name == rule.name and _inside(at, rule) and all(_passes(test, data) for test in rule.where)
            ]
            return _counts(len(fitting), rule)
        case conditions.HasTag():
            return rule.tag in who.tags
        case conditions.Permission():
            return ((rule.purpose, rule.topic) in who.allowed) == (rule.state == "allowed")
        case conditions.Purchased():
            sums = [amount for at, amount in who.purchases if _inside(at, rule)]
            return _counts(len(sums) if rule.measure == "count" else sum(sums), rule)
        case conditions.Did():
            seen = [
                verdict
                for kind, at, verdict in who.events
                if kind == rule.kind
                and _inside(at, rule)
                and (rule.verdict == "any" or kind == "signup" or verdict == "human")
            ]
            return _counts(len(seen), rule)
    return _compares(rule, who.values[rule.field])


def _passes(test: conditions.EventTest, data: Mapping[str, Anything]) -> bool:
    value = data.get(test.property)
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else None if value is None else str(value)
    if test.compare in ("is_known", "is_unknown"):
        return (text is None) == (test.compare == "is_unknown")
    if text is None:
        return test.compare == "is_not"
    assert test.value is not None
    number, bound = _number(text), _number(test.value)
    if test.compare in ("more_than", "less_than"):
        assert bound is not None
        return number is not None and (number > bound if test.compare == "more_than" else number < bound)
    if test.compare == "contains":
        return test.value.lower() in text.lower()
    is_same = text == test.value or (number is not None and number == bound)
    return is_same == (test.compare == "is")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[+-]?[0-9]{1,30}([.][0-9]{1,30})?", text) else None


def _compares(rule: Condition, value: Anything) -> bool:
    match rule:
        case conditions.IsKnown():
            return value is not None
        case conditions.IsUnknown():
            return value is None
        case conditions.IsNot():
            return bool(value != rule.value)
        case conditions.NotWithinLast():
            return value is None or not _recent_day(value, rule.days)
        case conditions.NotIn():
            return value not in rule.values
    if value is None:
        return False
    match rule:
        case conditions.Amount():
            amount, _, currency = value.partition(" ")
            compare = {"more_than": operator.gt, "less_than": operator.lt, "equal": operator.eq}[rule.compares]
            return currency == rule.currency and bool(compare(Decimal(amount), rule.value))
        case conditions.AmountBetween():
            amount, _, currency = value.partition(" ")
            return currency == rule.currency and bool(rule.low <= Decimal(amount) <= rule.high)
        case conditions.IncludesAny():
            return bool(set(value) & set(rule.values))
        case conditions.IncludesAll():
            return set(rule.values) <= set(value)
        case conditions.RefersTo():
            return any(each == f"no-{value}" or each.lower() == value.lower() for each in rule.values)
        case conditions.Is():
            return bool(value == rule.value)
        case conditions.In():
            return (Decimal(str(value)) if isinstance(value, int | float) else value) in rule.values
        case conditions.WithinNext():
            return _coming(value, rule.days)
        case conditions.LongerAgo():
            return _passed(value, rule.days)
        case conditions.Contains():
            return rule.value.lower() in value.lower()
        case conditions.StartsWith():
            return bool(value.lower().startswith(rule.value.lower()))
        case conditions.GreaterThan():
            return bool(Decimal(str(value)) > rule.value)
        case conditions.LessThan():
            return bool(Decimal(str(value)) < rule.value)
        case conditions.Before():
            return _day(value) < rule.value
        case conditions.After():
            return _day(value) > rule.value
        case conditions.Anniversary():
            return _has_anniversary(_day(value), rule.days)
        case conditions.WithinLast():
            return _recent_day(value, rule.days)
        case conditions.Between(low=date()):
            return bool(rule.low <= _day(value) <= rule.high)
        case conditions.Between():
            return bool(rule.low <= Decimal(str(value)) <= rule.high)
    raise AssertionError(rule)


def _has_anniversary(day: date, days: int) -> bool:
    today = NOON.astimezone(BERLIN).date()
    years = (year for year in (today.year, today.year + 1) if year > day.year)
    is_leap_day = (day.month, day.day) == (2, 29)
    comes = (day.replace(year=year, day=28 if is_leap_day and year % 4 else day.day) for year in years)
    return any(today <= each < today + timedelta(days=days) for each in comes)


def _day(value: Anything) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value.astimezone(BERLIN).date()


def _coming(value: Anything, days: int) -> bool:
    until = NOON + timedelta(days=days)
    if isinstance(value, datetime):
        return NOON <= value <= until
    return NOON.astimezone(BERLIN).date() <= _day(value) <= until.astimezone(BERLIN).date()


def _passed(value: Anything, days: int) -> bool:
    since = NOON - timedelta(days=days)
    return value < since if isinstance(value, datetime) else _day(value) < since.astimezone(BERLIN).date()


def _inside(at: datetime, rule: conditions.Did | conditions.Purchased | conditions.Reported) -> bool:
    day = at.astimezone(BERLIN).date()
    return (
        _recent(at, rule.days)
        and (rule.since is None or day >= rule.since)
        and (rule.until is None or day <= rule.until)
    )


def _counts(number: Anything, rule: conditions.Did | conditions.Purchased | conditions.Reported) -> bool:
    return bool(rule.at_least <= number and (rule.at_most is None or number <= rule.at_most))


def _recent(at: datetime, days: int | None) -> bool:
    return at <= NOON and (days is None or at >= NOON - timedelta(days=days))


def _recent_day(value: Anything, days: int) -> bool:
    if isinstance(value, datetime):
        return _recent(value, days)
    return (NOON - timedelta(days=days)).astimezone(BERLIN).date() <= _day(value) <= NOON.astimezone(BERLIN).date()


def form_of(tree: LineGroup, at: str = ROOT) -> dict[str, str]:
    """Return the inputs the builder shows for a tree."""
    form = {f"{at}-match": tree.match}
    for number, item in enumerate(tree.items):
        place = f"{at}.{number}"
        if isinstance(item, LineGroup):
            form |= form_of(item, place)
        else:
            form |= {f"{place}-what": item.what, f"{place}-op": item.op}
            form |= {f"{place}-{name}": word for name, word in item.words.items()}
    return form
