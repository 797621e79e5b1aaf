"""The segment builder: a draft checked, counted and described, as plain values for its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.consent import topics
from app.customers.profiles import fields as known_fields
from app.customers.profiles.fields import FieldInfo
from app.segments import codec, compiler, preview, sentence
from app.segments.builder import drafts, suggestions, vocabulary
from app.segments.builder.drafts import Group
from app.segments.codec import RulesInvalid
from app.segments.conditions.description import NameOf, Translate
from app.segments.conditions.groups import Rule
from app.segments.preview import Person, Waterfall


@dataclass(frozen=True)
class Vocabulary:
    """What can be chosen in this workspace."""

    fields: Mapping[str, FieldInfo]
    topics: Mapping[int, str]

    @property
    def menu(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return vocabulary.menu(self.fields.values())


@dataclass
class Reading:
    """A draft as far as it can be understood. `problems` are messages by place and input: {"r.0": {"value": ...}}."""

    rule: Rule | None = None
    problems: dict[str, dict[str, tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    blanks: int = 0


@dataclass(frozen=True)
class Summary:
    """What the rule would reach now."""

    sentence: str
    waterfall: Waterfall
    people: list[Person]


def vocabulary_of(session: Session, workspace_id: int) -> Vocabulary:
    """Return the fields and topics of the workspace."""
    names = {topic.id: topic.name for topic in topics.list_active(session, workspace_id)}
    return Vocabulary(known_fields.columns(session, workspace_id), names)


def read(draft: Group, words: Vocabulary, workspace_id: int, *, strict: bool, now: datetime) -> Reading:
    """Understand a draft. Lines still to be filled in are left out, or with `strict` are problems."""
    written = drafts.rules_of(draft, words.fields, with_blanks=strict)
    reading = Reading(blanks=sum(line.is_blank(words.fields) for line in drafts.conditions(draft)))
    try:
        rule = codec.load(written.value)
        found = compiler.check(rule, workspace_id, fields=words.fields, now=now)
        if not found:
            reading.rule = rule
    except RulesInvalid as refused:
        found = refused.problems
    for problem in found:
        place, part = written.place_of(problem)
        reading.problems.setdefault(place, {})[part] = (problem.message, problem.values)
    return reading


def summarise(
    session: Session,
    workspace_id: int,
    rule: Rule,
    words: Vocabulary,
    *,
    topic_id: int,
    translate: Translate,
    name_of: NameOf,
    now: datetime,
) -> Summary:
    """Count, sample and say a rule; run it under the reader role."""
    return Summary(
        sentence.describe(rule, words.fields, translate=translate, topics=words.topics, name_of=name_of),
        preview.waterfall(session, workspace_id, rule, topic_id, now),
        preview.sample(session, workspace_id, rule, now=now),
    )


def offered(session: Session, workspace_id: int, draft: Group, words: Vocabulary) -> dict[str, list[str]]:
    """Return usual values for every free-text field the draft asks about."""
    asked = {line.what for line in drafts.conditions(draft)} & set(words.fields)
    kinds = {what: info for what in asked if (info := words.fields[what]).kind in ("text", "tags") and not info.codes}
    return {what: suggestions.of(session, workspace_id, info) for what, info in kinds.items() if what != "email"}
