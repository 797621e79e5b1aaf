"""The pages of segments: the list, and the builder with its live count."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.kernel import ids
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.segments import codec, compiler, preview, segments, sentence, used_in
from app.segments.builder import builder, drafts, vocabulary
from app.segments.builder.drafts import Group
from app.segments.codec import Problem, RulesInvalid
from app.segments.models import Segment
from app.web import choices, errors, guard, shell

bp = Blueprint("segments", __name__, template_folder="templates")
# Far more than a rule of two hundred conditions takes.
LARGEST_FORM = 512 * 1024


@bp.before_request
def allow_small_forms() -> None:
    """Refuse what no builder sends before it is read."""
    request.max_content_length = LARGEST_FORM


@bp.get("/segments")
@guard.role("viewer")
def index() -> str:
    """Show the workspace's segments, each with its sentence and its latest count."""
    with services().database.transaction(g.workspace.id) as session:
        words = builder.vocabulary_of(session, g.workspace.id)
        rows = [_listed(segment, words) for segment in segments.list_all(session, g.workspace.id)]
    return shell.page("segments/index.html", rows=rows)


@bp.get("/segments/new")
@guard.role("marketer")
def new() -> str:
    """Show an empty builder, or one that begins with the rules given as JSON in `rules`."""
    given = request.args.get("rules")
    draft = drafts.from_rules(codec.dump(codec.loads(given))) if given else drafts.empty()
    return _page(draft, name=request.args.get("name", ""), segment_id=None)


@bp.get("/segments/<int:segment_id>")
@guard.role("viewer")
def show(segment_id: int) -> str:
    """Show a kept segment in the builder."""
    with services().database.transaction(g.workspace.id) as session:
        segment = segments.get(session, g.workspace.id, segment_id)
        uses = used_in.list_uses(session, g.workspace.id, segment_id)
        problem = segments.problem_with(session, g.workspace.id, segment_id, now=services().clock.now())
    draft = drafts.from_rules(segment.rules)
    return _page(draft, name=segment.name, segment_id=segment_id, uses=uses, problem=problem)


@bp.post("/segments/draft")
@guard.role("viewer")
def redraft() -> str:
    """Do what a button of the builder asks, and show the builder anew; nothing is kept."""
    draft = _draft()
    drafts.change(draft, request.form.get("do", ""))
    name, segment_id = request.form.get("name", ""), request.form.get("segment_id", type=ids.read)
    values = _values(draft, name=name, segment_id=segment_id, opened_at=_opened_at())
    return shell.page("segments/_builder.html" if shell.is_live() else "segments/edit.html", **values)


@bp.post("/segments/summary")
@guard.role("viewer")
def summarise() -> str:
    """Show only what the draft reaches now, and what is wrong where."""
    draft = _draft()
    return shell.page("segments/_summary.html", is_update=True, **_values(draft, name="", segment_id=None))


@bp.post("/segments/save")
@guard.role("marketer")
def save() -> ResponseReturnValue:
    """Keep the draft under its name."""
    draft, name = _draft(), request.form.get("name", "")
    segment_id = request.form.get("segment_id", type=ids.read)
    now = services().clock.now()
    try:
        rule = _strict(draft)
        with services().database.transaction(g.workspace.id, reading=True) as session:
            count = preview.count(session, g.workspace.id, rule, now=now)
        with services().database.transaction(g.workspace.id) as session:
            kept = segments.save(
                session,
                g.workspace.id,
                segment_id=segment_id,
                name=name,
                rule=rule,
                staff_id=g.staff.id,
                now=now,
                opened_at=_opened_at(),
            )
            segments.remember_count(session, g.workspace.id, kept.id, count, of=now, now=now)
    except Refusal as refusal:
        if refusal.status == NotFound.status:
            raise
        said = {} if isinstance(refusal, RulesInvalid) else {str(refusal.field or "segment"): errors.say(refusal)}
        opened_at = None if isinstance(refusal, segments.EditedElsewhere) else _opened_at()
        values = _values(draft, name=name, segment_id=segment_id, strict=True, refused=said, opened_at=opened_at)
        template = "segments/_builder.html" if shell.is_live() else "segments/edit.html"
        return shell.page(template, **values), 422
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
def schema() -> Response:
    """Publish the JSON schema of rules."""
    return Response(json.dumps(codec.schema(), indent=2), mimetype="application/schema+json")


