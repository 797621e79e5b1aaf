"""Whom the shop's customers belong with: households, cafés and offices that buy tea, and who referred whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.customers.organisations import members, organisations
from app.customers.profiles import people
from app.customers.relations import households, related
from app.segments.rules import Rule, Someone
from demo import acts
from demo.acts import Story
from demo.shop import Person

HOUSEHOLDS, REFERRALS = 120, 60
# (name, industry, employees, place in the list of the one above it)
FIRMS = (
    ("Hansa Hospitality", "Hospitality", 480, None),
    ("Café Elbblick", "Hospitality", 22, 0),
    ("Hotel Alsterhof", "Hospitality", 140, 0),
    ("Kontor Nord", "Professional services", 60, None),
    ("Lindgren Architects", "Professional services", 35, None),
    ("The Reading Room", "Retail", 9, None),
    ("Greenway Foods", "Food retail", 900, None),
    ("Greenway Foods Bremen", "Food retail", 110, 6),
)
STAFF = (
    ("Head of purchasing", ("decider", "buyer")),
    ("Kitchen manager", ("user", "influencer")),
    ("Office assistant", ("gatekeeper",)),
)
BOUGHT_AT_HOME: Rule = Someone("household", acts.BUYERS)


def bring_together(story: Story, buyers: set[str]) -> None:
    """Put people into households and organisations, and find whose household buys."""
    stage, made = story.stage, story.shop.people
    homes = list(islice(_homes(made), HOUSEHOLDS))
    with stage.transaction() as session:
        for home in homes:
            found = [find(session, stage.workspace_id, person) for person in home]
            households.put_together(session, stage.workspace_id, found, now=stage.now)
        _employ(session, story, made[:: len(made) // 40])
        for one, other in zip(made[0 : REFERRALS * 2 : 2], made[1 : REFERRALS * 2 : 2], strict=True):
            referred, referrer = (find(session, stage.workspace_id, person) for person in (one, other))
            related.relate(session, referred, referrer, "referred_by", now=stage.now)
    stage.say(f"{len(homes)} households, {len(FIRMS)} organisations, {REFERRALS} referrals")
    with_buyers = {
        person.email for home in homes for person in home if any(p.email in buyers for p in home if p is not person)
    }
    acts.choose(story, "Somebody else at home buys", BOUGHT_AT_HOME, len(with_buyers))


def _homes(made: tuple[Person, ...]) -> Iterator[list[Person]]:
    """Yield two or three people each who share a family name and a city."""
    waiting: dict[tuple[str, str], list[Person]] = {}
    for number, person in enumerate(made):
        home = waiting.setdefault((person.last_name, person.city), [])
        home.append(person)
        if len(home) == 2 + number % 2:
            yield waiting.pop((person.last_name, person.city))


def _employ(session: Session, story: Story, made: tuple[Person, ...]) -> None:
    workspace_id, now = story.stage.workspace_id, story.stage.now
    waiting = iter(made)
    ids: list[int] = []
    for number, (name, industry, employees, above) in enumerate(FIRMS):
        values = {
            "name": name,
            "external_ref": f"F-{number + 1}",
            "industry": industry,
            "employees": employees,
            "parent_id": None if above is None else ids[above],
            "country": "DE",
        }
        firm = organisations.add(session, workspace_id, values, now=now)
        ids.append(firm.id)
        for person, (position, roles) in zip(islice(waiting, len(STAFF)), STAFF, strict=False):
            place = {"position": position, "buying_roles": roles}
            members.put(session, find(session, workspace_id, person), firm.id, place, now=now)


def find(session: Session, workspace_id: int, person: Person) -> Customer:
    """Return the customer with this person's address; raise LookupError."""
    found = people.find_by_email(session, workspace_id, person.email)
    if found is None:
        raise LookupError(person.email)
    return found
