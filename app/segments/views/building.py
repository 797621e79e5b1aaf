"""The builder with its live counts: a new segment, a kept one, and what its buttons do."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from flask import g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_translations
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.conditions.condition_types import ConditionTypes
from app.conditions.description import Language
from app.conditions.references import Vocabulary
from app.customers.listing import mixes
from app.kernel import ids
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.segments import codec, compiler, preview, segments, used_in
from app.segments.builder import builder, drafts, line_counts, matches, menu, starters, steps_back
from app.segments.builder.builder import Reading
from app.segments.builder.drafts import LineGroup
from app.segments.builder.writing import Form
from app.segments.codec import Problem, RulesInvalid
from app.segments.compiler import Population
from app.segments.membership import history, sizes
from app.segments.models import Segment
from app.segments.naming.kept_rules import SavedRules
from app.segments.segments import SegmentChange
from app.segments.views.blueprint import bp
from app.web import choices, errors, guard, shell
from app.web.components import charts


@dataclass
class Page:
    """What the builder's page shows: a draft, and what is known of it beside its conditions."""

    draft: LineGroup
    name: str = ""
    segment_id: int | None = None
    opened_at: datetime | None = None
    uses: list[used_in.Use] = field(default_factory=list)
    # Nothing may be left to fill in.
    is_strict: bool = False
    # Nothing was chosen yet: templates to begin with are offered.
    is_fresh: bool = False
    # The drafts before what the buttons did, as the page keeps them.
    steps_back: str = ""
    size_days: list[sizes.Size] = field(default_factory=list)
    # It is shown as it is kept; who entered and left, where it is watched.
    is_kept: bool = False
    movement: history.Movement | None = None
    refused: dict[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    # The draft as it was read already, and what for; None has it read.
    reading: Reading | None = None
    ground: tuple[Form, Population] | None = None


@bp.get("/segments/new")
@guard.role("marketer")
def new() -> str:
    """Show an empty builder, or one that begins with the rules given as JSON in `rules`."""
    types, draft, name = services().extensions.get(ConditionTypes), drafts.empty(), request.args.get("name", "")
    starter = starters.find(request.args.get("starter", ""))
    if given := request.args.get("rules"):
        draft = Form(types, Vocabulary({})).show(codec.dump(codec.loads(given, types)))
    elif starter:
        draft, name = Form(types, Vocabulary({})).show(starter.rules), name or _(starter.label)
    return _page(Page(draft, name, is_fresh=not given and not starter))


@bp.get("/segments/<int:segment_id>")
@guard.role("viewer")
def show(segment_id: int) -> str:
    """Show a kept segment in the builder."""
    with services().database.transaction(g.workspace.id) as session:
        segment = segments.get(session, g.workspace.id, segment_id)
        uses = used_in.list_uses(session, g.workspace.id, segment_id)
        draft = Form(services().extensions.get(ConditionTypes), Vocabulary({})).show(segment.rules)
        _form, population = found = ground(session, draft)
        page = Page(draft, segment.name, segment_id, segment.updated_at, uses, ground=found)
        page.size_days = sizes.of_segment(session, g.workspace.id, segment_id, today=_today(population))
        page.is_kept = True
        if segment.watched_since is not None:
            page.movement = history.of_segment(session, g.workspace.id, segment_id, now=population.now)
        try:
            rule = segments.rule_of(session, segment)
            compiled = compiler.compile_rule(rule, population, segment_id=segment_id)
            problems = compiled.problems
        except RulesInvalid as refused:
            problems = refused.problems
    if problems:
        page.problem = problems[0]
    else:
        page.reading = Reading(compiled)
    return _page(page)


@bp.post("/segments/draft")
@guard.role("viewer")
def redraft() -> str:
    """Do what a button of the builder asks, and show the builder anew; nothing is kept."""
    draft, wish = _draft(), request.form.get("do", "")
    kept = steps_back.read(request.form.get("steps_back", ""))
    if wish == "undo" and kept:
        draft, steps = drafts.from_form(kept.pop()), steps_back.write(kept)
    else:
        before = deepcopy(draft)
        drafts.change(draft, wish)
        steps = steps_back.add(kept, before) if draft != before else steps_back.write(kept)
    name, segment_id = request.form.get("name", ""), request.form.get("segment_id", type=ids.read)
    values = _values(Page(draft, name, segment_id, _opened_at(), steps_back=steps))
    return shell.page("segments/_builder.html" if shell.is_live() else "segments/edit.html", **values)


@bp.post("/segments/summary")
@guard.role("viewer")
def summarise() -> str:
    """Show only what the draft reaches now, and what is wrong where."""
    segment_id = request.form.get("segment_id", type=ids.read)
    return shell.page("segments/_summary.html", is_update=True, **_values(Page(_draft(), segment_id=segment_id)))


@bp.post("/segments/counts")
@guard.role("viewer")
def count_lines() -> str:
    """Show beside each condition and group how many it matches by itself."""
    draft, segment_id = _draft(), request.form.get("segment_id", type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        form, population = ground(session, draft)
        rules = line_counts.read(draft, form, population, segment_id=segment_id)
    with services().database.transaction(g.workspace.id, reading=True) as session:
        # The segments that rules name are read anew: this transaction is another.
        population = replace(population, kept=SavedRules(session, g.workspace.id))
        counts = line_counts.count(session, population, rules)
    return shell.page("segments/_line_counts.html", counts=counts)


@bp.get("/segments/choices/<kind>")
@guard.role("viewer")
def search_choices(kind: str) -> ResponseReturnValue:
    """Answer a picker with what holds the words `q`, as [value, label]."""
    reference = services().extensions.get(ConditionTypes).references.get(kind)
    if reference is None or reference.search is None:
        raise NotFound
    words = request.args.get("q", "").replace("\0", "").strip()[:100]
    with services().database.transaction(g.workspace.id) as session:
        found = reference.search(session, g.workspace.id, words) if words else []
    return jsonify(found)


@bp.post("/segments/save")
@guard.role("marketer")
def save() -> ResponseReturnValue:
    """Keep the draft under its name."""
    page = Page(_draft(), request.form.get("name", ""), request.form.get("segment_id", type=ids.read), is_strict=True)
    page.opened_at = _opened_at()
    try:
        kept = _keep(page)
    except Refusal as refusal:
        if refusal.status == NotFound.status:
            raise
        if not isinstance(refusal, RulesInvalid):
            page.refused = {str(refusal.field or "segment"): errors.say(refusal)}
        if isinstance(refusal, segments.EditedElsewhere):
            page.opened_at = None
        return shell.page("segments/_builder.html" if shell.is_live() else "segments/edit.html", **_values(page)), 422
    return shell.back(url_for("segments.show", segment_id=kept.id), _("“%(name)s” is saved.", name=kept.name))


def ground(session: Session, *shown: LineGroup) -> tuple[Form, Population]:
    """Return the builder's form for these drafts, and the customers its rules are asked of."""
    form = builder.form_of(session, g.workspace.id, *shown)
    zone, kept = segments.zone_of(session, g.workspace.id), SavedRules(session, g.workspace.id)
    return form, Population(g.workspace.id, form.vocabulary.fields, services().clock.now(), zone, kept)


def _today(population: Population) -> date:
    return population.now.astimezone(population.zone).date()


def reader_language() -> Language:
    return Language(_, get_translations().ungettext, choices.name_of)


def _draft() -> LineGroup:
    """Return the tree in the builder's form; several values of one input are lines of its text."""
    return drafts.from_form({name: "\n".join(values).replace("\r\n", "\n") for name, values in request.form.lists()})


def _opened_at() -> datetime | None:
    """Return the `updated_at` of the segment this page began from."""
    try:
        return datetime.fromisoformat(request.form.get("opened_at", ""))
    except ValueError:
        return None


def _keep(page: Page) -> Segment:
    """Keep the page's draft, in which nothing may be left to fill in, with its count; raise a Refusal."""
    database, workspace_id = services().database, g.workspace.id
    with database.transaction(workspace_id) as session:
        form, population = page.ground = ground(session, page.draft)
        page.reading = builder.read(page.draft, form, population, strict=True, segment_id=page.segment_id)
    compiled = page.reading.compiled
    if compiled is None:
        raise RulesInvalid([])
    with database.transaction(workspace_id, reading=True) as session:
        count = preview.count(session, compiled.matches)
    now = population.now
    change = SegmentChange(page.name, compiled.rule, page.segment_id, page.opened_at, compiled)
    with database.transaction(workspace_id) as session:
        kept = segments.save(session, workspace_id, change, staff_id=g.staff.id, now=now)
        segments.remember_count(session, workspace_id, kept.id, count, of=now, now=now)
    return kept


def _page(page: Page) -> str:
    """Return the page as it is opened: of many customers it is shown at once, and counts them when it is there."""
    with services().database.transaction(g.workspace.id) as session:
        is_large = mixes.is_large(session, g.workspace.id)
    return shell.page("segments/edit.html", **_values(page, is_counted=not is_large))


def _values(page: Page, *, is_counted: bool = True) -> dict[str, Any]:
    """Return everything the builder's templates show."""
    workspace_id = g.workspace.id
    with services().database.transaction(workspace_id) as session:
        form, population = page.ground or ground(session, page.draft)
        offered = builder.offered(session, workspace_id, page.draft, form)
        if page.segment_id and page.opened_at is None:
            kept = segments.find_one(session, workspace_id, page.segment_id)
            page.opened_at = kept.updated_at if kept else None
        reading = page.reading or builder.read(
            page.draft, form, population, strict=page.is_strict, segment_id=page.segment_id
        )
    topics = form.vocabulary.names.get("topic", {})
    topic_id = request.values.get("topic", type=ids.read) or next(iter(topics), 0)
    summary = None
    if reading.compiled is not None and is_counted:
        with services().database.transaction(workspace_id, reading=True) as session:
            summary = builder.summarise(
                session, population, reading.compiled, topic_id=topic_id, form=form, language=reader_language()
            )
    return {
        "page": page,
        "draft": page.draft,
        "form": form,
        "menu": menu.entries(form),
        "matches": matches.MATCHES,
        "choices": choices,
        "offered": offered,
        "reading": reading,
        "summary": summary,
        "is_counted": is_counted,
        "problem": None if reading.problems else page.problem,
        "topics": topics,
        "topic_id": topic_id,
        "may_save": g.role in ("marketer", "owner"),
        "starters": starters.STARTERS if page.is_fresh else (),
        "sizes": _picture(page.size_days),
    }


def _picture(history: list[sizes.Size]) -> dict[str, Any] | None:
    """Return the sizes over time as chart data, None where there is nothing to compare yet."""
    if len(history) < 2:
        return None
    return charts.data([each.day for each in history], [charts.line(_("People"), [each.size for each in history])])
