"""Many changes at once come to what they come to one by one, in as many statements for twenty as for one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.customers.addresses import changes, many_changes, queries
from app.customers.addresses.changes import NewAddress
from app.customers.addresses.many_changes import AddressChange
from app.kernel.refusals import Refusal
from tests.factories import NOON
from tests.factories.addresses import all_addresses, astray
from tests.factories.customers import a_customer

LATER = NOON + timedelta(days=1)
_ADDRESSES = st.sampled_from(
    [("email", "ada@b.co"), ("email", "ADA@b.co"), ("email", "ada@work.example"), ("email", "bob@b.co"),
     ("email", "nobody"), ("phone", "030 1234567"), ("phone", "+49 30 1234567"), ("phone", "030 7654321"),
     ("postal", "1 High Street\nLeeds"), ("postal", "1 High Street, Leeds")]
)  # fmt: skip
_LABELS = st.sampled_from([None, "", "work", " home ", "x" * 41])
CHANGES = st.lists(
    st.builds(
        lambda address, label, is_primary, is_ended: AddressChange(*address, label, is_primary, is_ended),
        _ADDRESSES, _LABELS, st.booleans(), st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


class Undone(Exception):
    """Raised to take back what one way of doing it wrote."""


def one_by_one(session, customer, wanted):
    for each in wanted:
        address = changes.find(session, customer, each.kind, each.value)
        if address is None and each.is_ended:
            continue
        if address is None:
            new = NewAddress(each.kind, each.value, each.label or "")
            address = changes.add(session, customer, new, source="api:1", now=LATER)
        if each.label is not None and each.label.strip() != address.label:
            changes.relabel(session, customer, address.id, label=each.label)
        if each.is_ended:
            changes.end(session, customer, address.id, staff_id=None, source="api:1", now=LATER)
        elif each.is_primary and not address.is_primary:
            changes.make_primary(session, customer, address.id, source="api:1", now=LATER)


def at_once(session, customer, wanted):
    many_changes.set_many(session, customer, wanted, source="api:1", now=LATER)


def outcome(session, workspace, customer, do, wanted):
    """What there is afterwards, or that all was refused; it is taken back."""
    found = None
    try:
        with session.begin_nested():
            do(session, customer, wanted)
            rows = all_addresses(session, workspace.id, customer.id)
            found = {(row.kind, row.value, row.label, row.is_primary, row.ended_at) for row in rows}
            assert astray(session) == []
            raise Undone
    except Undone:
        pass
    except Refusal:
        found = "refused"
    session.refresh(customer)
    return found


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(wanted=CHANGES, has_phone=st.booleans())
def test_they_come_to_the_same_as_one_by_one(session, workspace, wanted, has_phone):
    with pytest.raises(Undone), session.begin_nested():
        ada = a_customer(session, workspace.id, "ada@b.co", country="DE")
        a_customer(session, workspace.id, "bob@b.co")
        if has_phone:
            changes.add(session, ada, NewAddress("phone", "030 1234567"), source="staff:1", now=NOON)

        expected = outcome(session, workspace, ada, one_by_one, wanted)
        assert outcome(session, workspace, ada, at_once, wanted) == expected
        raise Undone


def test_a_refusal_names_the_change_it_is_about(session, workspace):
    ada = a_customer(session, workspace.id)
    a_customer(session, workspace.id, "bob@b.co")
    for number, wrong in ((1, ("email", "bob@b.co")), (1, ("phone", "call me"))):
        with pytest.raises(Refusal) as refused:
            at_once(session, ada, [AddressChange("postal", "1 High Street"), AddressChange(*wrong)])
        assert refused.value.field == str(number)

    assert [row.kind for row in all_addresses(session, workspace.id, ada.id)] == ["email"]


def test_twenty_take_as_many_statements_as_one(session, workspace, statements):
    asked = []
    for count in (1, 19):
        customer = a_customer(session, workspace.id)
        wanted = [AddressChange("email", f"{count}-{n}@many.example", "work") for n in range(count)]
        with statements() as seen:
            at_once(session, customer, wanted)
        asked.append(len(seen))
        assert len(queries.list_living(session, workspace.id, customer.id)) == count + 1

    assert asked[0] == asked[1]


def test_the_history_is_read_page_by_page(session, workspace):
    ada = a_customer(session, workspace.id, "0@b.co")
    for day in range(1, 8):
        changes.change_email(session, ada, email=f"{day}@b.co", source="staff:1", now=NOON + timedelta(days=day // 2))
    found, after = [], None
    while True:
        page = queries.list_former(session, workspace.id, ada.id, after=after, limit=3)
        found.append([row.value for row in page.rows])
        if page.more_after is None:
            break
        after = page.more_after

    assert found == [["6@b.co", "5@b.co", "4@b.co"], ["3@b.co", "2@b.co", "1@b.co"], ["0@b.co"]]
