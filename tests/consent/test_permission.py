"""Who is mailable, asked for one person, for a batch, and for everybody."""

from datetime import timedelta

import pytest
from sqlalchemy import literal, select, text

from app.consent import actions, permission, suppression
from app.consent.ledger.evidence import Evidence
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.profiles import people
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer


def allowed_ids(session, workspace, now=NOON):
    query = permission.allowed_query(workspace.id, "marketing", workspace.topic_id, now)
    return [row.customer_id for row in session.execute(query)]


def why_not(session, workspace, customer, now=NOON):
    return permission.explain(session, workspace.id, customer.id, workspace.topic_id, now)


def test_only_who_agreed_is_in_the_audience(session, workspace):
    ada = consented_customer(session, workspace.id)
    bob = people.upsert(session, workspace.id, email="bob@example.com", fields={}, source="test", now=NOON)

    assert allowed_ids(session, workspace) == [ada.id]
    assert why_not(session, workspace, ada) is None
    assert why_not(session, workspace, bob) == permission.NO_RECORD


def test_permission_ends_on_its_day(session, workspace):
    """An implied consent stops by itself; nobody has to notice."""
    ada = people.upsert(session, workspace.id, email="ada@example.com", fields={}, source="test", now=NOON)
    actions.grant(
        session,
        workspace.id,
        ada.id,
        topic_id=workspace.topic_id,
        evidence=a_yes(),
        now=NOON,
        expires_at=NOON + timedelta(days=730),
        expires_rule="two years after a purchase",
    )

    assert allowed_ids(session, workspace, NOON + timedelta(days=729)) == [ada.id]
    assert allowed_ids(session, workspace, NOON + timedelta(days=730)) == []
    assert why_not(session, workspace, ada, NOON + timedelta(days=731)) == permission.REASONS["expired"]


@pytest.mark.parametrize("reason", suppression.REASONS)
def test_a_suppressed_address_is_refused_whatever_was_agreed(session, workspace, reason):
    ada = consented_customer(session, workspace.id)
    suppression.add(session, workspace.id, address_digest=ada.address_digest, reason=reason, source="test", now=NOON)

    assert allowed_ids(session, workspace) == []
    assert why_not(session, workspace, ada) == permission.SUPPRESSED[reason]


def test_a_changed_address_has_not_agreed_until_its_owner_does(session, workspace):
    """Whoever changes an address, by hand, by program or by file, does not speak for the mailbox."""
    ada = consented_customer(session, workspace.id)
    changes.change_email(session, ada, email="other@example.com", source="staff:9", now=NOON)
    assert why_not(session, workspace, ada) == permission.SUPPRESSED["unconfirmed"]
    assert allowed_ids(session, workspace) == []

    changes.change_email(session, ada, email="Ada@Example.com", source="staff:9", now=NOON)
    assert allowed_ids(session, workspace) == [ada.id]


def test_a_second_address_has_not_agreed_when_it_becomes_the_primary_one(session, workspace):
    """A consent speaks for the address it names, and goes on to do so when that is the primary one again."""
    ada = consented_customer(session, workspace.id)
    first = ada.address_id
    second = changes.add(session, ada, NewAddress("email", "ada@work.example"), source="staff:9", now=NOON)
    assert allowed_ids(session, workspace) == [ada.id]

    changes.make_primary(session, ada, second.id, source="staff:9", now=NOON)
    assert why_not(session, workspace, ada) == permission.SUPPRESSED["unconfirmed"]
    changes.make_primary(session, ada, first, source="staff:9", now=NOON)
    assert allowed_ids(session, workspace) == [ada.id]


def test_who_gets_an_address_that_was_somebody_elses_inherits_no_consent(session, workspace):
    ada = consented_customer(session, workspace.id)
    bob = consented_customer(session, workspace.id, email="bob@example.com")
    cy = people.upsert(session, workspace.id, email="cy@example.com", fields={}, source="test", now=NOON)
    changes.change_email(session, ada, email="ada@new.example", source="staff:9", now=NOON)
    changes.change_email(session, bob, email="ada@example.com", source="staff:9", now=NOON)
    assert allowed_ids(session, workspace) == []
    assert why_not(session, workspace, bob) == permission.SUPPRESSED["unconfirmed"]

    changes.change_email(session, bob, email="bob@example.com", source="staff:9", now=NOON)
    changes.change_email(session, cy, email="ada@example.com", source="staff:9", now=NOON)
    assert allowed_ids(session, workspace) == [bob.id]
    assert why_not(session, workspace, cy) is not None


def test_changing_an_address_nobody_may_write_to_suppresses_nothing(session, workspace):
    bob = people.upsert(session, workspace.id, email="bob@example.com", fields={}, source="test", now=NOON)
    changes.change_email(session, bob, email="rob@example.com", source="staff:9", now=NOON)

    assert suppression.list_newest(session, workspace.id) == []


def test_suppressing_twice_keeps_the_first_reason(session, workspace):
    for reason in ("bounced", "manual"):
        suppression.add(session, workspace.id, address_digest=b"d" * 16, reason=reason, source="test", now=NOON)

    assert suppression.find(session, workspace.id, b"d" * 16).reason == "bounced"


def test_the_sender_reads_permission_inside_its_own_statement(session, workspace):
    ada = consented_customer(session, workspace.id, purposes=("click_tracking",))
    condition = permission.is_allowed(workspace.id, literal(ada.id), "marketing", workspace.topic_id, NOON)
    answers = permission.answers_query(workspace.id, "marketing", workspace.topic_id, NOON).subquery()
    row = session.execute(select(condition, answers)).one()

    assert row[0] is True
    assert row.customer_id == ada.id
    assert row.ledger_seq == permission.state_of(session, workspace.id, ada.id)[0].ledger_seq
    assert (row.may_track_opens, row.may_track_clicks) == (False, True)


@pytest.mark.parametrize(
    ("act", "state"),
    [(actions.withdraw, "withdrawn"), (actions.object_all, "objected"), (actions.complain, "complained")],
)
def test_the_reason_is_the_latest_no(session, workspace, act, state):
    ada = consented_customer(session, workspace.id)
    act(session, workspace.id, ada.id, evidence=Evidence(method="test"), now=NOON)

    assert why_not(session, workspace, ada) in (permission.REASONS[state], permission.SUPPRESSED.get(state))


def test_who_allows_something_is_read_from_its_index(session, workspace):
    """A million people have three answers each; an audience reads the ones that say yes, and no others."""
    session.execute(text("SET LOCAL enable_seqscan = off"))
    session.execute(text("SET LOCAL enable_bitmapscan = off"))
    asked = permission.consented_query(workspace.id, "marketing", workspace.topic_id, NOON)
    statement = asked.compile(session.get_bind(), compile_kwargs={"literal_binds": True})

    plan = "\n".join(session.scalars(text(f"EXPLAIN {statement}".replace(":", r"\:"))))

    assert "Index Only Scan using ix_consent_state_allowed" in plan
