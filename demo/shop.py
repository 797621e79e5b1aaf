"""The shop's past: five thousand customers and eighteen months of purchases, from a seed.

The shape is that of real shops (Fader and Hardie, "buy till you die"): most people buy once; those who come back do so
at rates that differ a lot between them, and each may silently stop; a few per cent bring a large part of the revenue.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from demo.names import PLACES, Place

DAYS = 548
NEWSLETTER = "news"
WORDING = "Yes, please write to me about new teas, recipes and offers, at most four times a month. I can stop any time."
FORM = "https://www.nightjar-tea.example/checkout"

# Product and price in euros, by category.
CATALOGUE = {
    "Tea > Black": (("Darjeeling First Flush 100 g", 14.90), ("Assam Broken 250 g", 11.50),
                    ("Earl Grey Blue 100 g", 9.80), ("Winter tea 100 g", 8.40)),
    "Tea > Green": (("Sencha Fukujyu 100 g", 12.40), ("Gyokuro Asahi 50 g", 24.90),
                    ("Matcha, stone ground 30 g", 27.50), ("Longjing 龙井 50 g", 21.00)),
    "Tea > Other": (("Tieguanyin Oolong 100 g", 19.80), ("White Peony 50 g", 13.20), ("Pu'er cake, 2016", 39.00)),
    "Herbs": (("Rooibos & Orange 100 g", 6.90), ("Peppermint, whole leaf 50 g", 5.20), ("Chai spices 150 g", 8.90),
              ("Evening herbs 75 g", 6.40)),
    "Gifts": (("Advent box", 34.00), ("Tasting set, six blacks", 22.00), ("Tasting set, six greens", 23.00),
              ("Book: The Slow Leaf", 26.00)),
    "Teaware": (("Glass teapot 0.8 l", 29.00), ("Cast-iron teapot", 64.00), ("Gaiwan, white porcelain", 18.50),
                ("Matcha whisk", 15.90), ("Strainer", 9.50)),
}  # fmt: skip
PRODUCTS = tuple(pair for products in CATALOGUE.values() for pair in products)
# What goes into the parcel beside the tea, by its price.
EXTRAS = {4.9: "Paper filters, 100", 9.8: "Storage tin, small", 14.9: "Storage tin, large", 24.9: "Pair of cups"}
CATEGORY_OF = {name: category for category, products in CATALOGUE.items() for name, _ in products} | dict.fromkeys(
    EXTRAS.values(), "Teaware > Small things"
)
# The number each product has in the shop.
NUMBER_OF = {name: f"NT-{number:03d}" for number, name in enumerate(CATEGORY_OF, start=101)}
# Reserved names; the mail catcher knows that mailboxes at gone.example do not exist any more, and full.example is full.
_DOMAINS = {
    "example.com": 30, "example.net": 20, "example.org": 15, "post.example": 15, "mail.example": 12,
    "youxiang.example": 6.6, "gone.example": 1.2, "full.example": 0.2,
}  # fmt: skip


@dataclass(frozen=True)
class Purchase:
    """One order. `amount` is in euros, with two decimals."""

    order_ref: str
    email: str
    at: datetime
    product: str
    items: int
    amount: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Line:
    """One product of an order, and what its pieces cost in all."""

    product: str
    pieces: int
    amount: str


@dataclass(frozen=True)
class Person:
    """One line of the shop's old customer list. `agreed_at` is None where there is no proof of a yes."""

    email: str
    first_name: str
    last_name: str
    place: Place
    city: str
    tags: tuple[str, ...]
    says_yes: bool
    agreed_at: datetime | None
    purposes: tuple[str, ...]
    ip: str

    @property
    def has_evidence(self) -> bool:
        return self.says_yes and self.agreed_at is not None


@dataclass(frozen=True)
class Shop:
    """Everything the files will say."""

    people: tuple[Person, ...]
    purchases: tuple[Purchase, ...]


