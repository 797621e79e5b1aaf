"""An operator asks what a rule says and whom it finds, of what is there and of people in a file."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.commands import segments
from app.commands.scratch import WorkspaceUnclear
from app.commands.segments import RuleUnusable
from app.kernel.database import Database
from app.kernel.settings import Settings
from tests.factories.customers import a_customer
from tests.factories.workspaces import WorkspaceForTests

PEOPLE: list[dict[str, Any]] = [
    {
        "external_ref": "a",
        "email": "ada@shop.example",
        "country": "Germany",
        "tags": ["vip"],
        "custom": {"size": 42, "member": True, "joined": "2026-01-05"},
        "orders": [
            {
                "order_ref": "1",
                "amount": "30.00",
                "currency": "EUR",
                "purchased_at": "2026-02-20T10:00:00Z",
                "lines": [{"product_ref": "T1", "category": "Tea > Green", "amount": "30.00", "quantity": 2}],
            }
        ],
        "events": [{"name": "Visited the shop", "at": "2026-02-28T10:00:00Z"}],
    },
    {"external_ref": "b", "email": "bob@shop.example", "country": "FR", "custom": {"size": 9, "member": False}},
    {"external_ref": "c", "first_name": "Cy", "country": "DE"},
]
RULES: list[tuple[dict[str, Any], list[str]]] = [
    ({"type": "all"}, ["a", "b", "c"]),
    ({"type": "is", "field": "country", "value": "DE"}, ["a", "c"]),
    ({"type": "not", "rule": {"type": "is", "field": "country", "value": "DE"}}, ["b"]),
    ({"type": "greater_than", "field": "spent", "value": 20}, ["a"]),
    ({"type": "greater_than", "field": "custom.size", "value": 10}, ["a"]),
    ({"type": "is_unknown", "field": "custom.size"}, ["c"]),
    ({"type": "within_last", "field": "custom.joined", "days": 90}, ["a"]),
    ({"type": "bought_product", "measure": "pieces", "at_least": 2, "category": "Tea"}, ["a"]),
]


Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command as the command line does; return its status and what it printed."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    before = dict(os.environ)
    parser = argparse.ArgumentParser()
    segments.add_to(parser.add_subparsers())

    def run(*words: str | Path) -> tuple[int, str]:
        arguments = parser.parse_args([str(word) for word in words])
        try:
            status: int = arguments.act(arguments)
        finally:
            for name in set(os.environ) - set(before):
                monkeypatch.delenv(name)
        return status, capsys.readouterr().out

    return run


def written(folder: Path, rule: object) -> Path:
    file = folder / "rule.json"
    file.write_text(rule if isinstance(rule, str) else json.dumps(rule))
    return file


def test_a_rule_finds_the_people_of_a_file_and_nothing_of_them_stays(
    ask: Ask, tmp_path: Path, database: Database
) -> None:
    people = tmp_path / "people.jsonl"
    people.write_text("\n\n".join(map(json.dumps, PEOPLE)) + '\n{"email": "nobody"}\n{\n')
    any_of = {"type": "any", "rules": [{"type": "has_tag", "tag": "none"}, *(rule for rule, _ in RULES[3:5])]}

    for rule, expected in (*RULES, (any_of, ["a"])):
        status, said = ask("match-segment", written(tmp_path, rule), people, "--json", "--now", "2026-03-02T10:00Z")
        told = json.loads(said)
        assert (told["matched"], told["of"]) == (expected, 3), rule
        assert [each["line"] for each in told["refused"]] == [6, 7]
        assert status == 1

    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM workspaces WHERE name = 'Scratch'")) == 0


def test_a_rule_is_told_as_a_sentence_with_its_count_and_sql(
    ask: Ask, tmp_path: Path, database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, country="DE")
        a_customer(session, workspace.id, country="FR")
    rule = written(tmp_path, RULES[1][0])

    told = json.loads(ask("inspect-segment", rule, "--workspace", str(workspace.id), "--json")[1])

    assert told["count"] == 1
    assert told["sentence"].startswith("Customers for whom")
    assert "workspace_id" in told["sql"]
    assert "DE" in told["values"].values()
    with pytest.raises(WorkspaceUnclear, match="Say which workspace"):
        ask("inspect-segment", rule, "--workspace", "999999999")


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("{", "rule"),
        ({"type": "nonsense"}, "rule"),
        ({"type": "all", "rules": [{"type": "is", "field": "country"}]}, "rules/0/value"),
    ],
)
def test_a_rule_that_cannot_be_used_is_told_with_the_place(
    ask: Ask, tmp_path: Path, rule: object, place: str
) -> None:
    people = tmp_path / "people.jsonl"
    people.write_text(json.dumps(PEOPLE[2]))

    with pytest.raises(RuleUnusable, match=f"^{place}: "):
        ask("match-segment", written(tmp_path, rule), people)
