"""What holds of every rule and form over any set of conditions."""

from __future__ import annotations

import json

from app.segments import codec, sentence
from app.segments.builder import builder, drafts
from app.segments.builder.drafts import DraftTooLarge
from app.segments.builder.writing import Form
from app.segments.codec import RulesInvalid
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON


def is_read_or_refused(text: str, form: Form) -> None:
    """What is read compiles or is refused, describes itself, and is the same after a journey through JSON."""
    population = Population(1, form.vocabulary.fields, NOON)
    try:
        rule = codec.loads(text, form.types)
    except RulesInvalid as refused:
        problems = refused.problems
    else:
        assert codec.load(json.loads(json.dumps(codec.dump(rule))), form.types) == rule
        assert sentence.describe(rule, form.vocabulary)
        form.write(form.show(codec.dump(rule)), with_blanks=True)
        problems = compile_rule(rule, population).problems
        if not problems:
            return
    assert all(problem.message % problem.values for problem in problems)
    assert problems


def is_understood_or_told(sent: dict[str, str], wish: str, form: Form) -> None:
    """A form of the builder is a rule, or says at a place of the form what is wrong."""
    draft = drafts.from_form(sent)
    try:
        drafts.change(draft, wish)
    except DraftTooLarge:
        return
    for strict in (False, True):
        reading = builder.read(draft, form, Population(1, form.vocabulary.fields, NOON), strict=strict)
        assert (reading.compiled is None) == bool(reading.problems)
