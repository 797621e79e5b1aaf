"""People as a kind of import, with or without proof of consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.addresses import queries
from app.customers.facts import PeopleImported
from app.customers.forms import PeopleMappingForm
from app.customers.imports import evidence
from app.customers.imports.kinds import ImportKind
from app.customers.imports.mapping.mapping import EITHER, EVIDENCE, PEOPLE, MappingRefused, Options
from app.customers.imports.models import Import
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing.people_rows import PeopleReader
from app.customers.imports.people_staging import PeopleStage
from app.customers.imports.undoing import people as undone_people
from app.customers.imports.undoing.piece import Piece
from app.customers.profiles import fields
from app.customers.words import LABELS
from app.kernel.translatable import N_


class People(ImportKind):
    """One person a row, several rows of one person joined."""

    name = "people"
    label = N_("People")
    description = N_("People, with or without proof of consent")

    def targets(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:
        custom = fields.list_custom(session, workspace_id)
        own = [(f"custom.{field.key}", field.label) for field in custom]
        plain = [(name, LABELS[name]) for name in PEOPLE if name not in EVIDENCE]
        return [*plain, *own, *((name, LABELS[name]) for name in EVIDENCE)]

    def check(self, chosen: set[str], options: Options) -> None:
        said = {"consent_method": options.consent_method, "consent_wording": options.consent_wording}
        if not any(said.values()):
            return
        if "consented_at" not in chosen:
            raise MappingRefused(
                N_("Choose the column that tells when each person agreed: without a time nothing proves consent."),
                field="consent_method",
            )
        for name, text in said.items():
            if not text and name not in chosen:
                raise MappingRefused(
                    N_("Write both, how people agreed and the words they saw: one alone proves nothing."), field=name
                )

    def first_options(
        self, session: Session, workspace_id: int, meant: dict[str, str], rows: Sequence[Sequence[str]]  # noqa: ARG002
    ) -> dict[str, Any]:
        return {"match_by": EITHER} if {"email", "external_ref"} <= set(meant.values()) else {}

    def form(self, session: Session, workspace_id: int, **given: Any) -> PeopleMappingForm:
        form = PeopleMappingForm(**given)
        form.offer(evidence.topics(session, workspace_id))
        return form

    def reader(self, session: Session, found: Import, options: Options) -> PeopleReader:
        custom = fields.list_custom(session, found.workspace_id)
        usual = workspaces.get(session, found.workspace_id).currency or options.currency
        owners = _owners(session, found, options)
        return PeopleReader(found, replace(options, currency=usual), custom, owners)

    def stage(self, found: Import, options: Options) -> PeopleStage:
        return PeopleStage(found, options)

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:
        return undone_people.restore(session, found, after=after, now=now)

    def imported(self, workspace_id: int, import_id: int) -> PeopleImported:
        return PeopleImported(workspace_id, import_id)


def _owners(session: Session, found: Import, options: Options) -> Occurrences:
    """Return whose the emails are of those who use several: rows that name them by different ones are of one person."""
    owners = Occurrences()
    if options.match_by != "external_ref":
        for key, customer_id in queries.owners_of_several(session, found.workspace_id):
            owners.note(key, customer_id)
    return owners
