"""A condition defined in this file alone is in the builder, in JSON, in sentences and in SQL, and held to every law."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import ClassVar

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from sqlalchemy import ColumnElement, and_, func

from app.commerce.conditions.purchases import Purchased
from app.conditions import known
from app.conditions.condition import Condition, Question, Subject
from app.conditions.condition_types import ConditionTypes
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import NumberInput, ReferenceInput
from app.conditions.limits import RowId, Times
from app.conditions.references import Reference
from app.consent.conditions import Permission
from app.kernel.database import Database
from app.kernel.extensions import Extensions
from app.kernel.services import Services, install
from app.segments import codec, schema, sentence
from app.segments.builder.writing import Form
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON
from tests.factories.application.extending import extended
from tests.factories.conditions import FIELDS, VOCABULARY
from tests.factories.customers import a_customer
from tests.factories.hostile.rules import builder_forms, written_rules
from tests.factories.workspaces import WorkspaceForTests
from tests.segments import rule_laws

SHOP = Reference("shop", lambda _session, _workspace_id: {1: "Harbour", 2: "Old town"})


@dataclass(frozen=True)
class LongCity(Condition):
    """The city's name is long, as seen from one of the shops."""

    type = "long_city"
    subject = Subject("city_name", "Name of the city", "profile")
    questions = (
        Question(
            "longer",
            "is longer than",
            (
                NumberInput("letters", "Letters", after="letters, seen from", is_whole=True),
                ReferenceInput(name="shop", label="Shop", reference=SHOP),
            ),
        ),
        Question("shorter", "is not longer than", (NumberInput("letters", "Letters", is_whole=True),), is_negated=True),
    )
    help = "Counts the letters of the city's name."
    example = {"letters": 6, "shop": 1}
    references = (SHOP,)

    letters: Times
    shop: RowId = 0

    compiled: ClassVar[list[int]] = []

    @property
    def reads(self) -> tuple[str, ...]:
        return ("city",)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        self.compiled.append(self.letters)
        city = context.field("city", "text").expression
        return and_(city.is_not(None), func.length(city) > self.letters)

    def describe(self, description: Description) -> str:
        more = ("%(shop)s sees more than %(num)s letter", "%(shop)s sees more than %(num)s letters")
        return description.counted(more, self.letters, shop=description.name(SHOP, self.shop))


TYPES = ConditionTypes([*known.CONDITIONS, Purchased, Permission, LongCity])
FORM = Form(TYPES, VOCABULARY)
RULE = {"type": "long_city", "letters": 6, "shop": 1}
LINE = {"r-match": "all", "r.0-what": "city_name", "r.0-op": "longer", "r.0-letters": "6", "r.0-shop": "2"}
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture
def extensions(extensions: Extensions) -> Extensions:
    """An installation that knows one condition more."""
    LongCity.compiled.clear()
    return extensions.replacing(TYPES)


def counted(page: str) -> list[str]:
    return re.findall(r"(\d+) (?:person|people) match", page)


def test_it_is_read_written_and_published_as_json() -> None:
    rule = codec.load({"type": "all", "rules": [RULE]}, TYPES)

    assert codec.dump(rule) == {"type": "all", "rules": [RULE]}
    assert schema.of_rules(TYPES)["$defs"]["long_city"]["examples"] == [RULE]
    with pytest.raises(codec.RulesInvalid) as refused:
        codec.load({"type": "all", "rules": [{"type": "long_city", "letters": 0}]}, TYPES)
    assert [problem.path for problem in refused.value.problems] == [("rules", 0, "letters")]


def test_it_is_described_in_singular_and_plural() -> None:
    vocabulary = type(VOCABULARY)(FIELDS, {"shop": {1: "Harbour"}})

    assert sentence.describe(LongCity(1, 1), vocabulary) == "Customers for whom “Harbour” sees more than 1 letter."
    assert sentence.describe(LongCity(6, 1), vocabulary) == "Customers for whom “Harbour” sees more than 6 letters."


def test_it_is_built_counted_and_kept_on_the_page(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        for city in ("Ulm", "Hamburg", "Frankfurt"):
            a_customer(session, workspace.id, city=city)
    page = client.post("/segments/draft", data=LINE).text
    assert '<option value="city_name" selected>Name of the city</option>' in page
    assert "Counts the letters" in page
    assert "“Old town” sees more than 6 letters" in page
    assert counted(page) == ["2"]

    kept = client.post("/segments/save", data={**LINE, "name": "Long"})
    page = client.get(kept.headers["Location"]).text
    assert 'name="r.0-letters"' in page
    assert counted(page) == ["2"]
    assert counted(client.post("/segments/summary", data={**LINE, "r.0-op": "shorter"}).text) == ["1"]
    wrong = client.post("/segments/save", data={**LINE, "r.0-letters": "six", "name": "Wrong"})
    assert wrong.status_code == 422
    assert 'class="form-control w-auto is-invalid" inputmode="decimal"' in wrong.text


def test_each_page_compiles_a_condition_once(client: FlaskClient) -> None:
    """The summary, the sample and the check used to compile the rule again, up to four times."""
    deep = json.dumps({"type": "not", "rule": {"type": "any", "rules": [{"type": "all", "rules": [RULE, RULE]}]}})
    saved = client.post("/segments/save", data={**LINE, "name": "Long"})
    asked = [LongCity.compiled.copy()]
    for ask in (
        lambda: client.get(saved.headers["Location"]),
        lambda: client.get("/segments"),
        lambda: client.post("/segments/summary", data=LINE),
        lambda: client.post("/segments/draft", data={**LINE, "do": "add@r"}),
    ):
        LongCity.compiled.clear()
        assert ask().status_code == 200
        asked.append(LongCity.compiled.copy())
    LongCity.compiled.clear()
    client.get("/segments/new", query_string={"rules": deep})

    assert asked == [[6]] * 5
    assert LongCity.compiled == [6, 6]


class UnnamedCity(LongCity):
    """The same condition, whose author forgot to name the field it reads."""

    reads = ()


def test_it_may_read_only_what_it_names() -> None:
    """A field whose table is not joined would be joined with everybody; the author is told at once."""
    with pytest.raises(LookupError, match="without naming it in `reads`"):
        compile_rule(UnnamedCity(3), Population(1, FIELDS, NOON))


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(text=written_rules(TYPES, VOCABULARY))
def test_no_json_breaks_it(text: str) -> None:
    rule_laws.is_read_or_refused(text, FORM)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(sent=builder_forms(TYPES, VOCABULARY))
def test_no_form_breaks_it(sent: dict[str, str]) -> None:
    rule_laws.is_understood_or_told(sent, "", FORM)


def test_two_conditions_of_one_type_are_refused() -> None:
    @dataclass(frozen=True)
    class Another(LongCity):
        """Called as the first."""

    with pytest.raises(ValueError, match="long_city"):
        ConditionTypes([LongCity, Another])


def test_a_kept_condition_that_is_no_longer_known_is_told(
    client: FlaskClient, services: Services
) -> None:
    """An installation may lose a condition; its segments say so instead of breaking, and can be mended."""
    kept = client.post("/segments/save", data={**LINE, "name": "Long"})
    install(extended(services, ConditionTypes([*known.CONDITIONS, Purchased, Permission])))
    page = client.get(kept.headers["Location"])

    assert page.status_code == 200
    assert "This segment cannot be used as it is." in client.get("/segments").text
    assert "long_city (removed)" in page.text