def open_for(count: int, *, seed: int, today: date) -> Shop:
    """Return the same shop for the same arguments."""
    rng = random.Random(seed)
    people: list[Person] = []
    bought: list[tuple[datetime, Person]] = []
    weights = [place.share for place in PLACES]
    for number in range(count):
        place = rng.choices(PLACES, weights)[0]
        days = sorted(_days_of(rng))
        moments = [_moment(rng, place, today - timedelta(days=DAYS + 1 - day)) for day in days]
        first = moments[0] if moments else _moment(rng, place, today - timedelta(days=rng.randrange(3, DAYS)))
        person = _person(rng, number, place, first, len(moments))
        people.append(person)
        bought += [(at, person) for at in moments]
    bought.sort(key=lambda pair: (pair[0], pair[1].email))
    purchases = tuple(_purchase(rng, number, at, person) for number, (at, person) in enumerate(bought, start=1))
    return Shop(tuple(people), purchases)


def _days_of(rng: random.Random) -> Iterator[int]:
    """Yield the days, counted from the shop's first, on which one customer buys."""
    kind = rng.random()
    if kind < 0.07:
        return  # signed up for the newsletter, has bought nothing yet
    day = float(_first_day(rng))
    yield int(day)
    if kind < 0.62:
        return  # bought once
    is_regular = kind > 0.975
    pause = rng.lognormvariate(2.7, 0.35) if is_regular else rng.lognormvariate(4.15, 0.6)
    staying = 0.995 if is_regular else 0.86
    while rng.random() < staying:
        day += max(1.0, rng.expovariate(1 / pause))
        if day >= DAYS:
            return
        yield int(day)


def _first_day(rng: random.Random) -> int:
    """Return a day; later ones are likelier, for the shop grows, and so are the weeks before Christmas."""
    while True:
        day = rng.triangular(0, DAYS, DAYS)
        if rng.random() < (1.0 if int(day) % 365 > 300 else 0.7):
            return int(day)


def _moment(rng: random.Random, place: Place, on: date) -> datetime:
    hour = min(22, max(7, int(rng.gauss(17, 4))))
    return datetime.combine(on, time(hour, rng.randrange(60), rng.randrange(60)), ZoneInfo(place.time_zone))


def _person(rng: random.Random, number: int, place: Place, first: datetime, orders: int) -> Person:
    given, family = rng.choice(place.given), rng.choice(place.family)
    answer = rng.random()
    # Four in five ticked the box and the shop kept the proof; one in twenty is only "known to have agreed".
    says_yes, has_proof = answer < 0.85, answer < 0.79
    purposes = ["marketing", *_some(rng, (("open_tracking", 0.66), ("click_tracking", 0.8), ("profiling", 0.6)))]
    tags = _some(rng, (("loose-leaf", 0.45), ("gift", 0.2), ("matcha", 0.15)))
    if orders > 7:
        tags.append("regular")
    return Person(
        email=_address(rng, number, given, family),
        first_name=given,
        last_name=family,
        place=place,
        city=rng.choice(place.cities),
        tags=tuple(tags),
        says_yes=says_yes,
        agreed_at=first if says_yes and has_proof else None,
        purposes=tuple(purposes) if has_proof else (),
        ip=f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(1, 255)}",
    )


def _some(rng: random.Random, shares: tuple[tuple[str, float], ...]) -> list[str]:
    return [name for name, share in shares if rng.random() < share]


def _address(rng: random.Random, number: int, given: str, family: str) -> str:
    plain = unicodedata.normalize("NFKD", f"{given}.{family}").encode("ascii", "ignore").decode().lower()
    local = "".join(char for char in plain if char.isalnum() or char == ".").strip(".") or "tea.friend"
    return f"{local}{number}@{rng.choices(list(_DOMAINS), list(_DOMAINS.values()))[0]}"


def _purchase(rng: random.Random, number: int, at: datetime, person: Person) -> Purchase:
    product, price = rng.choices(PRODUCTS, [1 / cost**0.5 for _, cost in PRODUCTS])[0]
    items = min(6, 1 + int(rng.expovariate(1.6)))
    extra = rng.choice((4.9, 9.8, 14.9, 24.9) if "regular" in person.tags else (0.0, 0.0, 4.9, 9.8, 14.9))
    lines = [Line(product, items, f"{price * items:.2f}")]
    if extra:
        lines.append(Line(EXTRAS[extra], 1, f"{extra:.2f}"))
    ref, total = f"N{at:%y%m}-{number:06d}", f"{price * items + extra:.2f}"
    return Purchase(ref, person.email, at, product, items, total, tuple(lines))
