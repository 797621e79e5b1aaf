"""Whatever code writes down as a reason can be said in words, wherever it is shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.cadence.decide import Why
from app.consent import permission, suppression
from app.customers.imports import refused
from app.delivery import words
from app.delivery.inbound.bounce_classification import Cause
from app.journeys.engine.enrolment import Stop
from app.journeys.views.words import REASONS as LEFT_BECAUSE
from tests.laws import source

_IN_SQL = re.compile(r"\breason\s*=\s*(?:CASE\b[^,]*?\bTHEN\s*)?'([a-z_:]+)'")
# Where a reason of a message stands among the plain arguments of these calls.
_PLACES = {
    "Drop": 0, "WaitUntil": 1, "outcomes.poisoned": 1, "poisoned": 1, "_rest": 1, "_answered": 2, "Record": 2,
    "Outcome": 2,
}  # fmt: skip
_CODE = re.compile(r"[a-z_]+(:[a-z_]+)?")


def test_every_reason_of_a_message_has_words():
    """In a person's history and in a campaign's report: both are said in one table, which lacks none."""
    written = set(_of_messages())

    assert {"no_permission", "erased", "cancelled", "gave_up", "undeliverable_eai", "render_error"} <= written
    assert written - set(words.REASONS) == set()


def test_no_words_are_kept_for_what_nobody_writes():
    """A renamed reason leaves no words behind that look as if it were still said."""
    assert set(words.REASONS) - set(_of_messages()) == set()


def test_every_reason_of_a_pause_has_words():
    assert set(_given("pause", "reason")) - set(words.PAUSES) == set()


def test_every_reason_to_leave_a_journey_has_words():
    assert {str(stop) for stop in Stop} == set(LEFT_BECAUSE)


def test_every_suppression_reason_has_words():
    assert set(suppression.REASONS) == set(permission.SUPPRESSED)


def test_every_reason_to_refuse_a_row_has_words():
    codes = {
        call.args[0].value
        for path in source.business_files()
        for name, call in source.calls(path)
        if name.endswith("RowRefused") and call.args and isinstance(call.args[0], ast.Constant)
    }

    assert codes
    assert codes - set(refused.REASONS) == set()


def _of_messages() -> Iterator[str]:
    """Every code that anybody writes into a message's reason, as far as the source says it."""
    yield from (cause.value for cause in Cause)
    yield from (f"deferred:{cause.value}" for cause in Cause)
    yield from (f"waiting:{why.value}" for why in Why if why is not Why.NOTHING)
    for path in _delivering():
        for name, call in source.calls(path):
            yield from _at(call, _PLACES.get(name))
            if name.rpartition(".")[2].startswith("skip"):
                yield from (code for word in call.keywords if word.arg == "reason" for code in _codes(word.value))
        for text in source.strings(path):
            if "UPDATE messages" in text.value:
                yield from _IN_SQL.findall(text.value)
        yield from _named(path)
    yield from _given("skip", "reason")


def _delivering() -> Iterator[Path]:
    return (path for path in source.business_files() if source.room_of(path) == "delivery")


def _at(call: ast.Call, place: int | None) -> Iterator[str]:
    if place is not None and len(call.args) > place:
        yield from _codes(call.args[place])


def _named(path: Path) -> Iterator[str]:
    """What is called a reason: `reason = "..."`, `.values(reason="...")`, `{"reason": "..."}`, SQL literals."""
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.Assign) and [source.dotted(target) for target in node.targets] == ["reason"]:
            yield from _codes(node.value)
        elif isinstance(node, ast.AnnAssign) and node.value and source.dotted(node.target) == "reason":
            yield from (code for one in ast.walk(node.value) if isinstance(one, ast.Call)
                        for code in _literal(one))  # fmt: skip
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "reason":
                    yield from _codes(value)
        elif isinstance(node, ast.Call) and source.dotted(node.func).endswith(".values"):
            yield from (code for word in node.keywords if word.arg == "reason" for code in _codes(word.value))


def _literal(call: ast.Call) -> Iterator[str]:
    given = [*call.args, *(word.value for word in call.keywords)]
    if source.dotted(call.func) == "literal":
        for value in given:
            yield from _codes(value)
    for word in call.keywords:
        if word.arg == "else_":
            yield from _codes(word.value)


def _codes(node: ast.expr) -> Iterator[str]:
    """The codes an expression may come to: a constant, or either side of a condition."""
    if isinstance(node, ast.IfExp):
        yield from _codes(node.body)
        yield from _codes(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
        yield node.value


def _given(function: str, argument: str) -> Iterator[str]:
    """The constants handed to a function of `sends` by this name, its default among them."""
    for path in source.business_files():
        for name, call in source.calls(path):
            if name in (f"sends.{function}", f"lanes.{function}"):
                yield from (code for word in call.keywords if word.arg == argument for code in _codes(word.value))
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name == function and path.name == "sends.py":
                defaults = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                yield from (code for arg, value in defaults if arg.arg == argument and value for code in _codes(value))
