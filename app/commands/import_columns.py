"""What the command line of `assent import` says about a file, and the columns and options that follow from it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.imports import kinds, steps
from app.customers.imports.mapping import headings, mapping, proposals
from app.customers.imports.mapping.mapping import MappingRefused, Options
from app.customers.imports.models import Import
from app.customers.imports.parsing import encodings, reading
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import english

# So many rows of each outcome are shown unless asked otherwise.
SHOWN = 20
_YES = frozenset(("1", "yes", "true", "on"))
_KEPT_TO_OURSELVES = ("time_zone",)


class ColumnsUnclear(Refusal):
    """What the columns mean cannot be taken as it is asked or guessed."""

    message = english(
        "%(why)s The columns are: %(columns)s. Say what one is with --map COLUMN=FIELD; fields: %(fields)s."
    )


class Unusable(Refusal):
    """An option does not fit."""

    message = english("%(why)s")


def options_help() -> str:
    """Return what may be set."""
    names = ", ".join(field.name for field in fields(Options) if field.name not in _KEPT_TO_OURSELVES)
    return f"how the file is meant, as the page of its columns asks: {names}; may be repeated"


@dataclass(frozen=True)
class Asked:
    """What the command line says about a file."""

    kind: str
    file_name: str
    columns: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    preset: int | None = None
    uses_presets: bool = True
    source: str = "own"
    note: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str = ""
    shown: int = SHOWN
    refused_file: Path | None = None

    @classmethod
    def of(cls, arguments: argparse.Namespace, *, kind: str) -> Asked:
        """Return what these arguments say; raise Unusable."""
        delimiter = {"tab": "\t", "\\t": "\t", None: None}.get(arguments.delimiter, arguments.delimiter)
        if delimiter is not None and delimiter not in reading.DELIMITERS:
            raise Unusable(english("A delimiter is one of , ; | or tab."))
        if arguments.encoding and arguments.encoding not in encodings.ENCODINGS:
            raise Unusable(why=f"An encoding is one of {', '.join(encodings.ENCODINGS)}.")
        return cls(
            kind=kind,
            file_name="input" if arguments.file == "-" else Path(arguments.file).name,
            columns=tuple(arguments.map),
            options=tuple(arguments.set),
            preset=arguments.preset,
            uses_presets=not arguments.no_preset,
            source=arguments.source,
            note=arguments.note,
            encoding=arguments.encoding,
            delimiter=delimiter,
            sheet=arguments.sheet,
            shown=arguments.show,
            refused_file=arguments.refused_file,
        )


def decide(session: Session, found: Import, rows: list[list[str]], asked: Asked) -> None:
    """Let the columns be what is proposed, but for what is asked; raise ColumnsUnclear."""
    zone = workspaces.get(session, found.workspace_id).time_zone
    chosen = _chosen(session, found, asked)
    meant = _of_import(session, found, asked.preset) if asked.preset else None
    proposal = proposals.make(
        session, found, rows, time_zone=zone, meant=meant, uses_presets=asked.uses_presets
    )
    if chosen:
        taken = set(chosen.values())
        kept = {place: target for place, target in proposal.mapping.items() if target not in taken}
        proposal = proposals.make(session, found, rows, time_zone=zone, meant={**kept, **chosen})
    names = {field.name for field in fields(Options)}
    options = {name: value for name, value in proposal.options.items() if name in names}
    try:
        mapping.decide(
            session, found, proposal.mapping, Options(**{**options, "time_zone": zone, **_options(asked)})
        )
    except MappingRefused as refusal:
        raise _unclear(session, found, str(refusal)) from None


def _chosen(session: Session, found: Import, asked: Asked) -> dict[str, str]:
    """Return what --map says, by place; an empty field leaves a column out. Raise ColumnsUnclear."""
    known = {target for target, _ in kinds.get(session, found.kind).choices(session, found)}
    folded = [headings.fold(name) for name in found.header]
    chosen: dict[str, str] = {}
    for said in asked.columns:
        column, sign, target = said.rpartition("=")
        if not sign:
            raise _unclear(session, found, f"“{said}” is not COLUMN=FIELD.")
        place = _place(column.strip(), found.header, folded)
        if place is None:
            raise _unclear(session, found, f"There is no column “{column}”.")
        if target and target not in known:
            raise _unclear(session, found, f"There is no field “{target}”.")
        chosen[str(place)] = target
    return chosen


def _place(column: str, header: list[str], folded: list[str]) -> int | None:
    if column in header:
        return header.index(column)
    if (fold := headings.fold(column)) and fold in folded:
        return folded.index(fold)
    return int(column) - 1 if column.isdecimal() and 0 < int(column) <= len(header) else None


def _of_import(session: Session, found: Import, import_id: int) -> dict[str, str]:
    """Return what the columns of that import were, where these have the same headings; raise Unusable."""
    try:
        former = steps.get(session, found.workspace_id, import_id)
    except NotFound:
        raise Unusable(why=f"There is no import {import_id}.") from None
    places = {headings.fold(name): place for place, name in enumerate(found.header)}
    named = [(headings.fold(former.header[int(place)]), target) for place, target in former.mapping.items()]
    return {str(places[name]): target for name, target in named if name in places}


def _options(asked: Asked) -> dict[str, Any]:
    """Return what --set says; raise Unusable."""
    known = {field.name: field.type for field in fields(Options) if field.name not in _KEPT_TO_OURSELVES}
    told: dict[str, Any] = {}
    for said in asked.options:
        name, sign, value = said.partition("=")
        if not sign or name not in known:
            raise Unusable(why=f"“{said}” is not OPTION=VALUE; options: {', '.join(known)}.")
        told[name] = value.casefold() in _YES if known[name] == "bool" else value
    return told


def _unclear(session: Session, found: Import, why: str) -> ColumnsUnclear:
    targets = [target for target, _ in kinds.get(session, found.kind).choices(session, found)]
    columns = ", ".join(f"“{name}”" for name in found.header[:30])
    return ColumnsUnclear(why=why, columns=columns, fields=", ".join(targets))
