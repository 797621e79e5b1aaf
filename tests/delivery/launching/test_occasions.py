"""Nobody gets two messages of one occasion, whatever is launched, in whatever order, and whoever dies meanwhile."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Select, column, select, text, update, values
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.delivery.launching import launches, occasions
from app.delivery.launching.assignments import Arm, Assignment
from app.delivery.launching.occasions import Occasion
from app.delivery.sending import sends
from app.delivery.sending.sends import Recipient
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.customers import a_customer
from tests.factories.workspaces import WorkspaceForTests

CROWD = 8
NEW = range(1, 1_000_000)
_number = iter(NEW)
plans = st.lists(
    st.tuples(st.frozensets(st.integers(0, CROWD - 1)), st.booleans()),
    min_size=1,
    max_size=4,
)


class Crash(Exception):
    """The process died before it committed."""


def the_audience(customer_ids: Sequence[int]) -> Select[tuple[int]]:
    rows = values(column("customer_id", BigInteger), name="given").data([(each,) for each in [0, *customer_ids]])
    return select(rows.c.customer_id)


def messages(session: Session, occasion_id: int) -> list[tuple[int, int, str, str | None, int | None]]:
    """Return (customer, send, state, reason, variant) of every message of an occasion."""
    query = text("SELECT customer_id, send_id, state, reason, variant_id FROM messages WHERE occasion_id = :id")
    return [tuple(row) for row in session.execute(query, {"id": occasion_id})]


QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(plans=plans)
def test_launches_of_one_occasion_in_any_interleaving_reach_everybody_once(
    services: Services, workspace: WorkspaceForTests, plans: list[tuple[frozenset[int], bool]]
) -> None:
    """Several sends of one campaign, launched at once over overlapping audiences; some die and are launched again."""
    number = next(_number)
    with services.database.transaction(workspace.id) as session:
        known = session.scalars(text("SELECT id FROM customers ORDER BY id")).all()
        crowd = list(known) or delivery.an_audience(session, workspace, CROWD)
        occasion = Occasion.campaign(7, number)
        send_ids = [delivery.a_send(session, workspace, occasion=occasion).id for _ in plans]
        occasion_id = occasions.find_or_create(session, workspace.id, [occasion])[occasion]
    together = threading.Barrier(len(plans))

    def launch(place: int, *, dies: bool) -> int:
        audience = the_audience([crowd[index] for index in plans[place][0]])
        with services.database.transaction(workspace.id) as session:
            counts = launches.launch(session, workspace.id, send_ids[place], audience, now=NOON)
            if dies:
                raise Crash
            return counts.queued

    def launch_at_once(place: int) -> int:
        together.wait()
        try:
            return launch(place, dies=plans[place][1])
        except Crash:
            return launch(place, dies=False)

    with ThreadPoolExecutor(len(plans)) as pool:
        queued = sum(pool.map(launch_at_once, range(len(plans))))

    wanted = {crowd[index] for audience, _ in plans for index in audience}
    with services.database.transaction(workspace.id) as session:
        written = messages(session, occasion_id)
        in_batches = session.scalar(
            text("SELECT coalesce(sum(message_count), 0) FROM batches WHERE send_id = ANY(:ids)"), {"ids": send_ids}
        )
    assert Counter(row[0] for row in written) == dict.fromkeys(wanted, 1)
    assert {row[2] for row in written} <= {"queued"}
    assert queued == in_batches == len(wanted)


def test_a_step_is_mailed_once_in_each_run(session: Session, workspace: WorkspaceForTests) -> None:
    """Who enters a journey again gets its mails again; who is merely tried again does not."""
    ada, ben = delivery.an_audience(session, workspace, 2)
    send = delivery.a_send(session, workspace, kind="journey", occasion=None)

    def add(*runs: tuple[int, int]) -> int:
        recipients = [Recipient(person, Occasion.journey_step(4, "welcome", run)) for person, run in runs]
        return sends.add(session, workspace.id, send.id, recipients, now=NOON).queued

    assert add((ada, 1)) == 1
    assert add((ada, 1), (ben, 1)) == 1
    assert add((ada, 2), (ben, 1)) == 1
    assert add((ada, 2), (ben, 2)) == 1


def test_a_later_version_of_a_step_is_the_same_occasion(session: Session, workspace: WorkspaceForTests) -> None:
    (ada,) = delivery.an_audience(session, workspace, 1)
    versions = [delivery.a_send(session, workspace, kind="journey", occasion=None) for _ in range(2)]
    recipient = Recipient(ada, Occasion.journey_step(4, "welcome"))
    queued = [sends.add(session, workspace.id, send.id, [recipient], now=NOON).queued for send in versions]

    assert queued == [1, 0]


def test_variants_are_split_by_weight_and_the_held_out_are_recorded(
    session: Session, workspace: WorkspaceForTests
) -> None:
    """Everybody has a message that says what fell to them, and working it out again says the same."""
    crowd = delivery.an_audience(session, workspace, 2000)
    occasion = Occasion.campaign(3)
    first, second = (delivery.a_send(session, workspace, occasion=occasion) for _ in range(2))
    assignment = Assignment((Arm(first.id, 11, weight=3), Arm(second.id, 12, weight=1)), holdout=0.2)
    counts = launches.launch_assigned(session, workspace.id, assignment, the_audience(crowd), now=NOON)
    assert first.occasion_id
    written = messages(session, first.occasion_id)
    shares = Counter(row[4] for row in written)

    assert counts.skipped == {"held_out": shares[None]}
    assert counts.total == len(written) == len(crowd)
    assert 1120 <= shares[11] <= 1280
    assert 350 <= shares[12] <= 450
    assert 350 <= shares[None] <= 450
    assert {(row[1], row[2], row[3], row[4]) for row in written} == {
        (first.id, "queued", None, 11),
        (second.id, "queued", None, 12),
        (first.id, "skipped", "held_out", None),
    }
    again = launches.launch_assigned(session, workspace.id, assignment, the_audience(crowd), now=NOON)
    assert again.total == 0


def test_each_person_gets_the_content_in_their_language(session: Session, workspace: WorkspaceForTests) -> None:
    crowd = delivery.an_audience(session, workspace, 5)
    tags = ["zh-TW", "zh", "DE", None, "fr"]
    for customer_id, tag in zip(crowd, tags, strict=True):
        session.execute(update(Customer).where(Customer.id == customer_id).values(language=tag))
    occasion = Occasion.campaign(5)
    english, german, chinese = (delivery.a_send(session, workspace, occasion=occasion) for _ in range(3))
    arm = Arm(english.id, 1, by_language={"de": german.id, "zh": chinese.id})
    launches.launch_assigned(session, workspace.id, Assignment((arm,)), the_audience(crowd), now=NOON)
    assert english.occasion_id
    got = {row[0]: row[1] for row in messages(session, english.occasion_id)}

    assert [got[each] for each in crowd] == [chinese.id, chinese.id, german.id, english.id, english.id]


def test_who_is_held_out_counts_for_the_first_variant_in_their_language(
    session: Session, workspace: WorkspaceForTests
) -> None:
    """So a language's report compares those who got it with those who would have got it."""
    crowd = delivery.an_audience(session, workspace, 60)
    session.execute(update(Customer).where(Customer.id.in_(crowd[::2])).values(language="de"))
    occasion = Occasion.campaign(6)
    english, german, other = (delivery.a_send(session, workspace, occasion=occasion) for _ in range(3))
    arms = Arm(english.id, 1, by_language={"de": german.id}), Arm(other.id, 2)
    launches.launch_assigned(session, workspace.id, Assignment(arms, holdout=0.9), the_audience(crowd), now=NOON)
    assert english.occasion_id
    held_out = {row[0]: row[1] for row in messages(session, english.occasion_id) if row[3] == "held_out"}

    assert held_out == {each: german.id if each in crowd[::2] else english.id for each in held_out}
    assert set(held_out.values()) == {english.id, german.id}


