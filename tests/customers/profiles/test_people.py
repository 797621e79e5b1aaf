"""People are found, changed and summed up; each value says where it comes from."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.customers import values
from app.customers.addresses import changes, emails
from app.customers.profiles import dates, engagement, fields, people
from app.customers.timeline import activities, contacts, timeline
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.contacts import Contact
from app.customers.timeline.event_names import EventName, Source
from tests.factories import NOON
from tests.factories.customers import a_customer, a_purchase, a_response


def test_the_same_address_is_the_same_person(session, workspace):
    ada = a_customer(session, workspace.id, "ada@example.com", first_name="Ada")
    again = a_customer(session, workspace.id, "ADA@Example.com", city="London", tags=["vip"])

    assert again.id == ada.id
    assert (again.first_name, again.city, again.email) == ("Ada", "London", "ada@example.com")
    assert again.provenance["city"][0] == "api:1"


def test_an_address_can_change_but_not_to_somebody_elses(session, workspace):
    ada, bob = a_customer(session, workspace.id, "ada@b.co"), a_customer(session, workspace.id, "bob@b.co")
    changes.change_email(session, ada, email="ada@new.example", source="staff:Olga", now=NOON)

    assert people.find_by_email(session, workspace.id, "ADA@new.example").id == ada.id
    with pytest.raises(changes.AddressTaken):
        changes.change_email(session, bob, email="Ada@new.example", source="staff:Olga", now=NOON)
    with pytest.raises(emails.BadAddress):
        changes.change_email(session, bob, email="bob", source="staff:Olga", now=NOON)


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("number", "1,234.5", 1234.5),
        ("date", "2024-02-29", "2024-02-29"),
        ("boolean", "是", True),
        ("choice", "S", "S"),
    ],
)
def test_own_fields_keep_typed_values(session, workspace, kind, text, kept):
    fields.create(session, workspace.id, key="own", label="Own", kind=kind, choices=["S", "M"])
    ada = a_customer(session, workspace.id, own=text)

    assert ada.custom == {"own": kept}
    with pytest.raises(fields.ValueRefused):
        a_customer(session, workspace.id, own="neither")


@pytest.mark.parametrize("key", ["__class__", "a b", "email", "1a", "", "Size", "x" * 41, "constructor"])
def test_hostile_keys_are_refused(session, workspace, key):
    with pytest.raises(fields.FieldRefused):
        fields.create(session, workspace.id, key=key, label="Size", kind="text")


def test_every_field_can_be_asked_for(session, workspace):
    fields.create(session, workspace.id, key="size", label="Size", kind="number")
    a_customer(session, workspace.id, size="42")
    known = fields.columns(session, workspace.id)
    query = people.base_query(workspace.id).add_columns(*(info.expression for info in known.values()))

    assert len(session.execute(query).one()) == len(known) + 1


def test_sums_only_move_forward_in_time(session, workspace):
    ada = a_customer(session, workspace.id)
    later, earlier = NOON + timedelta(hours=1), NOON
    clicks = [a_response(ada.id, at=at) for at in (earlier, later)]
    others = [a_response(ada.id, at=earlier, name="opened"), a_response(ada.id, at=later, verdict="scanner")]
    activities.record_hits(session, workspace.id, clicks, version=1, now=NOON)
    activities.record_hits(session, workspace.id, [*others, a_response(ada.id, at=earlier)], version=1, now=NOON)
    engagement.record_reply(session, workspace.id, ada.id, at=earlier)

    sums = engagement.get(session, workspace.id, ada.id)
    session.refresh(sums)
    assert (sums.click_count, sums.open_count, sums.machine_count) == (3, 1, 1)
    assert (sums.latest_click_at, sums.latest_open_at, sums.latest_human_at) == (later, earlier, later)
    assert sums.latest_reply_at == earlier


def test_the_timeline_pages_without_gaps_or_repeats(session, workspace):
    ada = a_customer(session, workspace.id)
    rows = [
        ActivityRow(
            *(workspace.id, ada.id, NOON - timedelta(hours=n // 4), EventName.CLICKED, Source.TRACKING), reasons=("a",)
        )
        for n in range(23)
    ]
    activities.record_many(session, rows, now=NOON)
    for day in range(9):
        a_purchase(session, ada, at=NOON - timedelta(hours=day // 3))
    seen, after = [], None
    for _page in range(20):
        page = timeline.read(session, workspace.id, ada.id, after=after, limit=5)
        seen += [entry.key for entry in page.entries]
        after = page.following
        if after is None:
            break

    assert len(seen) == len(set(seen)) == 32


def test_a_note_stands_on_the_timeline(session, workspace):
    ada = a_customer(session, workspace.id)
    logged = Contact("call", "Likes tea", workspace.owner_id, "Olga", "out")
    contacts.log(session, workspace.id, ada.id, logged, now=NOON)

    entry = timeline.read(session, workspace.id, ada.id).entries[0]
    assert (entry.kind, entry.detail, entry.values["staff"]) == ("call", "Likes tea", "Olga")


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("2026-03-31", "ymd", "2026-03-31T10:00:00+00:00"),
        ("20260331", "ymd", "2026-03-31T10:00:00+00:00"),
        ("31.03.2026", "dmy", "2026-03-31T10:00:00+00:00"),
        ("03/04/2026", "mdy", "2026-03-04T11:00:00+00:00"),
        ("03/04/2026 14:05", "dmy", "2026-04-03T12:05:00+00:00"),
        ("2026-03-31 2:05 pm", "ymd", "2026-03-31T12:05:00+00:00"),
        ("2026-03-31T14:05:06Z", "ymd", "2026-03-31T14:05:06+00:00"),
        ("2026-03-31T14:05:06+02:00", "ymd", "2026-03-31T12:05:06+00:00"),
        ("2026-03-31T14:05:06.123456", "ymd", "2026-03-31T12:05:06.123456+00:00"),
        ("2026-03-31 14:05:06 -0500", "ymd", "2026-03-31T19:05:06+00:00"),
        ("2026-03-31 14:05:06 UTC", "ymd", "2026-03-31T14:05:06+00:00"),
        ("2026年3月31日 下午2:05", "ymd", "2026-03-31T12:05:00+00:00"),
        ("3/31/26 2:05 PM", "mdy", "2026-03-31T12:05:00+00:00"),
        ("Mar 31, 2026 at 2:05 PM", "dmy", "2026-03-31T12:05:00+00:00"),
        ("31. März 2026", "mdy", "2026-03-31T10:00:00+00:00"),
        ("31 de marzo de 2026", "mdy", "2026-03-31T10:00:00+00:00"),
        ("1774965906", "dmy", "2026-03-31T14:05:06+00:00"),
    ],
)
def test_times_are_read_in_the_shops_zone(text, order, iso):
    assert dates.moment(text, order, "Europe/Berlin").isoformat() == iso


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30", "1-2-026", "9999-01-01", "2026-01-01 25:00"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError):
        dates.moment(text, "ymd")


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        *(("1,234.50", ".", "1234.50"), ("1.234,50", ",", "1234.50"), ("€ 12", ".", "12"), ("1 234,5", ",", "1234.5")),
        *(("(12,50)", ",", "-12.50"), ("12,50-", ",", "-12.50"), ("−5", ".", "-5"), ("12,34,567", ".", "1234567")),
        *(("-5.00", ".", "-5.00"), ("'-5", ".", "-5"), ("¥1,000,000", ".", "1000000")),
    ],
)
def test_amounts_are_read_as_written(text, decimal, value):
    assert values.amount(text, decimal=decimal) == Decimal(value)


@pytest.mark.parametrize("text", ["", "12,50", "1e5", "NaN", "1.2.3", "--1", "12x"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="amount"):
        values.amount(text)


def test_a_time_zone_nobody_knows_is_refused(session, workspace):
    assert a_customer(session, workspace.id, time_zone="Asia/Shanghai").time_zone == "Asia/Shanghai"
    with pytest.raises(fields.ValueRefused):
        a_customer(session, workspace.id, time_zone="Mars/Base")
