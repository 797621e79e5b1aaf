"""Of two people's answers the stricter one holds, whatever they are, and nothing else is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.consent.ledger.fold import ConsentState
from app.consent.merging import stricter
from app.consent.purposes import ALL_TOPICS, MARKETING, PROFILING

STATES = (
    *("given", "confirmed", "withdrawn", "objected", "complained", "refused", "expired", "pending", "rejected"),
    "erased",
)
KEYS = ((MARKETING, ALL_TOPICS), (MARKETING, 1), (MARKETING, 2), (PROFILING, ALL_TOPICS))


def a_state(state, seq=1, *, limit=None, expires_at=None):
    days = 30 if limit else None
    allowed = state in ("given", "confirmed")
    since = "2026-03-01T00:00:00.000000Z"
    return ConsentState(state, allowed, "consent", "form", seq, None, limit, days, expires_at, since)


ends = st.sampled_from([None, "2026-04-01T00:00:00.000000Z", "2027-04-01T00:00:00.000000Z"])
states = st.builds(
    a_state, st.sampled_from(STATES), st.integers(1, 99), limit=st.sampled_from([None, 1, 8]), expires_at=ends
)
answers = st.dictionaries(st.sampled_from(KEYS), states)


@given(answers, answers)
def test_what_either_refuses_is_refused_and_what_nobody_allowed_is_not_allowed(own, other):
    joined = stricter.join(own, other)

    for key in KEYS:
        said = [found for found in (stricter.answer(own, key), stricter.answer(other, key)) if found]
        held = stricter.answer(joined, key)
        assert (held is None) == (not said)
        if any(stricter.is_no(each) for each in said):
            assert stricter.is_no(held)
        if held and held.allowed:
            assert any(each.allowed for each in said)
        if said and all(each.allowed for each in said):
            assert held in said


@given(answers, answers)
def test_it_does_not_matter_who_survives_or_how_often_they_are_joined(own, other):
    one, two = stricter.join(own, other), stricter.join(other, own)

    assert {key: held.allowed for key, held in one.items()} == {key: held.allowed for key, held in two.items()}
    assert stricter.join(one, other) == one
    assert stricter.join(own, {}) == own


def test_of_two_yeses_the_one_that_ends_sooner_or_promises_less_holds():
    later, sooner = a_state("given", 1, expires_at="2027-01-01T00:00:00.000000Z"), a_state(
        "given", 2, expires_at="2026-06-01T00:00:00.000000Z"
    )
    often, seldom, unbounded = a_state("given", 3, limit=8), a_state("given", 4, limit=1), a_state("given", 5)
    key = (MARKETING, 1)

    assert stricter.join({key: later}, {key: sooner}) == {key: sooner}
    assert stricter.join({key: often}, {key: seldom}) == {key: seldom}
    assert stricter.join({key: unbounded}, {key: often}) == {key: often}
    assert stricter.join({key: later}, {key: unbounded}) == {key: later}


def test_a_no_to_everything_reaches_the_topics_of_the_other():
    none = {(MARKETING, ALL_TOPICS): a_state("withdrawn", 7)}

    assert stricter.join({(MARKETING, 1): a_state("given")}, none)[MARKETING, 1].state == "withdrawn"
