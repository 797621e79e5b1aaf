"""What a kind of import declares about its rows, for the stage that takes them over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.customers.imports.declared.columns import Column
from app.customers.imports.declared.rows import DeclaredRow
from app.customers.imports.mapping.mapping import Options

# A text of a row, as COPY reads it, that follows from what it tells and from the workspace's key of hashes.
Derive = Callable[[DeclaredRow, bytes], str]
CHANGING = ("created", "updated", "unchanged")


class Repeated(str):
    """A statement that is run until it changes nothing: what it refuses may be why another row cannot be."""

    __slots__ = ()


@dataclass(frozen=True)
class Known:
    """Where things of this kind are kept, as `t`; `found_by` says over the staged row `s` which of them it is.

    `news(told, options)` are the columns that rows can change, each with what it will be as SQL over `t` and `s`; those
    `apart` are compared only, and `write` sets them. `shown` says how a preview shows some of them: as which column of
    the file, and the values before and after.
    """

    table: str
    found_by: str
    news: Callable[[set[str], Options], Mapping[str, str]]
    apart: frozenset[str] = frozenset()
    shown: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Declaration:
    """How rows are staged, found and written.

    Statements bind `w`, `import_id`, `file`, `rehearse`, `now` and what `binds` adds. The staging table `stage` holds a
    row's number, its columns and `further` ones, its `outcome` ('created' unless a statement says otherwise) and the
    `detail` of a refusal. Statements run in this order: `hold` (not in a rehearsal); `settle`, which finds what rows
    speak of and writes a rejection code as outcome of those that cannot be; then rows are compared with what is known;
    then `keep`, which keeps changed ones as they were, the change itself, and `write`.
    """

    stage: str
    columns: tuple[Column, ...]
    further: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, Derive] = field(default_factory=dict)
    hold: tuple[str, ...] = ()
    settle: tuple[str, ...] = ()
    known: Known | None = None
    keep: str = ""
    # What else changes with a change, as an assignment over `t` and `s`.
    stamp: str = ""
    write: tuple[str, ...] = ()
    binds: Callable[[Options], dict[str, Any]] = lambda _options: {}
