"""Relations as a kind of import."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.customers.imports.declared.declaration import Declaration
from app.customers.imports.declared.kind import DeclaredKind
from app.customers.imports.declared.rows import Told, Unfit
from app.customers.imports.mapping.mapping import MappingRefused, Options
from app.customers.imports.models import Import
from app.customers.imports.refused import NOBODY
from app.customers.imports.relations import columns, finding, undoing, writing
from app.customers.imports.undoing.piece import Piece
from app.kernel.translatable import N_

_DECLARED = Declaration(
    stage=finding.STAGE,
    columns=columns.COLUMNS,
    further=finding.FURTHER,
    # As the trigger that keeps relations from going in a circle.
    hold=("SELECT pg_advisory_xact_lock(7302, hashint8(:w))",),
    settle=finding.STATEMENTS,
    write=writing.STATEMENTS,
    binds=lambda options: {"fills": options.conflict == "fill"},
)
_HALF_SAID = N_("A relation needs two columns: the related person, and what they are to each other.")
_NOTHING_SAID = N_("Choose the column of a related person, an organisation or a household.")


class Relations(DeclaredKind):
    """What a row says of one person: who somebody is to them, where they work, and with whom they live."""

    name = "relations"
    label = N_("Relations")
    description = N_("Relations: related people, members of organisations, households")
    declared = _DECLARED
    known_by = ("email", "external_ref")
    hint = N_("Choose the column that holds the person's email address or customer number.")

    def check(self, chosen: set[str], options: Options) -> None:
        super().check(chosen, options)
        is_related = bool(chosen & set(columns.OF_RELATION))
        if is_related != ("relation" in chosen):
            raise MappingRefused(_HALF_SAID)
        if not is_related and not chosen & {"organisation", "household"}:
            raise MappingRefused(_NOTHING_SAID)

    def identify(self, told: Told) -> tuple[str, str]:
        who = told.get("external_ref") or told.get("email")
        if not who:
            raise Unfit(NOBODY, "email")
        other = told.get("related_ref") or told.get("related_email")
        if bool(other) != ("relation" in told):
            raise Unfit("relation", "relation" if "relation" in told else "related_email")
        if not other and not told.keys() & {"organisation", "household"}:
            raise Unfit("relation_nothing", "relation")
        about = (who, told.get("relation"), other, told.get("organisation"), told.get("household"))
        return "\t".join(each or "" for each in about), who

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:  # noqa: ARG002
        return undoing.undo(session, found, after=after)
