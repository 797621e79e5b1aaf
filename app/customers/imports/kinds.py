"""What a file may hold: each kind of import knows its columns, its rows and where they go.

Rooms above bring kinds of their own; wiring names them all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sqlalchemy.orm import Session

from app.kernel import extensions
from app.kernel.queueing.outbox import Fact

if TYPE_CHECKING:
    from app.customers.imports.mapping.mapping import Options
    from app.customers.imports.models import Import
    from app.customers.imports.occurrences import Occurrences
    from app.customers.imports.parsing.batches import Batch
    from app.customers.imports.people_staging import Outcome
    from app.customers.imports.previewing.samples import Seen
    from app.customers.imports.undoing.piece import Piece


class RowReader(Protocol):
    """Reads the rows of one file by its mapping.

    `shared_at` is the column whose value makes several rows one thing, taken when the last of them is read; None where
    each row stands for itself.
    """

    shared_at: int | None

    def read(self, row: int, cells: list[str], *, is_plain: bool) -> Any:
        """Return what the row says; raise RowRefused."""

    def identity(self, row: Any) -> str:
        """Return what tells in the whole file what a row is about."""

    def gather(self, batch: Batch, taken: list[Any], met: Occurrences, latest: Occurrences | None) -> None:
        """Put the rows that were read into the batch, as one where several speak of the same thing."""


class Stage(Protocol):
    """The statements that take rows over. A rehearsal runs the same ones up to the comparison."""

    def lay_out(self, batch: Batch, digest_key: bytes) -> tuple[bytes, ...]:
        """Return the rows as COPY reads them, a text for each table they are staged in; this needs no database."""

    def load(self, session: Session, laid_out: tuple[bytes, ...]) -> None:
        """Bring the rows to the database; nobody waits for this."""

    def take_over(
        self, session: Session, batch: Batch, digest_key: bytes, *, rehearse: bool, now: datetime
    ) -> Outcome:
        """Write what is new or different; return what came of every row."""

    def show(self, session: Session, batch: Batch, *, most: int) -> Seen:
        """Return what a rehearsal, just held, showed: at most so many rows of each outcome, and what changes."""


class ImportKind(ABC):
    """One kind of import: `label` heads its history, `description` offers it; `needed` columns cannot be skipped."""

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    needed: ClassVar[frozenset[str]] = frozenset()
    # Whether a row names a person, by email or number.
    finds_people: ClassVar[bool] = True
    # So many rows are taken over at once: where whoever signs up waits for it, in a few tenths of a second.
    batch_rows: ClassVar[int] = 4_000

    @abstractmethod
    def targets(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:
        """Return (target, label) of everything a column may be."""

    def choices(self, session: Session, found: Import) -> list[tuple[str, str]]:
        """Return (target, label) of everything a column of this very file may be."""
        return self.targets(session, found.workspace_id)

    def check(self, chosen: set[str], options: Options) -> None:  # noqa: B027
        """Raise MappingRefused where these columns are not enough; by default any that hold what is needed are."""

    @abstractmethod
    def form(self, session: Session, workspace_id: int, **given: Any) -> Any:
        """Return the form that asks what a file of this kind needs."""

    def first_options(
        self, session: Session, workspace_id: int, meant: dict[str, str], rows: Sequence[Sequence[str]]  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return further options of this kind as the first rows tell them."""
        return {}

    @abstractmethod
    def reader(self, session: Session, found: Import, options: Options) -> RowReader:
        """Return what reads this file's rows."""

    @abstractmethod
    def stage(self, found: Import, options: Options) -> Stage:
        """Return what takes this file's rows over."""

    @abstractmethod
    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:
        """Give back the next rows after this one as they were before the import, unless they were changed since."""

    def imported(self, workspace_id: int, import_id: int) -> Fact | None:  # noqa: ARG002
        """Return what is announced when the file has been taken over, if anything."""
        return None


@dataclass(frozen=True)
class ImportKinds:
    """The kinds of import of this installation, in the order they are offered."""

    kinds: tuple[ImportKind, ...] = ()

    def get(self, name: str) -> ImportKind:
        """Return the kind of this name."""
        return next(kind for kind in self.kinds if kind.name == name)


def get(session: Session, name: str) -> ImportKind:
    """Return the kind of this name in this installation."""
    return extensions.of(session, ImportKinds).get(name)


def list_all(session: Session) -> tuple[ImportKind, ...]:
    """Return every kind a file may be of, in the order they are offered."""
    return extensions.of(session, ImportKinds).kinds
