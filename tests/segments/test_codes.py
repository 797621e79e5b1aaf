"""Countries, languages and time zones are codes: chosen by name, however they are written, and compared as codes."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.customers.profiles import codes
from app.kernel.database import Database
from app.segments import codec, rules, sentence
from app.segments.codec import RulesInvalid
from app.segments.compiler import Population, compile_rule
from app.web import choices
from tests.factories import NOON, conditions
from tests.factories.conditions import FIELDS, VOCABULARY
from tests.factories.customers import a_customer
from tests.factories.segments import counted
from tests.factories.workspaces import WorkspaceForTests


@pytest.mark.parametrize("written", ["DE", "de", "DEU", "Germany", "Deutschland", "德国", " germany "])
def test_a_country_is_matched_however_it_is_written(
    session: Session, workspace: WorkspaceForTests, written: str
) -> None:
    """ "Germany" and "de" used to match nobody where "DE" matched fifteen hundred."""
    for country in ("DE", "Deutschland", "de"):
        a_customer(session, workspace.id, country=country)
    a_customer(session, workspace.id, country="FR")
    a_customer(session, workspace.id)

    for rule, found in ((conditions.Is("country", written), 3), (conditions.In("country", ("FR", written)), 4)):
        assert counted(session, workspace.id, rule, now=NOON) == found
    assert counted(session, workspace.id, conditions.IsNot("country", written), now=NOON) == 2


def test_a_language_is_also_its_regional_forms(session: Session, workspace: WorkspaceForTests) -> None:
    for language in ("en", "en_gb", "English", "de", "pt-BR"):
        a_customer(session, workspace.id, language=language)

    def count(rule: rules.Rule) -> int:
        return counted(session, workspace.id, rule, now=NOON)

    assert count(conditions.Is("language", "English")) == 3
    assert count(conditions.Is("language", "en-GB")) == 1
    assert count(conditions.In("language", ("en-gb", "pt"))) == 2
    assert count(conditions.IsNot("language", "en")) == 2


@pytest.mark.parametrize(
    ("field", "written"), [("country", "Atlantis"), ("language", "klingonish"), ("time_zone", "Mars")]
)
def test_what_is_none_of_the_list_is_said_at_the_condition(field: str, written: str) -> None:
    with pytest.raises(RulesInvalid) as refused:
        _ = compile_rule(rules.AllOf((conditions.Is(field, written),)), Population(1, FIELDS, NOON)).matches

    assert refused.value.problems[0].path == ("rules", 0, "value")


def test_a_rule_says_names_not_codes(client: FlaskClient) -> None:
    form = {"r-match": "all", "r.0-what": "country", "r.0-op": "in", "r.0-values": ["DE", "AT"], "name": "Near"}
    page = client.post("/segments/draft", data=form).text

    assert "country is Germany or Austria" in page
    assert page.count("data-picker") == 1
    assert '<option value="AT" selected>Austria</option>' in page
    client.set_cookie("language", "zh")
    assert '<option value="AT" selected>奥地利</option>' in client.post("/segments/draft", data=form).text
    assert sentence.describe(conditions.Is("country", "austria"), VOCABULARY) == "Customers for whom country is AT."


def test_a_rule_kept_in_other_words_is_shown_and_kept(client: FlaskClient) -> None:
    """What the menu no longer offers, such as the beginning of a country, stays as it was written."""
    kept = rules.AllOf((conditions.StartsWith("country", "D"), conditions.Is("country", "Atlantis")))
    rule = json.dumps(codec.dump(kept))
    page = client.get("/segments/new", query_string={"rules": rule})

    assert '<option value="starts_with" selected' in page.text
    assert '<option value="Atlantis" selected>Atlantis</option>' in page.text
    assert "“Atlantis” is none of the list." in page.text


def test_a_person_and_a_workspace_are_given_codes_by_name(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com")
    page = client.get(f"/customers/{ada.id}/edit").text
    assert page.count("data-picker") == 3
    assert ">Germany</option>" in page
    form = {"email": "ada@example.com", "country": "germany", "language": "DE", "time_zone": "europe/berlin"}
    assert client.post(f"/customers/{ada.id}/edit", data=form).status_code == 303
    page = client.get(f"/customers/{ada.id}/edit").text
    assert '<option selected value="DE">Germany</option>' in page
    assert "Germany (Berlin)" in page or "Europe/Berlin" in page
    refused = client.post(f"/customers/{ada.id}/edit", data={**form, "country": "Atlantis"})
    assert refused.status_code == 422
    assert '<option selected value="Atlantis">Atlantis</option>' in refused.text
    assert "data-picker" in client.get("/settings").text
    assert "Country: Germany" in client.get("/customers?country=germany").text


@pytest.mark.parametrize("kind", ["country", "language", "time_zone", "currency"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_choice_is_one_that_is_taken(app: object, kind: str, language: str) -> None:
    """What a picker offers, the house keeps as it is."""
    find = {**codes.FIND, "currency": codes.find_currency}[kind]
    offered = choices._KINDS[kind](language)

    assert len(offered) > 100
    assert [code for code, _name in offered if find(code) != code] == []
