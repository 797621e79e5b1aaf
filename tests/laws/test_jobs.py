"""Every job that is asked for exists, and takes what it is given."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from app.wiring.extensions import JOBS, LISTENERS, ROOMS_WITH_JOBS
from tests.laws import source

_OF_THE_OUTBOX = {"run_at", "key"}


def _enqueued() -> Iterator[tuple[Path, ast.Call, str]]:
    for path in source.files():
        for name, call in source.calls(path):
            if name == "outbox.enqueue" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                yield path, call, str(call.args[1].value)


def test_every_job_asked_for_exists_and_takes_what_it_is_given():
    wrong = []
    for path, call, name in _enqueued():
        function = JOBS.find(name).function
        given = {keyword.arg for keyword in call.keywords if keyword.arg} - _OF_THE_OUTBOX
        parameters = inspect.signature(function).parameters
        needed = {key for key, one in parameters.items() if one.default is one.empty} - {"services"}
        spread = any(keyword.arg is None for keyword in call.keywords)
        if not spread and (given - set(parameters) or needed - given):
            wrong.append(f"{source.place(path, call)} {name}: given {sorted(given)}, needs {sorted(needed)}")

    assert wrong == []


@pytest.mark.parametrize(
    ("fact", "name"), [(fact, name) for fact, names in LISTENERS.by_fact.items() for name in names]
)
def test_every_listener_exists_and_needs_no_more_than_the_fact_tells(fact: type, name: str):
    parameters = inspect.signature(JOBS.find(name).function).parameters
    needed = {key for key, one in parameters.items() if one.default is one.empty} - {"services"}

    assert needed <= {field.name for field in fields(fact)}


def test_every_room_with_jobs_is_known_to_the_relay():
    rooms = {path.parent.name for path in (source.ROOT / "app").glob("*/jobs.py")}

    assert rooms == set(ROOMS_WITH_JOBS)


def test_every_queue_named_is_that_of_a_job():
    assert JOBS.queues.keys() <= {job.name for job in JOBS.list_all()}
