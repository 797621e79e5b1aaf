"""Calls, visits, notes, support and feedback are logged in two clicks, found again, asked for by rules, taken back."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from app.accounts import undo
from app.conditions.contacts import Contacted, Dissatisfied
from app.customers.profiles import fields
from app.customers.timeline import activities, contacts, timeline
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.contacts import KINDS, Contact, ContactRefused
from app.customers.timeline.event_names import Source
from app.kernel.refusals import Refusal
from app.segments import sentence
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON
from tests.factories.conditions import VOCABULARY
from tests.factories.customers import a_customer


def _log(session, workspace, person, name="call", text="Asked for tea", now=NOON, **more):
    contact = Contact(name, text, workspace.owner_id, "Olga", **more)
    return contacts.log(session, workspace.id, person.id, contact, now=now)


@pytest.mark.parametrize("direction", contacts.DIRECTIONS)
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_stands_in_its_channel(session, workspace, name, direction):
    ada = a_customer(session, workspace.id)
    _log(session, workspace, ada, name, direction=direction, score=4)

    (entry,) = timeline.read(session, workspace.id, ada.id, channel=KINDS[name].channel).entries
    assert entry.title in (KINDS[name].title_in, KINDS[name].title_out)
    assert (entry.detail, entry.values["staff"]) == ("Asked for tea", "Olga")
    assert timeline.read(session, workspace.id, ada.id, channel="mail").entries == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "fax"}, "how"),
        ({"direction": "up"}, "how"),
        ({"name": "noted", "text": "  "}, "words"),
        ({"text": "x" * 4001}, "words"),
        ({"name": "satisfaction"}, "score"),
        ({"name": "satisfaction", "score": 6}, "score"),
    ],
)
def test_what_cannot_be_logged_is_refused(session, workspace, wrong, field):
    ada = a_customer(session, workspace.id)

    with pytest.raises(ContactRefused) as refused:
        _log(session, workspace, ada, **wrong)
    assert refused.value.field == field


def test_an_entry_is_taken_back_once(session, workspace):
    ada = a_customer(session, workspace.id)
    step = _log(session, workspace, ada, text="")
    staff = {"staff_id": workspace.owner_id, "now": NOON}
    opposite, kept = undo.take(session, workspace.id, step.values["step_id"], **staff)
    opposite.restore(session, workspace.id, kept, **staff)

    assert timeline.read(session, workspace.id, ada.id).entries == []
    with pytest.raises(Refusal):
        opposite.restore(session, workspace.id, kept, **staff)


def test_rules_count_as_one_counts_by_hand(session, workspace):
    random = Random(3)
    had = {}
    for _ in range(30):
        person = a_customer(session, workspace.id)
        had[person.id] = []
        for _ in range(random.randrange(4)):
            name, direction = random.choice(list(KINDS)), random.choice(contacts.DIRECTIONS)
            score, at = random.choice(contacts.SCORES), NOON - timedelta(days=random.choice((0, 10, 40)))
            if name != "noted" and random.random() < 0.3:
                facts = {"data": {"direction": direction, "score": score}}
                row = ActivityRow(workspace.id, person.id, at, name, Source.API, facts=facts)
                activities.record(session, row, now=NOON)
            else:
                _log(session, workspace, person, name, now=at, direction=direction, score=score)
            had[person.id].append((name, direction, score, at))

    for how in ("any", "call", "complaint"):
        for direction in ("any", "in", "out"):
            for days in (None, 30):
                for least, most in ((1, None), (2, None), (0, 0), (1, 1)):
                    rule = Contacted(how, least, days, direction, at_most=most)
                    expected = {
                        person
                        for person, rows in had.items()
                        if least
                        <= len(
                            [
                                row
                                for row in rows
                                if how in ("any", row[0]) and direction in ("any", row[1]) and _recent(row[3], days)
                            ]
                        )
                        <= (99 if most is None else most)
                    }
                    assert _found(session, workspace, rule) == expected, rule
    for worst in (1, 3, 5):
        expected = {
            person
            for person, rows in had.items()
            if any(row[0] == "satisfaction" and row[2] <= worst and _recent(row[3], 30) for row in rows)
        }
        assert _found(session, workspace, Dissatisfied(str(worst), 30)) == expected


def _recent(at, days):
    return days is None or at >= NOON - timedelta(days=days)


def _found(session, workspace, rule):
    population = Population(workspace.id, fields.columns(session, workspace.id), NOON)
    return set(session.scalars(compile_rule(rule, population).matches))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Contacted("call", 1, 90, "in"), "there was “Call” from them in the last 90 days"),
        (Contacted("any", 0, at_most=0), "there was no “contact of any kind” from either side at any time"),
        (Dissatisfied("2"), "they rated their satisfaction at most 2 of 5 at any time"),
    ],
)
def test_they_read_as_sentences(rule, said):
    assert sentence.describe(rule, VOCABULARY) == f"Customers for whom {said}."


def test_two_clicks_log_a_call_and_one_takes_it_back(client, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
    url = f"/customers/{ada.id}"
    assert client.post(f"{url}/notes", data={"how": "call", "direction": "in"}).location == url
    shown = client.get(url).text
    assert "They called" in shown
    step = shown.split("/undo/")[1].split('"')[0]
    client.post(f"/undo/{step}")
    assert "They called" not in client.get(url).text.split("The entry is taken back.")[-1].split("Log activity")[0]

    lost = client.post(f"{url}/notes", data={"how": "satisfaction", "words": "Was polite", "direction": "in"})
    assert lost.status_code == 422
    assert "Say how satisfied they are" in lost.text
    assert "Was polite" in lost.text
    client.post(f"{url}/notes", data={"how": "satisfaction", "words": "Was polite", "score": "2", "direction": "in"})
    assert "2 of 5" in client.get(f"{url}?channel=feedback").text
    assert "2 of 5" not in client.get(f"{url}?channel=call").text.split('id="timeline"')[1]
