"""Whatever order people are merged, parted and erased in: no row is orphaned, every no holds, the ledger is whole."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.consent import actions, permission
from app.consent.ledger import verification
from app.customers.erasing import erasures
from app.customers.merging import aliases, merge, undoing
from app.customers.merging.merge import Decision
from app.customers.profiles import people
from app.kernel.refusals import Refusal
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.customers import a_purchase

PEOPLE = range(4)
_WHO = st.sampled_from(PEOPLE)
STEPS = st.one_of(
    st.tuples(st.just("merge"), _WHO, _WHO),
    st.tuples(st.just("undo"), _WHO, _WHO),
    st.tuples(st.just("no"), _WHO, _WHO),
    st.tuples(st.just("buy"), _WHO, _WHO),
    st.tuples(st.just("erase"), _WHO, _WHO),
)
# Rows that name a customer who is not there; messages and the ledger may.
_ORPHANS = """
    SELECT count(*) FROM {table} t WHERE t.workspace_id = :w
      AND NOT EXISTS (SELECT FROM customers c WHERE c.workspace_id = :w AND c.id = t.customer_id)
"""
_TABLES = ("orders", "order_lines", "addresses", "customer_engagement", "activities", "customer_aliases")


def act(session, workspace, ids, step):
    """Take a step, as far as it is allowed; return who said no by it."""
    what, one, other = step[0], ids[step[1]], ids[step[2]]
    present = aliases.current_id(session, workspace.id, one)
    if what == "merge":
        merge.merge(session, workspace.id, Decision(one, other), now=NOON)
    elif what == "undo":
        for made in undoing.merges_of(session, workspace.id, present)[:1]:
            undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)
    elif what == "no":
        actions.withdraw(session, workspace.id, one, evidence=a_yes(), now=NOON)
        return one
    elif what == "erase":
        erasures.erase(session, workspace.id, present, now=NOON)
    return None


def assert_laws_hold(session, workspace, ids, said_no):
    """Raise where a row is orphaned, a no does not hold, sums do not fit or the ledger is broken."""
    binds = {"w": workspace.id}
    for table in _TABLES:
        assert session.scalar(text(_ORPHANS.format(table=table)), binds) == 0, table
    for each in said_no:
        present = aliases.current_id(session, workspace.id, each)
        assert not any(row.allowed for row in permission.state_of(session, workspace.id, present))
    off = """SELECT count(*) FROM customer_engagement e WHERE workspace_id = :w AND orders <> (
        SELECT count(*) FROM orders o WHERE o.workspace_id = :w AND o.customer_id = e.customer_id)"""
    assert session.scalar(text(off), binds) == 0
    former = aliases.current_ids(session, workspace.id, ids)
    assert not set(former) & set(former.values())
    assert verification.check(session, workspace.id) == []


class _Undo(Exception):
    """Raised to leave an example without a trace."""


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=8))
def test_any_sequence_keeps_the_laws(session, workspace, steps):
    with suppress(_Undo), session.begin_nested():
        ids = [consented_customer(session, workspace.id, email=f"p{number}@example.com").id for number in PEOPLE]
        said_no = set()
        for number, step in enumerate(steps):
            with suppress(Refusal), session.begin_nested():
                if step[0] == "buy":
                    present = aliases.current_id(session, workspace.id, ids[step[1]])
                    buyer = people.get(session, workspace.id, present)
                    a_purchase(session, buyer, order_ref=f"{workspace.id}-{number}")
                elif (refuser := act(session, workspace, ids, step)) is not None:
                    said_no.add(refuser)
            assert_laws_hold(session, workspace, ids, said_no)
        raise _Undo