def search(session: Session, workspace_id: int, text: str) -> list[tuple[str, str, str]]:
    """Answer the search box with segments by name."""
    found = segments.find(session, workspace_id, text, limit=5)
    return [(segment.name, _("Segment"), f"/segments/{segment.id}") for segment in found]


def _listed(segment: Segment, words: builder.Vocabulary) -> dict[str, Any]:
    """Return a segment with its sentence, or with the reason why it cannot be used."""
    try:
        rule = segments.rule_of(segment)
        found = compiler.check(rule, g.workspace.id, fields=words.fields, now=services().clock.now())
    except RulesInvalid as refused:
        return {"segment": segment, "sentence": "", "problem": refused.problems[0]}
    said = sentence.describe(rule, words.fields, translate=_, topics=words.topics, name_of=choices.name_of)
    return {"segment": segment, "sentence": said, "problem": found[0] if found else None}


def _draft() -> Group:
    """Return the tree in the builder's form; several values of one input are lines of its text."""
    return drafts.from_form({name: "\n".join(values).replace("\r\n", "\n") for name, values in request.form.lists()})


def _opened_at() -> datetime | None:
    """Return the `updated_at` of the segment this page began from."""
    try:
        return datetime.fromisoformat(request.form.get("opened_at", ""))
    except ValueError:
        return None


def _page(draft: Group, **values: Any) -> str:
    return shell.page("segments/edit.html", **_values(draft, **values))


def _strict(draft: Group) -> Any:
    """Return the rule of a draft in which nothing may be left to fill in; raise RulesInvalid."""
    with services().database.transaction(g.workspace.id) as session:
        words = builder.vocabulary_of(session, g.workspace.id)
    reading = builder.read(draft, words, g.workspace.id, strict=True, now=services().clock.now())
    if reading.rule is None:
        raise RulesInvalid([])
    return reading.rule


def _values(
    draft: Group,
    *,
    name: str,
    segment_id: int | None,
    uses: list[used_in.Use] | None = None,
    strict: bool = False,
    refused: dict[str, str] | None = None,
    problem: Problem | None = None,
    opened_at: datetime | None = None,
) -> dict[str, Any]:
    """Return everything the builder's templates show."""
    now, workspace_id = services().clock.now(), g.workspace.id
    with services().database.transaction(workspace_id) as session:
        words = builder.vocabulary_of(session, workspace_id)
        offered = builder.offered(session, workspace_id, draft, words)
        kept = segments.find_one(session, workspace_id, segment_id) if segment_id and opened_at is None else None
    topic_id = request.values.get("topic", type=ids.read) or next(iter(words.topics), 0)
    reading = builder.read(draft, words, workspace_id, strict=strict, now=now)
    summary = None
    if reading.rule is not None:
        with services().database.transaction(workspace_id, reading=True) as session:
            summary = builder.summarise(
                session,
                workspace_id,
                reading.rule,
                words,
                topic_id=topic_id,
                translate=_,
                name_of=choices.name_of,
                now=now,
            )
    return {
        "draft": draft,
        "name": name,
        "segment_id": segment_id,
        "opened_at": kept.updated_at if kept else opened_at,
        "uses": uses or [],
        "words": words,
        "vocabulary": vocabulary,
        "choices": choices,
        "offered": offered,
        "reading": reading,
        "summary": summary,
        "problem": None if reading.problems else problem,
        "topic_id": topic_id,
        "refused": refused or {},
        "may_save": g.role in ("marketer", "owner"),
    }
