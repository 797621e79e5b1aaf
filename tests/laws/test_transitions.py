"""Messages, batches and sends are moved in one place, whose docstring draws how."""

from __future__ import annotations

import ast
import re

from app.delivery.transitions import handoff
from tests.laws import source

_IN_SQL = re.compile(r"\bUPDATE (messages|batches|sends)\b")
_MOVED = {"Message", "Batch", "Send"}
_MOVED_NAMES = {"message", "batch", "send"}


def _moves(path):
    """Where a file updates a message, batch or send: in SQL, or through its model."""
    for word in source.strings(path):
        if _IN_SQL.search(word.value):
            yield word.lineno
    for name, call in source.calls(path):
        if name == "update" and call.args and source.dotted(call.args[0]) in _MOVED:
            yield call.lineno
    yield from _assigned(source.room_of(path), source.tree(path))


def _assigned(room, module):
    """Where a module assigns the state of a loaded row: of any in delivery, elsewhere of what is called a send."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == "state":
            owner = source.dotted(node.value).rpartition(".")[2]
            if room == "delivery" or owner in _MOVED_NAMES:
                yield node.lineno


def test_every_statement_that_moves_a_message_stands_in_transitions():
    inside, outside = [], []
    for path in source.business_files():
        places = inside if path.parent.name == "transitions" else outside
        places += [f"{path}:{line}" for line in _moves(path)]

    assert outside == []
    assert len(inside) >= 15


def test_an_assigned_state_is_seen_however_it_is_written():
    """The unit of work writes it without asking which state it moves from."""
    written = "send.state = 'running'\nrow.mail.send.state, x = 1, 2\nother.state = 3\n"

    assert sorted(_assigned("campaigns", ast.parse(written))) == [1, 2]
    assert sorted(_assigned("delivery", ast.parse(written))) == [1, 2, 3]


def test_the_fetch_statement_names_every_column():
    """Each field of a fetched message comes from somewhere, and nothing is read that has no field."""
    named = handoff._OF_MESSAGE | handoff._OF_ENGAGEMENT | handoff._OF_PERMISSION | set(handoff._SOURCES)

    assert named <= set(handoff.FetchedMessage._fields)
