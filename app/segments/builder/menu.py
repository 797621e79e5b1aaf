"""The menu of everything the builder can ask about, in groups."""

from __future__ import annotations

from app.conditions.inputs import Option
from app.kernel.translatable import N_
from app.segments.builder.writing import Form

GROUPS = {
    "profile": N_("Profile"),
    "custom": N_("Custom fields"),
    "relations": N_("Relations"),
    "permission": N_("Consent"),
    "engagement": N_("Activity"),
    "purchases": N_("Purchases"),
    "traits": N_("Scores"),
    "groups": N_("Segments and lists"),
}


def entries(form: Form) -> list[tuple[str, list[Option]]]:
    """Return (group, entries): what conditions bring of their own, then the fields."""
    grouped: dict[str, list[Option]] = {label: [] for label in GROUPS.values()}
    fields = form.vocabulary.fields
    for subject in form.types.subjects.values():
        if subject.name not in fields:
            grouped.setdefault(GROUPS.get(subject.group, subject.group), []).append(Option(subject.name, subject.label))
    for info in fields.values():
        if info.is_barred:
            continue
        entry = Option(info.name, info.label, is_name=info.group == "custom")
        grouped.setdefault(GROUPS.get(info.group, info.group), []).append(entry)
    return [(label, found) for label, found in grouped.items() if found]
