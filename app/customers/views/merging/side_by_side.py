"""Two customers as a page shows them beside each other: their fields with whose value stays, and what will hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.customers.merging import merge, winners
from app.customers.merging.merge import EMAIL, Foreseen, MergedPermissions
from app.customers.merging.winners import FORMER, SURVIVOR
from app.customers.models import Customer, Engagement
from app.customers.profiles import engagement, fields, identity
from app.customers.profiles.provenance import Origin
from app.customers.views.members import name_of
from app.customers.words import LABELS
from app.kernel import extensions
from app.web import language


@dataclass(frozen=True)
class Line:
    """One field of both: what a reader is told, from where each is, and whose stays. `is_open`: one has to give way."""

    name: str
    label: str
    survivor: str
    former: str
    survivor_origin: Origin | None
    former_origin: Origin | None
    wins: str
    is_open: bool


@dataclass(frozen=True)
class SideBySide:
    """Two customers, their sums, their fields, and what they will answer when they are one."""

    survivor: Customer
    former: Customer
    survivor_sums: Engagement
    former_sums: Engagement
    lines: list[Line]
    consent: list[Foreseen]


def read(
    session: Session, survivor: Customer, former: Customer, choices: Mapping[str, str] | None = None
) -> SideBySide:
    """Return two customers side by side."""
    workspace_id, chosen = survivor.workspace_id, choices or {}
    own = {f"custom.{field.key}": field.label for field in fields.list_custom(session, workspace_id)}
    takes_email = merge.takes_former_email(session, survivor, former, chosen)
    lines = [_email(survivor, former, FORMER if takes_email else SURVIVOR)]
    lines += [
        Line(
            each.name,
            own.get(each.name) or _(LABELS.get(each.name, each.name.removeprefix("custom."))),
            _said(each.name, each.survivor),
            _said(each.name, each.former),
            each.survivor_origin,
            each.former_origin,
            each.wins,
            each.differs,
        )
        for each in winners.compare(session, survivor, former, chosen)
    ]
    return SideBySide(
        survivor,
        former,
        engagement.get(session, workspace_id, survivor.id),
        engagement.get(session, workspace_id, former.id),
        [line for line in lines if line.survivor or line.former],
        extensions.of(session, MergedPermissions).keeper.foresee(session, workspace_id, survivor.id, former.id),
    )


def names_of(survivor: Customer, former: Customer) -> tuple[str, str]:
    """Return what a page calls two people: of the same name, by what tells them apart."""
    names = name_of(survivor), name_of(former)
    if names[0] != names[1]:
        return names
    told = [
        f"{name_of(each)} ({(each.email if each.email != name_of(each) else None) or each.external_ref or each.id})"
        for each in (survivor, former)
    ]
    return told[0], told[1]


def _email(survivor: Customer, former: Customer, wins: str) -> Line:
    is_open = bool(survivor.email and former.email)
    return Line(
        EMAIL, _("Primary email"), survivor.email or "", former.email or "", None, None, wins, is_open
    )  # fmt: skip


def _said(name: str, value: Any) -> str:
    """Return the value as a reader says it: Germany instead of DE."""
    if value is None:
        return ""
    if name in identity.CHOICES:
        return str(_(identity.CHOICES[name][value]))
    if name in identity.DATES:
        return str(language.day(value))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    say = {"country": language.country, "language": language.language_name}.get(name)
    return str(say(value)) if say else str(value)
