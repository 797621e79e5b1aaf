"""The pages of segments: the list, and the builder with its live count."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_translations
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.conditions.condition_types import ConditionTypes
from app.conditions.description import Language
from app.kernel import ids
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.segments import codec, compiler, preview, schema, segments, sentence, used_in
from app.segments.builder import builder, drafts, matches, menu
from app.segments.builder.builder import Reading
from app.segments.builder.drafts import LineGroup
from app.segments.builder.writing import Form
from app.segments.codec import Problem, RulesInvalid
from app.segments.compiler import Population
from app.segments.models import Segment
from app.segments.segments import SegmentChange
from app.web import choices, errors, guard, shell

bp = Blueprint("segments", __name__, template_folder="templates")
# Far more than a rule of two hundred conditions takes.
LARGEST_FORM = 512 * 1024


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
    refused: dict[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    # The draft as it was read already, and what for; None has it read.
    reading: Reading | None = None
    ground: tuple[Form, Population] | None = None


@bp.before_request
def allow_small_forms() -> None:
    """Refuse what no builder sends before it is read."""
    request.max_content_length = LARGEST_FORM


@bp.get("/segments")
@guard.role("viewer")
def index() -> str:
    """Show the workspace's segments, each with its sentence and its latest count."""
    with services().database.transaction(g.workspace.id) as session:
        form, population = _ground(session)
        rows = [_listed(session, segment, form, population) for segment in segments.list_all(session, g.workspace.id)]
    return shell.page("segments/index.html", rows=rows)


@bp.get("/segments/new")
@guard.role("marketer")
def new() -> str:
    """Show an empty builder, or one that begins with the rules given as JSON in `rules`."""
    given, draft = request.args.get("rules"), drafts.empty()
    if given:
        with services().database.transaction(g.workspace.id) as session:
            form, _population = _ground(session)
        draft = form.show(codec.dump(codec.loads(given, form.types)))
    return _page(Page(draft, request.args.get("name", "")))


@bp.get("/segments/<int:segment_id>")
@guard.role("viewer")
def show(segment_id: int) -> str:
    """Show a kept segment in the builder."""
    with services().database.transaction(g.workspace.id) as session:
        segment = segments.get(session, g.workspace.id, segment_id)
        uses = used_in.list_uses(session, g.workspace.id, segment_id)
        form, population = ground = _ground(session)
        page = Page(form.show(segment.rules), segment.name, segment_id, segment.updated_at, uses, ground=ground)
        try:
            compiled = compiler.compile_rule(segments.rule_of(session, segment), population)
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
    draft = _draft()
    drafts.change(draft, request.form.get("do", ""))
    name, segment_id = request.form.get("name", ""), request.form.get("segment_id", type=ids.read)
    values = _values(Page(draft, name, segment_id, _opened_at()))
    return shell.page("segments/_builder.html" if shell.is_live() else "segments/edit.html", **values)


@bp.post("/segments/summary")
@guard.role("viewer")
def summarise() -> str:
    """Show only what the draft reaches now, and what is wrong where."""
    return shell.page("segments/_summary.html", is_update=True, **_values(Page(_draft())))


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


@bp.post("/segments/<int:segment_id>/delete")
@guard.role("marketer")
def delete(segment_id: int) -> ResponseReturnValue:
    """Forget a segment nothing stands on."""
    with services().database.transaction(g.workspace.id) as session:
        name = segments.get(session, g.workspace.id, segment_id).name
        if any(not use.is_over for use in used_in.list_uses(session, g.workspace.id, segment_id)):
            raise segments.StillUsed
        again = segments.delete(session, g.workspace.id, segment_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("segments.index"), _("“%(name)s” is deleted.", name=name), undo=again)


@bp.get("/segments/schema.json")
@guard.public("the schema of rules names no workspace and no person")
def rules_schema() -> Response:
    """Publish the JSON schema of rules."""
    published = schema.of_rules(services().extensions.get(ConditionTypes))
    return Response(json.dumps(published, indent=2), mimetype="application/schema+json")


def search(session: Session, workspace_id: int, text: str) -> list[tuple[str, str, str]]:
    """Answer the search box with segments by name."""
    found = segments.find(session, workspace_id, text, limit=5)
    return [(segment.name, _("Segment"), url_for("segments.show", segment_id=segment.id)) for segment in found]


def _ground(session: Session) -> tuple[Form, Population]:
    """Return the builder's form, and the customers its rules are asked of."""
    form = builder.form_of(session, g.workspace.id)
    zone = segments.zone_of(session, g.workspace.id)
    return form, Population(g.workspace.id, form.vocabulary.fields, services().clock.now(), zone)


def _language() -> Language:
    return Language(_, get_translations().ungettext, choices.name_of)


def _listed(session: Session, segment: Segment, form: Form, population: Population) -> dict[str, Any]:
    """Return a segment with its sentence, or with the reason why it cannot be used."""
    try:
        rule = segments.rule_of(session, segment)
        found = compiler.compile_rule(rule, population).problems
    except RulesInvalid as refused:
        return {"segment": segment, "sentence": "", "problem": refused.problems[0]}
    said = sentence.describe(rule, form.vocabulary, _language())
    return {"segment": segment, "sentence": said, "problem": found[0] if found else None}


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
        form, population = page.ground = _ground(session)
    page.reading = builder.read(page.draft, form, population, strict=True)
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
    return shell.page("segments/edit.html", **_values(page))


def _values(page: Page) -> dict[str, Any]:
    """Return everything the builder's templates show."""
    workspace_id = g.workspace.id
    with services().database.transaction(workspace_id) as session:
        form, population = page.ground or _ground(session)
        offered = builder.offered(session, workspace_id, page.draft, form)
        if page.segment_id and page.opened_at is None:
            kept = segments.find_one(session, workspace_id, page.segment_id)
            page.opened_at = kept.updated_at if kept else None
    topics = form.vocabulary.names.get("topic", {})
    topic_id = request.values.get("topic", type=ids.read) or next(iter(topics), 0)
    reading = page.reading or builder.read(page.draft, form, population, strict=page.is_strict)
    summary = None
    if reading.compiled is not None:
        with services().database.transaction(workspace_id, reading=True) as session:
            summary = builder.summarise(
                session, population, reading.compiled, topic_id=topic_id, form=form, language=_language()
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
        "problem": None if reading.problems else page.problem,
        "topics": topics,
        "topic_id": topic_id,
        "may_save": g.role in ("marketer", "owner"),
    }
