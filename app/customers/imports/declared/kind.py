"""A kind of import that says what its rows are, and leaves reading, staging and comparing to what all of them share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.forms import DeclaredMappingForm, FillingMappingForm
from app.customers.imports.declared.declaration import Declaration
from app.customers.imports.declared.rows import DeclaredReader, Told
from app.customers.imports.declared.staging import DeclaredStage
from app.customers.imports.kinds import ImportKind
from app.customers.imports.mapping import guessing
from app.customers.imports.mapping.mapping import MappingRefused, Options
from app.customers.imports.models import Import
from app.kernel.translatable import MessageId


class DeclaredKind(ImportKind):
    """Rows about things of one kind. `known_by`: at least one of these columns is needed, or the `hint` says so."""

    declared: ClassVar[Declaration]
    known_by: ClassVar[tuple[str, ...]]
    hint: ClassVar[MessageId]
    fills: ClassVar[bool] = True
    finds_people = False

    def targets(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(column.name, column.label) for column in self.declared.columns]

    def check(self, chosen: set[str], options: Options) -> None:  # noqa: ARG002
        if not self.needed <= chosen or (self.known_by and not chosen & set(self.known_by)):
            raise MappingRefused(self.hint)

    def form(self, session: Session, workspace_id: int, **given: Any) -> DeclaredMappingForm:  # noqa: ARG002
        form = (FillingMappingForm if self.fills else DeclaredMappingForm)(**given)
        columns = self.declared.columns
        form.ask(dates=any(each.holds_dates for each in columns), numbers=any(each.holds_numbers for each in columns))
        return form

    def first_options(
        self, session: Session, workspace_id: int, meant: dict[str, str], rows: Sequence[Sequence[str]]
    ) -> dict[str, Any]:
        places = {target: int(place) for place, target in meant.items()}
        columns = self.declared.columns
        dated = [places[each.name] for each in columns if each.holds_dates and each.name in places]
        zone = workspaces.get(session, workspace_id).time_zone
        return {"date_order": guessing.date_order(rows, dated, time_zone=zone)} if dated else {}

    @abstractmethod
    def identify(self, told: Told) -> tuple[str, str]:
        """Return what a row is about, the same for all rows about the same, and what to call it; raise Unfit."""

    def reader(self, session: Session, found: Import, options: Options) -> DeclaredReader:  # noqa: ARG002
        return DeclaredReader(self.declared.columns, self.identify, found, options)

    def stage(self, found: Import, options: Options) -> DeclaredStage:
        return DeclaredStage(self.declared, found, options)
