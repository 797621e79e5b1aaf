"""Every kind of field there is, in the order they are offered."""

from __future__ import annotations

from app.customers.field_kinds.kind import FieldKind
from app.customers.field_kinds.moments import DateTimeKind
from app.customers.field_kinds.money import MoneyKind
from app.customers.field_kinds.plain import BooleanKind, DateKind, NumberKind, TextKind
from app.customers.field_kinds.references import ReferenceKind
from app.customers.field_kinds.selections import ChoiceKind, MultiChoiceKind

KINDS: dict[str, FieldKind] = {
    kind.name: kind
    for kind in (
        *(TextKind(), NumberKind(), MoneyKind(), DateKind(), DateTimeKind(), BooleanKind()),
        *(ChoiceKind(), MultiChoiceKind(), ReferenceKind()),
    )
}
