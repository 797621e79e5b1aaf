"""Organisations as a kind of import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.customers.imports.declared import columns, restoring
from app.customers.imports.declared.columns import Column, Read, Unreadable
from app.customers.imports.declared.declaration import Declaration, Known
from app.customers.imports.declared.kind import DeclaredKind
from app.customers.imports.declared.rows import Told, Unfit
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.organisations import finding, undoing
from app.customers.imports.organisations.finding import STAGE
from app.customers.imports.refused import NOBODY, TOO_LONG
from app.customers.imports.undoing.piece import Piece
from app.customers.organisations import organisation_values
from app.customers.organisations.organisation_values import MOST_EMPLOYEES, OrganisationRefused
from app.customers.words import LABELS
from app.kernel.translatable import N_

_SIGNS = str.maketrans(dict.fromkeys(";| \t", ","))


def _domains(text: str) -> list[str]:
    return [part for part in text.translate(_SIGNS).split(",") if part]


def _value(name: str, reason: str = TOO_LONG, prepare: Callable[[str], Any] = str) -> Read:
    """Read a cell as pages read the value of an organisation."""

    def read(text: str, _options: Options) -> Any:
        try:
            return organisation_values.checked({name: prepare(text)})[name]
        except OrganisationRefused:
            raise Unreadable(reason) from None

    return read


# The column of the table for each of a file.
_KEPT = {"organisation": "name", "organisation_ref": "external_ref"}
_COLUMNS = (
    Column("organisation", N_("Name of the organisation"), _value("name")),
    Column("organisation_ref", N_("Number of the organisation"), _value("external_ref")),
    Column("parent", N_("Belongs to (number or name)"), columns.line()),
    Column("industry", N_("Industry"), _value("industry")),
    Column("employees", N_("Employees"), columns.whole(0, MOST_EMPLOYEES, "employees"), "bigint"),
    Column("website", N_("Website"), _value("website", "url")),
    Column("domains", N_("Domains"), _value("domains", "domains", _domains), "text[]"),
    Column("address", N_("Address"), _value("address")),
    Column("city", LABELS["city"], _value("city")),
    Column("country", LABELS["country"], columns.country),
)
_FOUND_BY = "t.id = s.known_id"
_MOVES = "t.parent_id IS DISTINCT FROM s.parent_id"


def _news(told: set[str], options: Options) -> Mapping[str, str]:
    names = [column.name for column in _COLUMNS if column.name in told and column.name != "parent"]
    order = "coalesce({old}, s.{name})" if options.conflict == "fill" else "coalesce(s.{name}, {old})"
    news = {}
    for name in names:
        kept = _KEPT.get(name, name)
        old = "nullif(t.domains, '{}')" if name == "domains" else f"t.{kept}"
        news[kept] = order.format(old=old, name=name)
    if "domains" in news:
        news["domains"] = f"coalesce({news['domains']}, '{{}}')"
    if "parent" in told:
        news["parent_id"] = "coalesce(s.parent_id, t.parent_id)"
    return news


_DECLARED = Declaration(
    stage=STAGE,
    columns=_COLUMNS,
    further={"known_id": "bigint", "parent_id": "bigint", "is_new": "boolean NOT NULL DEFAULT false"},
    # As the trigger that keeps organisations from standing above themselves.
    hold=("SELECT pg_advisory_xact_lock(7301, hashint8(:w))",),
    settle=finding.STATEMENTS,
    known=Known(
        "organisations",
        _FOUND_BY,
        _news,
        apart=frozenset(("parent_id",)),
        shown={
            "name": ("organisation", "t.name", "s.organisation"),
            "external_ref": ("organisation_ref", "t.external_ref", "s.organisation_ref"),
            "parent_id": (
                "parent",
                "(SELECT o.name FROM organisations o WHERE o.workspace_id = :w AND o.id = t.parent_id)",
                "s.parent",
            ),
        },
    ),
    keep=undoing.ORGANISATIONS.keep(STAGE, _FOUND_BY),
    stamp=restoring.STAMP,
    write=(
        f"""INSERT INTO organisations (workspace_id, id, name, external_ref, industry, employees, website, domains,
                                       address, city, country, created_at, updated_at, import_id)
            SELECT :w, s.known_id, s.organisation, s.organisation_ref, s.industry, s.employees, s.website,
                   coalesce(s.domains, '{{}}'), s.address, s.city, s.country, CAST(:now AS timestamptz),
                   CAST(:now AS timestamptz), :import_id
            FROM {STAGE} s WHERE s.outcome = 'created' ORDER BY s.row""",
        # On the way to where they will stand two may not stand above one another.
        f"""UPDATE organisations t SET parent_id = NULL FROM {STAGE} s
            WHERE s.outcome = 'updated' AND s.parent_id IS NOT NULL AND t.workspace_id = :w AND {_FOUND_BY}
              AND {_MOVES}""",
        f"""UPDATE organisations t SET parent_id = s.parent_id FROM {STAGE} s
            WHERE s.outcome IN ('created', 'updated') AND s.parent_id IS NOT NULL AND t.workspace_id = :w
              AND {_FOUND_BY} AND {_MOVES}""",
    ),
    binds=lambda options: {"fills": options.conflict == "fill"},
)


class Organisations(DeclaredKind):
    """One organisation a row, found by its number, else by its name; what a row leaves open stays as it is known."""

    name = "organisations"
    label = N_("Organisations")
    description = N_("Organisations, and which belong to which")
    declared = _DECLARED
    known_by = ("organisation", "organisation_ref")
    hint = N_("Choose the column that holds the organisation's name or number.")
    # One may stand below another that comes much later in the file.
    batch_rows = 50_000

    def identify(self, told: Told) -> tuple[str, str]:
        number, name = told.get("organisation_ref", ""), told.get("organisation", "")
        if not number and not name:
            raise Unfit(NOBODY, "organisation")
        return f"#{number}" if number else name.lower(), name or number

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:  # noqa: ARG002
        return undoing.undo(session, found, after=after)
