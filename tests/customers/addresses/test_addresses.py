"""Addresses end and are never overwritten; a customer's own columns are always the primary email in use."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from app.accounts import undo
from app.customers.addresses import changes, emails, kinds, phones, queries
from app.customers.addresses.changes import NewAddress
from app.customers.profiles import people
from app.kernel.refusals import NotFound, Refusal
from tests.factories import NOON
from tests.factories.addresses import all_addresses, astray
from tests.factories.customers import a_customer, import_file

MAILS = ("ada@b.co", "ADA@b.co", "ada+news@b.co", "bob@b.co", "grace@bücher.example", "grace@xn--bcher-kva.example")


def living(session, customer, kind="email"):
    found = all_addresses(session, customer.workspace_id, customer.id)
    return [(each.value, each.is_primary) for each in found if each.kind == kind and each.ended_at is None]


def ended(session, customer):
    found = all_addresses(session, customer.workspace_id, customer.id)
    return [each.value for each in found if each.ended_at is not None]


def test_a_changed_email_ends_the_former_one_and_keeps_it(session, workspace):
    ada = a_customer(session, workspace.id, "ada@b.co")
    changes.change_email(session, ada, email="ada@new.example", source="staff:Olga", now=NOON + timedelta(days=1))

    assert living(session, ada) == [("ada@new.example", True)]
    assert ended(session, ada) == ["ada@b.co"]
    assert (ada.email, ada.email_key, ada.provider) == ("ada@new.example", "ada@new.example", "other")
    assert ada.provenance["email"][0] == "staff:Olga"
    assert people.find_by_email(session, workspace.id, "ada@b.co") is None


def test_another_spelling_is_the_same_mailbox_and_stays_verified(session, workspace):
    ada = a_customer(session, workspace.id, "ada@b.co")
    changes.verify(session, workspace.id, ada.id, ada.address_digest, now=NOON)
    changes.change_email(session, ada, email="Ada@B.co", source="staff:Olga", now=NOON)

    assert ada.email == "Ada@B.co"
    assert [each.verified_at for each in all_addresses(session, workspace.id, ada.id)] == [NOON, NOON]


def test_whoever_is_found_by_a_second_email_stays_one_person(session, workspace):
    ada = a_customer(session, workspace.id, "ada@b.co")
    changes.add(session, ada, NewAddress("email", "ada@work.example", "work"), source="staff:Olga", now=NOON)
    again = a_customer(session, workspace.id, "Ada@Work.example", city="London")

    assert again.id == ada.id
    assert again.email == "ada@b.co"
    assert living(session, ada) == [("ada@b.co", True), ("ada@work.example", False)]


def test_an_email_that_ended_may_be_somebody_elses(session, workspace):
    ada, bob = a_customer(session, workspace.id, "info@b.co"), a_customer(session, workspace.id, "bob@b.co")
    with pytest.raises(changes.AddressTaken):
        changes.add(session, bob, NewAddress("email", "INFO@b.co"), source="staff:Olga", now=NOON)
    again = changes.end(session, ada, ada.address_id, staff_id=workspace.owner_id, source="staff:Olga", now=NOON)
    changes.add(session, bob, NewAddress("email", "INFO@b.co"), source="staff:Olga", now=NOON)

    assert (ada.email, ada.address_id, ada.address_digest) == (None, None, None)
    assert people.find_by_email(session, workspace.id, "info@b.co").id == bob.id
    kind, values = undo.take(session, workspace.id, again.values["step_id"], staff_id=workspace.owner_id, now=NOON)
    with pytest.raises(changes.AddressTaken):
        kind.restore(session, workspace.id, values, staff_id=workspace.owner_id, now=NOON)


def test_the_verified_one_follows_a_primary_that_ends(session, workspace):
    ada = a_customer(session, workspace.id, "first@b.co")
    for mail in ("second@b.co", "third@b.co"):
        added = changes.add(session, ada, NewAddress("email", mail), source="staff:Olga", now=NOON)
    changes.verify(session, workspace.id, ada.id, added.digest, now=NOON)
    session.refresh(added)
    changes.end(session, ada, ada.address_id, staff_id=workspace.owner_id, source="staff:Olga", now=NOON)

    assert ada.email == "third@b.co"


def take_back(session, workspace, step):
    staff = {"staff_id": workspace.owner_id, "now": NOON}
    kind, values = undo.take(session, workspace.id, step.values["step_id"], **staff)
    kind.restore(session, workspace.id, values, **staff)


@pytest.mark.parametrize("has_chosen", [False, True])
def test_an_email_taken_back_is_primary_again_unless_another_was_chosen(session, workspace, has_chosen):
    """It took the place of the email that somebody had preferred meanwhile."""
    ada = a_customer(session, workspace.id, "first@b.co")
    for mail in ("second@b.co", "third@b.co"):
        added = changes.add(session, ada, NewAddress("email", mail), source="staff:Olga", now=NOON)
    step = changes.end(session, ada, ada.address_id, staff_id=workspace.owner_id, source="staff:Olga", now=NOON)
    if has_chosen:
        changes.make_primary(session, ada, added.id, source="staff:Olga", now=NOON)
    take_back(session, workspace, step)

    assert ada.email == ("third@b.co" if has_chosen else "first@b.co")
    assert len(living(session, ada)) == 3


def test_taking_back_leaves_nobody_with_too_many_addresses(session, workspace):
    ada = a_customer(session, workspace.id, "ada@b.co")
    step = changes.end(session, ada, ada.address_id, staff_id=workspace.owner_id, source="staff:Olga", now=NOON)
    for number in range(changes.MOST_LIVING):
        changes.add(session, ada, NewAddress("phone", f"030 123456{number:02}"), source="api:1", now=NOON)
    with pytest.raises(changes.TooManyAddresses):
        take_back(session, workspace, step)


@pytest.mark.parametrize(
    ("typed", "country", "key"),
    [
        ("+49 (0)30 1234567", None, "+49301234567"),
        ("030 / 1234567", "DE", "+49301234567"),
        ("0049 30 1234567", None, "+49301234567"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("030 1234567", None, "0301234567"),
        ("٠٣٠ ١٢٣٤٥٦٧", "DE", "+49301234567"),
    ],
)
def test_phone_numbers_are_one_however_they_are_written(typed, country, key):
    assert phones.find_key(typed, country=country) == key


@pytest.mark.parametrize("typed", ["", "12", "call me", "1" * 21, "+49 30 <b>1</b> 234", "030\x001234567"])
def test_what_cannot_be_called_is_refused(typed):
    with pytest.raises(phones.BadPhone):
        phones.find_key(typed, country="DE")


@pytest.mark.parametrize(
    ("kind", "value", "refusal"),
    [
        ("email", "a" * 308 + "@example.com", emails.BadAddress),
        ("email", "ada\x00@b.co", emails.BadAddress),
        ("email", "Ada <ada@b.co>", emails.BadAddress),
        ("postal", " \n\t", kinds.BadPostal),
        ("postal", "x" * 501, kinds.BadPostal),
        ("fax", "030 1234567", kinds.KindUnknown),
    ],
)
def test_hostile_addresses_are_refused(session, workspace, kind, value, refusal):
    with pytest.raises(refusal):
        changes.add(session, a_customer(session, workspace.id), NewAddress(kind, value), source="api:1", now=NOON)


def test_nobody_has_more_addresses_than_a_page_shows(session, workspace):
    ada = a_customer(session, workspace.id, "ada@b.co")
    for number in range(changes.MOST_LIVING - 1):
        changes.add(session, ada, NewAddress("phone", f"030 123456{number:02}"), source="api:1", now=NOON)
    with pytest.raises(changes.TooManyAddresses):
        changes.add(session, ada, NewAddress("email", "one@more.example"), source="api:1", now=NOON)


def test_an_erased_person_leaves_no_address(session, workspace):
    ada = a_customer(session, workspace.id, "ada@b.co")
    changes.add(session, ada, NewAddress("postal", "1 High Street\nLeeds"), source="api:1", now=NOON)
    changes.erase(session, workspace.id, ada.id, now=NOON)

    assert all_addresses(session, workspace.id, ada.id) == []
    assert (ada.email, ada.email_key, ada.address_digest) == (None, None, None)


def test_a_file_that_names_people_by_number_changes_their_email(database, workspace):
    head = "customer number,email,first name\n"
    mapped = {"0": "external_ref", "1": "email", "2": "first_name"}
    before = "C1,ada@b.co,Ada\nC2,bob@b.co,Bob\nC3,,Cy\n"
    after = "C1,ada@new.example,Ada\nC2,BOB@b.co,Bob\nC3,cy@b.co,Cy\n"
    for rows in (before, after):
        import_file(database, workspace.id, head + rows, mapped=mapped, match_by="external_ref")
    with database.transaction(workspace.id) as session:
        found = {ref: people.find_by_ref(session, workspace.id, ref) for ref in ("C1", "C2", "C3")}

        assert [person.email for person in found.values()] == ["ada@new.example", "BOB@b.co", "cy@b.co"]
        assert [ended(session, person) for person in found.values()] == [["ada@b.co"], ["bob@b.co"], []]
        assert astray(session) == []


@pytest.mark.parametrize(
    ("named", "former"), [("ada@work.example", True), ("Ada@Work.example", True), ("ada@new.example", False)]
)
def test_a_file_by_number_promotes_a_second_email_and_keeps_both(database, workspace, named, former):
    """The primary one ended where the same change by hand keeps it."""
    head = "customer number,email\n"
    import_file(database, workspace.id, head + "C1,ada@b.co\n", match_by="external_ref")
    with database.transaction(workspace.id) as session:
        ada = people.find_by_ref(session, workspace.id, "C1")
        changes.add(session, ada, NewAddress("email", "ada@work.example", "work"), source="test", now=NOON)
    import_file(database, workspace.id, head + f"C1,{named}\n", match_by="external_ref")
    with database.transaction(workspace.id) as session:
        ada = people.find_by_ref(session, workspace.id, "C1")
        others = [("ada@b.co", False)] if former else [("ada@work.example", False)]

        assert living(session, ada) == [(ada.email, True), *others]
        assert ada.email_key == named.lower()
        assert ended(session, ada) == ([] if former else ["ada@b.co"])
        assert astray(session) == []


def machine_for(session, workspace):
    """Build a machine that does anything to the addresses of a few people, and undoes it."""

    class Addresses(RuleBasedStateMachine):
        given = Bundle("given")
        undos = Bundle("undos")

        def __init__(self):
            super().__init__()
            self.people = [a_customer(session, workspace.id) for _ in range(2)]
            self.now = NOON
            self.history = 0

        def attempt(self, act, *args, **values):
            self.now += timedelta(minutes=1)
            try:
                return act(session, *args, **values, now=self.now)
            except Refusal:
                return None

        @rule(target=given, who=st.integers(0, 1), kind=st.sampled_from(queries.KINDS), value=st.sampled_from(MAILS))
        def adds(self, who, kind, value):
            typed = value if kind == "email" else f"030 {len(value)}00000"
            added = self.attempt(changes.add, self.people[who], NewAddress(kind, typed), source="test")
            return multiple() if added is None else (who, added.id)

        @rule(who=st.integers(0, 1), email=st.sampled_from(MAILS))
        def changes_the_email(self, who, email):
            self.attempt(changes.change_email, self.people[who], email=email, source="test")

        @rule(address=given)
        def makes_primary(self, address):
            self.attempt(changes.make_primary, self.people[address[0]], address[1], source="test")

        @rule(target=undos, address=given)
        def ends(self, address):
            who, address_id = address
            again = self.attempt(
                changes.end, self.people[who], address_id, staff_id=workspace.owner_id, source="test"
            )
            return again.values["step_id"] if again else multiple()

        @rule(target=undos, who=st.integers(0, 1))
        def ends_the_primary_email(self, who):
            if self.people[who].address_id is None:
                return multiple()
            return self.ends((who, self.people[who].address_id))

        @rule(step=undos)
        def undoes(self, step):
            staff = {"staff_id": workspace.owner_id, "now": self.now}
            try:
                kind, values = undo.take(session, workspace.id, step, **staff)
                kind.restore(session, workspace.id, values, **staff)
            except Refusal:
                return

        @rule(email=st.sampled_from(MAILS))
        def signs_up(self, email):
            self.now += timedelta(minutes=1)
            people.upsert(session, workspace.id, email=email, fields={}, source="form:news", now=self.now)

        @rule(who=st.integers(0, 1))
        def is_erased(self, who):
            self.attempt(changes.erase, workspace.id, self.people[who].id)
            self.history = 0

        @invariant()
        def the_projection_is_the_primary_email_in_use(self):
            assert astray(session) == []

        @invariant()
        def nothing_is_overwritten(self):
            known = sum(len(all_addresses(session, workspace.id, person.id)) for person in self.people)
            assert known >= self.history
            self.history = known

    return Addresses


def test_customers_repeat_their_primary_email_whatever_is_done(session, workspace):
    run_state_machine_as_test(
        machine_for(session, workspace),
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_an_address_of_somebody_else_is_not_found(session, workspace):
    ada, bob = a_customer(session, workspace.id), a_customer(session, workspace.id)
    with pytest.raises(NotFound):
        changes.make_primary(session, bob, ada.address_id, source="api:1", now=NOON)
