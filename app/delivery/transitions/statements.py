"""Compiles lower rooms' queries once into parts of raw statements with named binds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import psycopg

# Stands for "now" in a query that is compiled long before it is asked.
NOW = datetime(1970, 1, 1, tzinfo=UTC)
_DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Statement:
    """SQL for the driver, the values that stay the same, and the names that take the time of asking."""

    sql: str
    fixed: dict[str, Any]
    times: tuple[str, ...]

    def values(self, now: datetime, **given: Any) -> dict[str, Any]:
        """Return everything to bind for one execution."""
        return {**self.fixed, **dict.fromkeys(self.times, now), **given}


def compile_query(query: Select[*tuple[Any, ...]], name: str) -> Statement:
    """Compile a Core query built with `NOW`; its bound names are prefixed so that several fit into one statement."""
    compiled = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    sql = str(compiled).replace("%(", f"%({name}__")
    bound = {f"{name}__{key}": value for key, value in compiled.params.items()}
    fixed = {key: value for key, value in bound.items() if value is not NOW}
    return Statement(sql, fixed, tuple(key for key in bound if key not in fixed))


def combine(template: str, **parts: Statement) -> Statement:
    """Put compiled parts into the places a template names as {part}."""
    sql = template.format(**{name: part.sql for name, part in parts.items()})
    fixed = {key: value for part in parts.values() for key, value in part.fixed.items()}
    return Statement(sql, fixed, tuple(key for part in parts.values() for key in part.times))
