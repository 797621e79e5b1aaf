"""What the audit is told and what it can say are the same."""

from __future__ import annotations

import ast
import re

from app.accounts.views import audit_descriptions
from tests.laws import source

_TELLERS = ("audit.record", "note", "_note")
_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def test_the_audit_has_words_for_every_action_and_for_no_other():
    told = {
        given.value
        for path in source.files()
        for name, call in source.calls(path)
        if name in _TELLERS or name.endswith(".note")
        for given in (*call.args, *(keyword.value for keyword in call.keywords))
        if isinstance(given, ast.Constant) and isinstance(given.value, str) and _ACTION.fullmatch(given.value)
    }

    assert sorted(told ^ audit_descriptions.ACTIONS.keys()) == []
