"""Rules and forms of the builder whose parts are anything, for any set of conditions."""

from __future__ import annotations

import json
from inspect import signature

from hypothesis import strategies as st

from app.conditions.condition_types import ConditionTypes
from app.conditions.inputs import FilledIn
from app.conditions.references import Vocabulary
from tests.factories.hostile.values import NASTY_JSON, NASTY_WORDS

word = st.sampled_from(NASTY_WORDS)


def written_rules(types: ConditionTypes, vocabulary: Vocabulary) -> st.SearchStrategy[str]:
    """JSON texts that are nearly rules: known types and parts, with values that have broken programs."""
    parts = sorted({part for condition in types for part in signature(condition).parameters})
    names = ["all", "any", "not", *(condition.type for condition in types), "drop", ""]
    fields = [json.dumps(name) for name in (*vocabulary.fields, "custom.x")]
    leaf = st.sampled_from(NASTY_JSON) | st.sampled_from(fields)
    key = st.sampled_from((*parts, "rules", "rule", "x", "__class__"))

    def an_object(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        many = st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")
        return st.builds(
            lambda kind, given: "{" + ",".join((f'"type":{json.dumps(kind)}', *(f'"{k}":{v}' for k, v in given))) + "}",
            st.sampled_from(names),
            st.lists(st.tuples(key, inner | many), max_size=5),
        )

    return st.recursive(leaf, an_object, max_leaves=12)


def builder_forms(types: ConditionTypes, vocabulary: Vocabulary) -> st.SearchStrategy[dict[str, str]]:
    """Forms of the builder: any subject with any question, and anything in any input."""
    questions = [question for condition in types for question in condition.questions]
    ops = sorted({question.op for question in questions})
    asked = FilledIn({}, "city", vocabulary)
    controls = {drawn.name for question in questions for each in question.inputs for drawn in each.controls(asked)}
    subjects = st.sampled_from((*vocabulary.fields, *types.subjects, "custom.x", "\0", ""))
    lines = st.fixed_dictionaries(
        {"what": subjects, "op": st.sampled_from([*ops, "\0"])},
        optional=dict.fromkeys((*sorted(controls), "was", "x"), word),
    )
    return st.lists(lines, max_size=4).map(_form)


def _form(rows: list[dict[str, str]]) -> dict[str, str]:
    """Return the inputs of these lines, as the builder names them."""
    named = ((f"r.{at}-{name}", value) for at, row in enumerate(rows) for name, value in row.items())
    return {"r-match": "any", **dict(named)}
