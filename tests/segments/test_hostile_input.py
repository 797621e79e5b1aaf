"""Whatever is sent as a rule, in JSON or in a form: it is taken or refused in words, and nothing breaks."""

from __future__ import annotations

import json

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.customers.profiles.fields import _BUILT_IN as BUILT_IN
from app.segments import codec, compiler
from app.segments.builder import builder, drafts, vocabulary
from app.segments.builder.drafts import DraftTooLarge
from app.segments.codec import RulesInvalid
from tests.factories import NOON
from tests.factories.hostile import NASTY_JSON, NASTY_WORDS

FIELDS = {info.name: info for info in BUILT_IN}
WORDS = builder.Vocabulary(FIELDS, {7: "News"})
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]

PARTS = ("field", "value", "values", "low", "high", "days", "tag", "purpose", "topic", "state", "measure", "at_least")
TYPES = sorted(
    {item["properties"]["type"]["const"] for item in codec.schema()["$defs"].values() if "properties" in item}
)

leaf = st.sampled_from(NASTY_JSON) | st.sampled_from([json.dumps(name) for name in (*FIELDS, "custom.x", "")])


def an_object(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A rule of some type whose parts are anything."""
    key = st.sampled_from((*PARTS, "rules", "rule", "kind", "verdict", "x", "__class__"))
    many = st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")
    return st.builds(
        lambda kind, parts: "{" + ",".join((f'"type":{json.dumps(kind)}', *(f'"{k}":{v}' for k, v in parts))) + "}",
        st.sampled_from((*TYPES, "drop", "")),
        st.lists(st.tuples(key, inner | many), max_size=5),
    )


written_rules = st.recursive(leaf, an_object, max_leaves=12)


@settings(max_examples=200, deadline=None, suppress_health_check=QUIET)
@given(text=written_rules)
def test_any_rule_in_json_is_read_or_refused(text: str) -> None:
    """What is read compiles or is refused, says itself, and is the same after a journey through JSON."""
    try:
        rule = codec.loads(text)
    except RulesInvalid as refused:
        problems = refused.problems
    else:
        assert codec.load(json.loads(json.dumps(codec.dump(rule)))) == rule
        drafts.rules_of(drafts.from_rules(codec.dump(rule)), FIELDS, with_blanks=True)
        problems = compiler.check(rule, 1, fields=FIELDS, now=NOON)
        if not problems:
            return
    assert all(problem.message % problem.values for problem in problems)
    assert problems


word = st.sampled_from(NASTY_WORDS)
whats = st.sampled_from((*FIELDS, "tags", "permission", "purchased", "did", "custom.x", "\0", ""))
ops = st.sampled_from([*sorted(vocabulary._OF_FIELDS), "has_tag", "allowed", "sum", "click", "\0"])
inputs = ("value", "values", "low", "high", "days", "at_least", "verdict", "tag", "subject", "was", "x")
lines = st.fixed_dictionaries({"what": whats, "op": ops}, optional=dict.fromkeys(inputs, word))


def a_form(rows: list[dict[str, str]]) -> dict[str, str]:
    """The inputs of these lines, as the builder names them."""
    named = ((f"r.{at}-{name}", value) for at, row in enumerate(rows) for name, value in row.items())
    return {"r-match": "any", **dict(named)}


forms = st.lists(lines, max_size=4).map(a_form)


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(form=forms, wish=word | st.sampled_from(("add@r", "copy@r.0", "remove@r.²")))
def test_any_form_of_the_builder_is_understood_or_told(form: dict[str, str], wish: str) -> None:
    draft = drafts.from_form(form)
    try:
        drafts.change(draft, wish)
    except DraftTooLarge:
        return
    for strict in (False, True):
        reading = builder.read(draft, WORDS, 1, strict=strict, now=NOON)
        assert (reading.rule is None) == bool(reading.problems)


@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@given(form=forms, name=word, rules=written_rules, number=word)
def test_no_page_of_segments_breaks(
    client: FlaskClient, form: dict[str, str], name: str, rules: str, number: str
) -> None:
    """NUL, halves of characters, numbers without end: every answer is a page or a refusal."""
    sent = {**form, "name": name, "topic": number, "segment_id": number, "opened_at": name, "do": name}
    answers = [client.post(f"/segments/{page}", data=sent) for page in ("summary", "draft", "save")]
    answers.append(client.get("/segments/new", query_string={"rules": rules, "name": name}))

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
