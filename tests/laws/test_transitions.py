"""Messages, batches and sends are moved in one place, whose docstring draws how."""

from __future__ import annotations

import re

from app.delivery.transitions import handoff
from tests.laws import source

_IN_SQL = re.compile(r"\bUPDATE (messages|batches|sends)\b")
_MOVED = {"Message", "Batch", "Send"}


def _moves(path):
    """Where a file updates a message, batch or send: in SQL, or through its model."""
    for word in source.strings(path):
        if _IN_SQL.search(word.value):
            yield word.lineno
    for name, call in source.calls(path):
        if name == "update" and call.args and source.dotted(call.args[0]) in _MOVED:
            yield call.lineno


def test_every_statement_that_moves_a_message_stands_in_transitions():
    inside, outside = [], []
    for path in source.business_files():
        places = inside if path.parent.name == "transitions" else outside
        places += [f"{path}:{line}" for line in _moves(path)]

    assert outside == []
    assert len(inside) >= 15


def test_the_fetch_statement_names_every_column():
    """Each field of a fetched message comes from somewhere, and nothing is read that has no field."""
    named = handoff._OF_MESSAGE | handoff._OF_ENGAGEMENT | handoff._OF_PERMISSION | set(handoff._SOURCES)

    assert named <= set(handoff.FetchedMessage._fields)
