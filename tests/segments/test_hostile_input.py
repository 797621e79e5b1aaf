"""Whatever is sent as a rule, in JSON or in a form: it is taken or refused in words, and nothing breaks."""

from __future__ import annotations

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.segments.builder.writing import Form
from tests.factories.conditions import TYPES, VOCABULARY
from tests.factories.hostile.rules import builder_forms, word, written_rules
from tests.segments import rule_laws

FORM = Form(TYPES, VOCABULARY)
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
texts, forms = written_rules(TYPES, VOCABULARY), builder_forms(TYPES, VOCABULARY)


@settings(max_examples=200, deadline=None, suppress_health_check=QUIET)
@given(text=texts)
def test_any_rule_in_json_is_read_or_refused(text: str) -> None:
    rule_laws.is_read_or_refused(text, FORM)


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(sent=forms, wish=word | st.sampled_from(("add@r", "copy@r.0", "remove@r.²")))
def test_any_form_of_the_builder_is_understood_or_told(sent: dict[str, str], wish: str) -> None:
    rule_laws.is_understood_or_told(sent, wish, FORM)


@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@given(form=forms, name=word, rules=texts, number=word)
def test_no_page_of_segments_breaks(
    client: FlaskClient, form: dict[str, str], name: str, rules: str, number: str
) -> None:
    """NUL, halves of characters, numbers without end: every answer is a page or a refusal."""
    sent = {**form, "name": name, "topic": number, "segment_id": number, "opened_at": name, "do": name}
    answers = [client.post(f"/segments/{page}", data=sent) for page in ("summary", "draft", "save")]
    answers.append(client.get("/segments/new", query_string={"rules": rules, "name": name}))

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
