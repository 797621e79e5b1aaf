"""Customers of every shape, with what is known of them as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any as Anything

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.commerce.models import Order
from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.models import Engagement
from app.customers.organisations import organisations
from app.customers.profiles import fields, people
from app.customers.profiles.fields import FieldDraft
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from tests.factories.segments import BERLIN, NOON

TEXTS = ("", "DE", "de", "München", "大连", "a%b", "a_b", "a\\b", "O'Neill", "x y", "ber", "Berlin", "🙂", "null")
TAGS = ("vip", "VIP", "大客户", "a'b", "{x}", "")
HOBBIES = ("Roses", "Herbs", "大树")
DEALERS = ("Acme", "Rosenhof", "Ümlaut")
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
