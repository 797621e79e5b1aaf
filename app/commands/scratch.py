"""A workspace that exists only as long as its transaction: people are loaded into it, asked about, and gone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import running
from app.accounts import workspaces
from app.api.v1 import customers, events, shop
from app.api.v1.event_schemas import EventIn
from app.api.v1.schemas import CustomerIn
from app.api.v1.shop_schemas import OrderIn
from app.consent import topics
from app.customers.models import CustomField
from app.customers.profiles import fields
from app.kernel import database
from app.kernel.database import Database
from app.kernel.extensions import Extensions
from app.kernel.processes.embedded import Postgres
from app.kernel.refusals import Refusal
from app.kernel.translatable import english
from migrations import schema

_KEY = 0
# What a text of a file is taken for; a time that tells its zone is more than a day.
_KINDS = {
    "date_time": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?"),
    "money": re.compile(r"-?\d{1,15}(\.\d{1,6})? [A-Z]{3}"),
}


class _Leave(Exception):
    """Raised to leave the transaction without committing."""


class WorkspaceUnclear(Refusal):
    """There are several and none is named, or one that is not there."""

    message = english("Say which workspace, by its number: --workspace N. There are: %(known)s.")


class PersonIn(CustomerIn):
    """A customer as the API takes one, with orders and events of theirs, which need not name them again."""

    orders: list[dict[str, Any]] = Field(default_factory=list)
    events: list[dict[str, Any]] = Field(default_factory=list)


@dataclass
class Loaded:
    """Who was loaded: what each is called in the file, by the customer's number; and lines that were refused."""

    names: dict[int, str] = field(default_factory=dict)
    refused: list[tuple[int, str]] = field(default_factory=list)


@contextmanager
def server(own: Extensions) -> Iterator[Database]:
    """Open the database that the environment names or that runs here, or one that lives as long as the block."""
    if named := running_server(own):
        yield named
        named.dispose()
        return
    with TemporaryDirectory(prefix="assent-") as folder:
        postgres = Postgres(Path(folder), durable=False)
        postgres.start()
        try:
            schema.upgrade(postgres.url)
            opened = Database(postgres.application_url, extensions=own)
            yield opened
            opened.dispose()
        finally:
            postgres.stop()


def running_server(own: Extensions) -> Database | None:
    """Return the database that the environment names or that runs here, None where none answers."""
    running.use_local_parts()
    named = Database(os.environ["DATABASE_URL"], extensions=own)
    return named if _answers(named) else None


def _answers(named: Database) -> bool:
    try:
        with named.transaction() as session:
            return bool(session.scalar(text("SELECT to_regclass('public.workspaces') IS NOT NULL")))
    except OperationalError:
        return False


def choose_workspace(opened: Database, named: int | None) -> int | None:
    """Return the workspace that is named or the only one, None where there is none at all; raise WorkspaceUnclear."""
    with opened.transaction() as session:
        known = workspaces.list_ids(session)
    if not known and named is None:
        return None
    if (named is None and len(known) > 1) or (named is not None and named not in known):
        raise WorkspaceUnclear(known=", ".join(map(str, known)) or "none")
    return named or known[0]


@contextmanager
def unkept(opened: Database, workspace_id: int) -> Iterator[Session]:
    """Open a transaction in a workspace that is rolled back when the block ends."""
    with suppress(_Leave), opened.transaction(workspace_id) as session:
        yield session
        raise _Leave


@contextmanager
def within(session: Session) -> Iterator[Session]:
    """Undo at the end of the block what it does in a transaction that goes on."""
    with suppress(_Leave), session.begin_nested():
        yield session
        raise _Leave


@contextmanager
def workspace(opened: Database, *, time_zone: str, now: datetime) -> Iterator[tuple[Session, int]]:
    """Open a transaction in a workspace of its own, rolled back when the block ends."""
    with suppress(_Leave), opened.transaction() as session:
        made = workspaces.create(
            session,
            name="Scratch",
            language="en",
            time_zone=time_zone,
            sender_name="Scratch",
            sender_address="scratch@scratch.example",
            postal_address="Nowhere",
            now=now,
        )
        database.enter(session, made.id)
        yield session, made.id
        raise _Leave


def load(session: Session, workspace_id: int, file: IO[bytes], *, now: datetime) -> Loaded:
    """Take each line of a JSON Lines file as one customer; custom fields and topics are made as they are met."""
    loaded = Loaded()
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            with session.begin_nested():
                customer_id, name = _load_one(session, workspace_id, line, number, now)
        except (ValidationError, Refusal, RecursionError) as error:
            loaded.refused.append((number, _reason(error)))
        else:
            loaded.names[customer_id] = name
    return loaded


def _load_one(session: Session, workspace_id: int, line: bytes, number: int, now: datetime) -> tuple[int, str]:
    given = PersonIn.model_validate_json(line)
    if given.email is None:
        given = given.model_copy(update={"email": f"line-{number}@scratch.example"})
        named = given.external_ref or str(number)
    else:
        named = given.external_ref or given.email
    for key, value in (given.custom or {}).items():
        _make_field(session, workspace_id, key, value)
    for proof in given.consent or []:
        if topics.find_by_key(session, workspace_id, proof.topic) is None:
            topics.create(session, workspace_id, name=proof.topic, key=proof.topic)
    bare = CustomerIn.model_validate(given.model_dump(exclude={"orders", "events"}, exclude_unset=False))
    made, _is_new = customers.upsert(session, workspace_id, bare, key_id=_KEY, now=now)
    whom = {"customer": {"id": made.customer.id}}
    for each in given.orders:
        shop.record_order(session, workspace_id, _checked(OrderIn, each | whom), now=now)
    for each in given.events:
        events.record_event(session, workspace_id, _checked(EventIn, each | whom), key_id=_KEY, now=now)
    return made.customer.id, named


def _checked(model: type[Any], value: dict[str, Any]) -> Any:
    found: BaseModel = model.model_validate_json(json.dumps(value))
    return found


def _make_field(session: Session, workspace_id: int, key: str, value: Any) -> None:
    known = {field.key: field for field in fields.list_custom(session, workspace_id)}
    if isinstance(value, list):
        _make_choices(session, workspace_id, key, known.get(key), value)
        return
    if key in known or value is None:
        return
    kind = "text"
    if isinstance(value, bool):
        kind = "boolean"
    elif isinstance(value, int | float):
        kind = "number"
    elif isinstance(value, str):
        kind = next((kind for kind, text in _KINDS.items() if text.fullmatch(value)), "text")
    fields.create(session, workspace_id, key=key, label=key, kind=kind)


def _make_choices(
    session: Session, workspace_id: int, key: str, known: CustomField | None, chosen: list[str]
) -> None:
    """A field of several choices offers what anybody has chosen, and two at least."""
    offered = list(dict.fromkeys([*(known.choices if known else ("–",)), *chosen]))
    if known:
        fields.change(session, workspace_id, known.id, label=key, choices=offered)
    else:
        fields.create(session, workspace_id, key=key, label=key, kind="multi_choice", choices=offered)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"
    if isinstance(error, Refusal):
        return str(error)
    return "This is nested too deep."
