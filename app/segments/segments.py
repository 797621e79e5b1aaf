"""Saved segments and their members."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import chain, count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Text, cast, func, select, update
from sqlalchemy.orm import Session

from app.accounts import undo, workspaces
from app.conditions.condition_types import ConditionTypes
from app.conditions.context import ConditionInvalid
from app.customers.profiles import fields
from app.customers.timeline import activities
from app.kernel import extensions, page_links
from app.kernel.database import refusing_duplicates
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.segments import codec, compiler, rules
from app.segments.codec import Problem, RulesInvalid
from app.segments.compiler import CompiledRule, Population
from app.segments.models import Segment
from app.segments.naming.kept_rules import SavedRules
from app.segments.rules import Rule

_NAME_CHARS = 120
_UNIQUE_NAME = "uq_segments_workspace_id_name"
_DELETED = "segments.deleted"
MOST = 500


class NameTaken(Refusal):
    """Another segment has this name."""

    message = N_("There is a segment with this name already.")


class NameMissing(Refusal):
    """A segment needs a name to be found again."""

    status = 422
    message = N_("Give the segment a name.")


class EditedElsewhere(Refusal):
    """Somebody else saved the segment after this author opened it."""

    message = N_("Somebody else has saved this segment since you opened it. Save once more to replace what they saved.")


class SegmentUnusable(RulesInvalid):
    """A kept segment asks about something that is gone or of another type now; `problems` says what and where."""

    message = N_("The segment “%(segment)s” cannot be used as it is. Open it to see what to change.")

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(problems, segment=name)


class StillUsed(Refusal):
    """A campaign, a journey or another segment names this segment."""

    message = N_("A campaign, journey or segment still uses this. Take it out there first.")


@dataclass(frozen=True)
class SegmentChange:
    """What an author wants to be kept: a new segment, or in the place of one.

    `opened_at` is the `updated_at` of the segment the author began from. `compiled` spares compiling the rule again.
    """

    name: str
    rule: Rule
    segment_id: int | None = None
    opened_at: datetime | None = None
    compiled: CompiledRule | None = None


def save(
    session: Session, workspace_id: int, change: SegmentChange, *, staff_id: int | None, now: datetime
) -> Segment:
    """Keep a rule under a name; raise a Refusal if it cannot be, EditedElsewhere if another was kept meanwhile."""
    clean = " ".join(change.name.replace("\0", "").split())[:_NAME_CHARS]
    if not clean:
        raise NameMissing(field="name")
    asked_of = population(session, workspace_id, now=now)
    compiled = change.compiled or compiler.compile_rule(change.rule, asked_of, segment_id=change.segment_id)
    if compiled.problems:
        raise RulesInvalid(compiled.problems)
    taken = session.scalar(select(Segment.id).where(Segment.workspace_id == workspace_id, Segment.name == clean))
    if taken not in (None, change.segment_id):
        raise NameTaken(field="name")
    segment = _held(session, workspace_id, change.segment_id) if change.segment_id else None
    if segment is not None and change.opened_at is not None and segment.updated_at != change.opened_at:
        raise EditedElsewhere
    with refusing_duplicates(session, _UNIQUE_NAME, NameTaken(field="name")):
        if segment is None:
            segment = Segment(workspace_id=workspace_id, created_by=staff_id)
            session.add(segment)
        segment.name, segment.rules, segment.updated_at = clean, codec.dump(change.rule), now
        # Of another rule nobody was counted, nor evaluated, yet.
        segment.latest_count = segment.counted_at = segment.evaluated_at = None
        session.flush()
    # Watched segments may name this one, or one that names it.
    names_others = cast(Segment.rules, Text).contains('"in_segment"')
    session.execute(
        update(Segment)
        .where(Segment.workspace_id == workspace_id, Segment.evaluated_at.is_not(None), names_others)
        .values(evaluated_at=None)
    )
    return segment


def get(session: Session, workspace_id: int, segment_id: int) -> Segment:
    """Return the segment; raise NotFound."""
    return keyed_rows.get(session, Segment, workspace_id, segment_id)


def find_one(session: Session, workspace_id: int, segment_id: int) -> Segment | None:
    """Return the segment, None where there is none."""
    return session.get(Segment, (workspace_id, segment_id))


def _held(session: Session, workspace_id: int, segment_id: int) -> Segment:
    return keyed_rows.lock(session, Segment, workspace_id, segment_id)


def list_all(session: Session, workspace_id: int) -> list[Segment]:
    """Return the workspace's segments by name."""
    query = select(Segment).where(Segment.workspace_id == workspace_id).order_by(Segment.name).limit(MOST)
    return list(session.scalars(query))


def needs_activities_since(session: Session, workspace_id: int, *, now: datetime) -> datetime | None:
    """Return from when on the conditions of all segments ask for activities, None where none does.

    While a segment cannot be read or compiled nobody knows what it asks for, and everything is kept for it.
    """
    zone = zone_of(session, workspace_id)
    types = extensions.of(session, ConditionTypes)
    needed: datetime | None = None
    for stored in session.scalars(select(Segment.rules).where(Segment.workspace_id == workspace_id)):
        try:
            asked = [each.needs_activities_since(now, zone) for each in rules.conditions(codec.load(stored, types))]
        except (RulesInvalid, ConditionInvalid):
            return activities.EARLIEST
        needed = min((since for since in (needed, *asked) if since), default=None)
    return needed


def find(session: Session, workspace_id: int, text: str, *, limit: int) -> list[Segment]:
    """Return the segments whose name holds the text, in capitals or not."""
    query = select(Segment).where(
        Segment.workspace_id == workspace_id, func.strpos(func.lower(Segment.name), func.lower(text)) > 0
    )
    return list(session.scalars(query.order_by(Segment.name).limit(limit)))


