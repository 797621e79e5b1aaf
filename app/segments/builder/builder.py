"""The segment builder: a draft checked, counted and described, as plain values for its page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.conditions.condition_types import ConditionTypes
from app.conditions.description import Language
from app.conditions.references import Vocabulary
from app.customers.profiles import fields as known_fields
from app.kernel import extensions
from app.segments import codec, compiler, preview, sentence
from app.segments.builder import suggestions
from app.segments.builder.drafts import LineGroup, lines
from app.segments.builder.writing import Form
from app.segments.codec import RulesInvalid
from app.segments.compiler import CompiledRule, Population
from app.segments.preview import Person, Waterfall

# What is wrong, by place and control: {"r.0": {"value": (message, values)}}.
Problems = dict[str, dict[str, tuple[str, dict[str, Any]]]]


@dataclass
class Reading:
    """A draft as far as it can be understood, compiled when it can be."""

    compiled: CompiledRule | None = None
    problems: Problems = field(default_factory=dict)
    blanks: int = 0


@dataclass(frozen=True)
class Summary:
    """What the rule would reach now."""

    sentence: str
    waterfall: Waterfall
    people: list[Person]


def form_of(session: Session, workspace_id: int, *drafts: LineGroup) -> Form:
    """Return the builder's form for this workspace, with the names of what these drafts speak of.

    A statement for its fields, and one for each kind of reference that a condition of the drafts has.
    """
    types = extensions.of(session, ConditionTypes)
    form = Form(types, Vocabulary(known_fields.columns(session, workspace_id)))
    needed = {kind: set[int]() for kind in ALWAYS if kind in types.references}
    for line in (line for draft in drafts for line in lines(draft)):
        offer, filled = form.offer(line), form.filled(line)
        for reference in offer.condition.references:
            needed.setdefault(reference.kind, set())
        for reference, row_id in (found for each in offer.question.inputs for found in each.refers(filled)):
            needed.setdefault(reference.kind, set()).add(row_id)
    names = {kind: types.references[kind].names(session, workspace_id, ids) for kind, ids in needed.items()}
    return Form(types, Vocabulary(form.vocabulary.fields, names))


# What the page asks of every draft: the topic that mails would be about.
ALWAYS = ("topic",)


def read(
    draft: LineGroup, form: Form, population: Population, *, strict: bool, segment_id: int | None = None
) -> Reading:
    """Understand a draft. Lines still to be filled in are left out, or with `strict` are problems."""
    written = form.write(draft, with_blanks=strict)
    reading = Reading(blanks=sum(form.is_blank(line) for line in lines(draft)))
    try:
        compiled = compiler.compile_rule(codec.load(written.value, form.types), population, segment_id=segment_id)
        found = compiled.problems
        if not found:
            reading.compiled = compiled
    except RulesInvalid as refused:
        found = refused.problems
    for problem in found:
        place, control = written.place_of(problem)
        reading.problems.setdefault(place, {})[control] = (problem.message, problem.values)
    return reading


def summarise(
    session: Session, population: Population, compiled: CompiledRule, *, topic_id: int, form: Form, language: Language
) -> Summary:
    """Count, sample and describe a compiled rule; run it under the reader role."""
    workspace_id = population.workspace_id
    return Summary(
        sentence.describe(compiled.rule, form.vocabulary, language),
        preview.waterfall(session, workspace_id, compiled.matches, topic_id, population.now),
        preview.sample(session, workspace_id, compiled.matches),
    )


def offered(session: Session, workspace_id: int, draft: LineGroup, form: Form) -> dict[str, list[str]]:
    """Return usual values for every free-text field the draft asks about."""
    named = {control.suggests for line in lines(draft) for control in form.controls(line)}
    infos = [form.vocabulary.fields[name] for name in sorted(named & set(form.vocabulary.fields))]
    texts = [info for info in infos if info.kind in ("text", "tags") and not info.codes and info.name != "email"]
    # What nobody may ask for is not told by its usual values either.
    usable = [info for info in texts if not info.is_barred]
    return {info.name: suggestions.of(session, workspace_id, info) for info in usable}
