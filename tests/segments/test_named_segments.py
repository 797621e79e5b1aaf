"""A segment may name others: they are asked together, and what cannot be is refused at its place."""

from __future__ import annotations

import pytest

from app.conditions.limits import MAX_EXPANDED, MAX_SEGMENTS_DEEP
from app.segments import codec, segments, used_in
from app.segments.codec import Path, RulesInvalid
from app.segments.compiler import Population, compile_rule
from app.segments.models import Segment
from app.segments.naming.kept_rules import KeptRule
from app.segments.rules import AllOf, Not, Rule, Someone
from app.segments.segments import SegmentChange, StillUsed
from tests.factories.conditions import FIELDS, InSegment, Is
from tests.factories.customers import a_customer
from tests.factories.segments import NOON
from tests.factories.workspaces import WorkspaceForTests


class Kept:
    """Rules of segments by id."""

    def __init__(self, rules: dict[int, Rule]) -> None:
        self._rules = rules

    def find(self, segment_id: int) -> KeptRule | None:
        rule = self._rules.get(segment_id)
        return KeptRule(f"S{segment_id}", rule) if rule else None


def problems(rule: Rule, kept: dict[int, Rule], segment_id: int | None = None) -> list[tuple[Path, str]]:
    compiled = compile_rule(rule, Population(1, FIELDS, NOON, kept=Kept(kept)), segment_id=segment_id)
    return [(problem.path, problem.message) for problem in compiled.problems]


def save(session, workspace: WorkspaceForTests, name: str, rule: Rule, segment_id: int | None = None) -> Segment:
    change = SegmentChange(name, rule, segment_id)
    return segments.save(session, workspace.id, change, staff_id=None, now=NOON)


def test_a_cycle_is_refused_where_it_is_made():
    kept: dict[int, Rule] = {1: InSegment(2), 2: AllOf((Is("city", "Rome"), Not(InSegment(3)))), 3: InSegment(1)}
    (found,) = problems(AllOf((Is("city", "Rome"), InSegment(2))), kept, segment_id=1)

    assert found[0] == ("rules", 1, "segment")
    assert problems(InSegment(1), kept) == problems(InSegment(1), kept) != []


def test_a_segment_cannot_be_saved_that_names_itself(session, workspace):
    one = save(session, workspace, "One", Is("city", "Rome"))
    other = save(session, workspace, "Other", InSegment(one.id))
    with pytest.raises(RulesInvalid) as refused:
        save(session, workspace, "One", AllOf((InSegment(other.id),)), one.id)

    assert [problem.path for problem in refused.value.problems] == [("rules", 0, "segment")]


def test_what_was_made_a_cycle_by_two_at_once_is_refused_when_it_is_asked(session, workspace):
    one = save(session, workspace, "One", Is("city", "Rome"))
    other = save(session, workspace, "Other", InSegment(one.id))
    one.rules = codec.dump(InSegment(other.id))
    session.flush()

    with pytest.raises(segments.SegmentUnusable):
        segments.members_query(session, workspace.id, one.id, NOON)
    assert segments.problem_with(session, workspace.id, other.id, now=NOON)


def test_what_is_gone_or_wrong_in_it_is_said_at_the_place_that_names_it():
    kept: dict[int, Rule] = {2: Is("custom.gone", "x")}
    assert [path for path, _ in problems(AllOf((InSegment(2), InSegment(9))), kept)] == [
        ("rules", 1, "segment"),
        ("rules", 0, "segment"),
    ]


def test_depth_and_size_are_bounded():
    chain: dict[int, Rule] = {number: InSegment(number + 1) for number in range(1, MAX_SEGMENTS_DEEP + 5)}
    assert problems(InSegment(1), chain)
    doubled: dict[int, Rule] = {number: AllOf((InSegment(number + 1),) * 8) for number in range(1, 9)}
    doubled[9] = AllOf((Is("city", "Rome"),) * 8)
    assert len(problems(InSegment(1), doubled)) < 8 * MAX_EXPANDED


def test_it_is_asked_of_others_around_a_person_too(session, workspace):
    rome = save(session, workspace, "Romans", Is("city", "Rome"))
    a_customer(session, workspace.id, city="Rome")
    rule = Someone("household", InSegment(rome.id))

    assert not session.scalars(segments.matches_query(session, workspace.id, rule, now=NOON)).all()


def test_a_segment_another_names_is_used_by_it(database, workspace, client):
    with database.transaction(workspace.id) as session:
        rome = save(session, workspace, "Romans", Is("city", "Rome")).id
        save(session, workspace, "Not Romans", AllOf((Not(InSegment(rome)),)))
        assert [use.name for use in used_in.list_uses(session, workspace.id, rome)] == ["Not Romans"]

    assert client.post(f"/segments/{rome}/delete").status_code == StillUsed.status
    assert "Not Romans" in client.get(f"/segments/{rome}").text
