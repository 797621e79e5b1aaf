"""`assent inspect-segment` and `assent match-segment`: what a rule says, and whom it finds."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.commands import scratch
from app.conditions.condition_types import ConditionTypes
from app.conditions.references import Vocabulary
from app.customers.profiles import fields
from app.kernel.database import Database
from app.kernel.extensions import Extensions
from app.kernel.refusals import Refusal
from app.kernel.translatable import english
from app.segments import codec, preview, segments, sentence
from app.segments.codec import RulesInvalid
from app.segments.rules import Rule
from app.wiring import extensions


class RuleUnusable(Refusal):
    """The rule cannot be read or does not fit."""

    message = english("%(problems)s")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to the command line."""
    rule = "a rule as JSON, as docs/segment-rules.schema.json describes it"
    look = commands.add_parser("inspect-segment", help="say what a rule means, whom it finds and by which SQL")
    look.add_argument("rule", type=Path, help=rule)
    look.add_argument("--workspace", type=int, help="whose customers, by its number; may be left out if there is one")
    look.add_argument("--json", action="store_true", help="count, sentence, sql and values, for a program")
    look.set_defaults(act=_inspect)

    match = commands.add_parser("match-segment", help="say which of the people in a file a rule finds")
    match.add_argument("rule", type=Path, help=rule)
    people = "JSON Lines: customers as the API takes them, each with its `orders` and `events`"
    match.add_argument("customers", type=Path, help=people)
    match.add_argument("--time-zone", default="UTC", help="where days begin, such as Europe/Berlin (UTC)")
    match.add_argument("--now", type=_moment, default=None, help="the time to take it for, such as 2026-03-02T10:00Z")
    match.add_argument("--json", action="store_true", help="who matches, how many there are and what was refused")
    match.set_defaults(act=_match)


def _inspect(arguments: argparse.Namespace) -> int:
    own = extensions.build()
    rule = _read(arguments.rule, own)
    now = datetime.now(UTC)
    with scratch.server(own) as opened, _customers_of(opened, arguments.workspace, now) as (session, workspace_id):
        matches = _compiled(session, workspace_id, rule, now)
        said = sentence.describe(rule, Vocabulary(fields.columns(session, workspace_id)))
        count = preview.count(session, matches)
    compiled = matches.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    if arguments.json:
        told = {"count": count, "sentence": said, "sql": str(compiled), "values": compiled.params}
        print(json.dumps(told, ensure_ascii=False, indent=1, default=str))
    else:
        print(f"{said}\n{count} customers\n\n{compiled}\n\n{compiled.params}")
    return 0


def _match(arguments: argparse.Namespace) -> int:
    own = extensions.build()
    rule, now = _read(arguments.rule, own), arguments.now or datetime.now(UTC)
    with (
        arguments.customers.open("rb") as file,
        scratch.server(own) as opened,
        scratch.workspace(opened, time_zone=arguments.time_zone, now=now) as (session, workspace_id),
    ):
        loaded = scratch.load(session, workspace_id, file, now=now)
        found = set(session.scalars(_compiled(session, workspace_id, rule, now)))
    matched = [name for customer_id, name in loaded.names.items() if customer_id in found]
    if arguments.json:
        refused = [{"line": line, "reason": reason} for line, reason in loaded.refused]
        print(json.dumps({"matched": matched, "of": len(loaded.names), "refused": refused}, ensure_ascii=False))
    else:
        for name in matched:
            print(name)
        for line, reason in loaded.refused:
            print(f"line {line} is left out: {reason}")
    return 1 if loaded.refused else 0


def _read(file: Path, own: Extensions) -> Rule:
    try:
        return codec.loads(file.read_text(errors="replace"), own.get(ConditionTypes))
    except RulesInvalid as invalid:
        raise _told(invalid) from None


def _compiled(session: Session, workspace_id: int, rule: Rule, now: datetime) -> Select[int]:
    try:
        return segments.matches_query(session, workspace_id, rule, now=now)
    except RulesInvalid as invalid:
        raise _told(invalid) from None


def _told(invalid: RulesInvalid) -> RuleUnusable:
    lines = [f"{_place(each.path)}: {_filled(each.message, each.values)}" for each in invalid.problems]
    return RuleUnusable(problems="\n".join(lines) or str(invalid))


def _place(path: tuple[str | int, ...]) -> str:
    return "/".join(map(str, path)) or "rule"


def _filled(message: Any, values: dict[str, Any]) -> str:
    return str(message) % values if values else str(message)


@contextmanager
def _customers_of(opened: Database, named: int | None, now: datetime) -> Iterator[tuple[Session, int]]:
    """Read the workspace that is named or the only one; where there is none at all, nobody's."""
    workspace_id = scratch.choose_workspace(opened, named)
    if workspace_id is None:
        with scratch.workspace(opened, time_zone="UTC", now=now) as nobody:
            yield nobody
        return
    with opened.transaction(workspace_id, reading=True) as session:
        yield session, workspace_id


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo("UTC"))
