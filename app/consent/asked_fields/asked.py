"""One field that customers are asked for, and which fields may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.customers import values
from app.customers.field_kinds.references import ReferenceKind
from app.customers.models import CustomField
from app.customers.profiles import fields, identity
from app.customers.words import LABELS
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

CUSTOM = "custom."
MOST = 20
LONGEST_LABEL, LONGEST_HELP = 120, 300
# A customer number is the company's to give.
_BUILT_IN = tuple(name for name in (*fields.PROFILE, *identity.IDENTITY) if name != "external_ref")


class AskedFieldsRefused(Refusal):
    """These fields cannot be asked for."""

    status = 422
    message = N_("These fields cannot be asked for.")


@dataclass(frozen=True)
class AskedField:
    """A field as customers are asked for it, `custom.<key>` for the workspace's own; empty texts: the usual ones."""

    name: str
    is_required: bool = False
    label: str = ""
    help: str = ""


@dataclass(frozen=True)
class Offered:
    """A field that customers may be asked for; `custom` is the workspace's own, `label` is a text of ours if None."""

    name: str
    label: str
    custom: CustomField | None = None


def offered(session: Session, workspace_id: int) -> dict[str, Offered]:
    """Return the fields that customers may be asked for, by name.

    Not among them: sensitive ones without a legal basis, and references, whose answers would tell a stranger whether
    an organisation or a person is known.
    """
    found = {name: Offered(name, LABELS[name]) for name in _BUILT_IN}
    for each in fields.list_custom(session, workspace_id):
        if not each.is_barred and each.kind != ReferenceKind.name:
            found[CUSTOM + each.key] = Offered(CUSTOM + each.key, each.label, each)
    return found


def checked(asked: Sequence[AskedField], known: Mapping[str, Offered]) -> list[AskedField]:
    """Return the fields as they are kept; raise AskedFieldsRefused."""
    if len(asked) > MOST:
        raise AskedFieldsRefused(N_("A page asks for at most 20 fields."))
    if len({each.name for each in asked}) < len(asked):
        raise AskedFieldsRefused(N_("A page asks for each field once."))
    if any(each.name not in known for each in asked):
        raise AskedFieldsRefused(N_("One of these fields may not be asked for."))
    return [
        AskedField(
            each.name,
            each.is_required,
            values.one_line(each.label)[:LONGEST_LABEL],
            values.one_line(each.help)[:LONGEST_HELP],
        )
        for each in asked
    ]


def plain(asked: Sequence[AskedField]) -> list[dict[str, Any]]:
    """Return the fields as plain values."""
    return [asdict(each) for each in asked]


def read(kept: Sequence[Mapping[str, Any]], known: Mapping[str, Offered]) -> list[AskedField]:
    """Return the kept fields that may be asked for now: one that was retired or flagged since is left out."""
    return [AskedField(**each) for each in kept if each["name"] in known]
