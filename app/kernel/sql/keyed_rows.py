"""Rows by their key: there, or refused as not found. Whoever writes back what was read holds the row first."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.orm import Session

from app.kernel.refusals import NotFound

Row = TypeVar("Row")


def get(session: Session, table: type[Row], *key: int, newest: bool = False) -> Row:
    """Return the row with this key, read anew if the `newest` is asked for; raise NotFound."""
    return _there(session.get(table, key, populate_existing=newest))


def hold(session: Session, table: type[Row], *key: int) -> Row:
    """Return the row as it is now, and keep others from changing it until the transaction ends; raise NotFound.

    Rows of others may refer to it meanwhile.
    """
    return _there(session.get(table, key, with_for_update={"key_share": True}, populate_existing=True))


def lock(session: Session, table: type[Row], *key: int) -> Row:
    """Hold the row against new references too, as whoever may delete it has to; raise NotFound."""
    return _there(session.get(table, key, with_for_update=True, populate_existing=True))


def _there(found: Row | None) -> Row:
    if found is None:
        raise NotFound
    return found