def names(session: Session, workspace_id: int, segment_ids: Sequence[int]) -> dict[int, str]:
    """Return the names of these segments by id, in one statement."""
    query = select(Segment.id, Segment.name).where(Segment.workspace_id == workspace_id, Segment.id.in_(segment_ids))
    return {row.id: row.name for row in session.execute(query)}


def delete(session: Session, workspace_id: int, segment_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Forget a segment; return the address that brings it back."""
    segment = _held(session, workspace_id, segment_id)
    kept = {name: getattr(segment, name) for name in ("id", "name", "rules", "created_by")}
    again = undo.keep(session, workspace_id, kind=_DELETED, values=kept, staff_id=staff_id, now=now)
    session.delete(segment)
    session.flush()
    return again


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime
) -> undo.Restored:
    """Keep a deleted segment again, as it was; under another name where its own was taken since."""
    name, author = _free_name(session, workspace_id, values["name"]), values["created_by"] or staff_id
    segment = Segment(
        workspace_id=workspace_id,
        id=values["id"],
        name=name,
        rules=values["rules"],
        created_by=author,
        updated_at=now,
    )
    with refusing_duplicates(session, _UNIQUE_NAME, NameTaken()):
        session.add(segment)
        session.flush()
    page = page_links.to("segments.show", segment_id=segment.id)
    return undo.Restored(page, N_("“%(name)s” is restored."), {"name": name})


UNDO_DELETION = undo.Opposite(_DELETED, restore, role="marketer")


def _free_name(session: Session, workspace_id: int, name: str) -> str:
    alike = select(Segment.name).where(Segment.workspace_id == workspace_id)
    taken = set(session.scalars(alike))
    endings = chain([""], (f" ({number})" for number in count(2)))
    return next(free for ending in endings if (free := name[: _NAME_CHARS - len(ending)] + ending) not in taken)


def rule_of(session: Session, segment: Segment) -> Rule:
    """Return a segment's rule; raise RulesInvalid where it can no longer be read."""
    return codec.load(segment.rules, extensions.of(session, ConditionTypes))


def problem_with(session: Session, workspace_id: int, segment_id: int, *, now: datetime) -> Problem | None:
    """Return the first reason why this segment cannot be used now, None when it can; nothing of it is run.

    Say it with `gettext(problem.message, **problem.values)`. A segment that was deleted is a reason too.
    """
    return problems_with(session, workspace_id, [segment_id], now=now).get(segment_id)


def problems_with(
    session: Session, workspace_id: int, segment_ids: Collection[int], *, now: datetime
) -> dict[int, Problem]:
    """Return the first reason for each of these segments that cannot be used now, as `problem_with` does for one."""
    if not segment_ids:
        return {}
    query = select(Segment).where(Segment.workspace_id == workspace_id, Segment.id.in_(segment_ids))
    found = {segment.id: segment for segment in session.scalars(query)}
    asked_of = population(session, workspace_id, now=now)
    problems = {gone: Problem((), N_("This segment has been deleted.")) for gone in set(segment_ids) - set(found)}
    for segment_id, segment in found.items():
        try:
            refused = compiler.compile_rule(rule_of(session, segment), asked_of, segment_id=segment_id).problems
        except RulesInvalid as invalid:
            refused = invalid.problems
        if refused:
            problems[segment_id] = refused[0]
    return problems


def members_query(
    session: Session, workspace_id: int, segment_id: int, now: datetime, *, among: Sequence[int] | None = None
) -> Select[int]:
    """Return the statement that selects the `customer_id` of everyone in the segment now; raise SegmentUnusable.

    With `among` it is asked of these customers alone, and reads rows of theirs alone.
    """
    segment = get(session, workspace_id, segment_id)
    try:
        asked_of = population(session, workspace_id, now=now)
        compiled = compiler.compile_rule(rule_of(session, segment), asked_of, segment_id=segment_id)
        return compiled.matches if among is None else compiler.members_among(compiled, asked_of, among)
    except RulesInvalid as refused:
        raise SegmentUnusable(segment.name, refused.problems) from None


def matches_query(session: Session, workspace_id: int, rule: Rule, *, now: datetime) -> Select[int]:
    """Return the statement that selects the `customer_id` of everyone a rule matches now; raise RulesInvalid."""
    return compile_rule(session, workspace_id, rule, now=now).matches


def compile_rule(session: Session, workspace_id: int, rule: Rule, *, now: datetime) -> CompiledRule:
    """Return the rule compiled for this workspace's customers as they are now."""
    return compiler.compile_rule(rule, population(session, workspace_id, now=now))


def population(session: Session, workspace_id: int, *, now: datetime) -> Population:
    """Return whose customers rules are asked of, with the fields there are."""
    known, zone = fields.columns(session, workspace_id), zone_of(session, workspace_id)
    return Population(workspace_id, known, now, zone, SavedRules(session, workspace_id))


def zone_of(session: Session, workspace_id: int) -> tzinfo:
    """Return the time zone in which this workspace's days begin."""
    return ZoneInfo(workspaces.get(session, workspace_id).time_zone)


def remember_count(
    session: Session, workspace_id: int, segment_id: int, count: int, *, of: datetime, now: datetime
) -> None:
    """Keep how many matched, for lists that must not count; `of` is the `updated_at` of the rule that was counted.

    A rule that was replaced while somebody counted keeps its own number.
    """
    session.execute(
        update(Segment)
        .where(Segment.workspace_id == workspace_id, Segment.id == segment_id, Segment.updated_at == of)
        .values(latest_count=count, counted_at=now)
    )
