"""The list of segments, their deletion, the schema of rules, and the search box's answers."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.conditions.condition_types import ConditionTypes
from app.conditions.references import Vocabulary
from app.kernel.services import services
from app.segments import compiler, schema, segments, sentence, used_in
from app.segments.builder.writing import Form
from app.segments.codec import RulesInvalid
from app.segments.compiler import Population
from app.segments.lists import lists
from app.segments.models import Segment
from app.segments.views.blueprint import bp
from app.segments.views.building import ground, reader_language
from app.web import guard, shell


@bp.get("/segments")
@guard.role("viewer")
def index() -> str:
    """Show the workspace's segments, each with its sentence and its latest count."""
    form = Form(services().extensions.get(ConditionTypes), Vocabulary({}))
    with services().database.transaction(g.workspace.id) as session:
        kept = segments.list_all(session, g.workspace.id)
        full, population = ground(session, *(form.show(segment.rules) for segment in kept))
        rows = [_listed(session, segment, full, population) for segment in kept]
    return shell.page("segments/index.html", rows=rows)


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
    """Answer the search box with segments and lists by name."""
    found = segments.find(session, workspace_id, text, limit=5)
    hits = [(segment.name, _("Segment"), url_for("segments.show", segment_id=segment.id)) for segment in found]
    listed = lists.find(session, workspace_id, text, limit=5)
    return [*hits, *((each.name, _("List"), url_for("segments.show_list", list_id=each.id)) for each in listed)]


def _listed(session: Session, segment: Segment, form: Form, population: Population) -> dict[str, Any]:
    """Return a segment with its sentence, or with the reason why it cannot be used."""
    try:
        rule = segments.rule_of(session, segment)
        found = compiler.compile_rule(rule, population, segment_id=segment.id).problems
    except RulesInvalid as refused:
        return {"segment": segment, "sentence": "", "problem": refused.problems[0]}
    said = sentence.describe(rule, form.vocabulary, reader_language())
    return {"segment": segment, "sentence": said, "problem": found[0] if found else None}