def test_who_may_not_be_written_to_is_not_held_out(session: Session, workspace: WorkspaceForTests) -> None:
    """The experiment is about those who could have been written to."""
    strangers = [a_customer(session, workspace.id, email=f"s{n}@example.com").id for n in range(20)]
    send = delivery.a_send(session, workspace)
    assignment = Assignment((Arm(send.id, 1),), holdout=0.9)
    counts = launches.launch_assigned(session, workspace.id, assignment, the_audience(strangers), now=NOON)

    assert counts.skipped == {"no_permission": 20}


@given(
    weights=st.lists(st.integers(0, 100), min_size=1, max_size=5).filter(any),
    holdout=st.floats(0, 0.5),
)
def test_every_bucket_falls_to_one_variant_or_nobody(weights: list[int], holdout: float) -> None:
    """Bounds rise from the held out to the last bucket, in proportion to the weights within one bucket."""
    assignment = Assignment(tuple(Arm(n, n, weight) for n, weight in enumerate(weights)), holdout)
    bounds = [assignment.held_out_buckets, *assignment.bounds()]
    sizes = [upto - since for since, upto in pairwise(bounds)]

    assert bounds == sorted(bounds)
    assert bounds[-1] == 10_000
    share = (10_000 - bounds[0]) / sum(weights)
    assert all(abs(size - weight * share) <= 1 for size, weight in zip(sizes, weights, strict=True))
