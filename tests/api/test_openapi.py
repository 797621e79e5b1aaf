"""The document tells the truth: every route is in it, and every answer fits it."""

from __future__ import annotations

import itertools
from html import unescape

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as described_as

from app.accounts import api_keys
from app.api.v1.operations import OPERATIONS
from tests.factories import NOON

_numbers = itertools.count(1)


@pytest.fixture
def secret(database, workspace):
    with database.transaction(workspace.id) as session:
        return api_keys.create(session, workspace.id, name="Fuzz", staff_id=None, now=NOON)[1]


def test_every_route_is_described(app):
    routes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and app.view_functions[rule.endpoint].guard.kind == "api_key"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert len(routes) == len(OPERATIONS)
    assert {method for method, _path in routes} == {operation.method for operation in OPERATIONS}


def test_the_document_is_public_and_of_its_version(anonymous):
    document = anonymous.get("/api/v1/openapi.json").json

    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://mail.shop.test"}]


def test_staff_can_read_it(client):
    page = client.get("/api/v1/docs")

    assert page.status_code == 200
    assert all(operation.path in page.text for operation in OPERATIONS)


def test_the_page_is_chinese_for_who_reads_chinese(client):
    """What the document says of schemas and fields is English for programs, and translated on the page."""
    client.set_cookie("language", "zh")
    page = client.get("/api/v1/docs").text
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    shown = [schemas[name] for name in ("CustomerIn", "OrderIn", "EventIn", "Whom", "AddressIn", "Proof")]
    fields = [field for schema in shown for field in schema["properties"].values()]
    told = [field["description"] for field in fields if "description" in field]

    assert len(told) > 15
    assert [text for text in told if text in unescape(page)] == []
    assert "您系统中的订单编号。" in page


@pytest.mark.parametrize("operation", [operation.id for operation in OPERATIONS])
def test_every_answer_fits_the_document(app, secret, operation):
    """Whatever is sent, the answer is one the document knows, and never a crash."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    described = next(found.ok() for found in schema.get_all_operations() if operation in str(found.ok().definition.raw))

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=described.as_strategy())
    def check(case):
        # The checks read the answer as it is; packed, it would have to be unpacked first.
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
        if operation.startswith("record"):
            case.headers["Idempotency-Key"] = f"fuzz-{next(_numbers)}"
        answer = case.call()
        case.validate_response(
            answer,
            checks=(
                checks.not_a_server_error,
                described_as.status_code_conformance,
                described_as.content_type_conformance,
                described_as.response_schema_conformance,
            ),
        )

    check()
