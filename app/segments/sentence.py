"""Describes a rule as a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from app.customers.profiles.fields import FieldInfo
from app.segments.conditions.description import N_, Description, NameOf, Translate, by_code, untranslated
from app.segments.conditions.groups import EVERYBODY, Rule


def describe(
    rule: Rule,
    fields: Mapping[str, FieldInfo],
    *,
    translate: Translate = untranslated,
    topics: Mapping[int, str] | None = None,
    name_of: NameOf = by_code,
) -> str:
    """Return the rule as one sentence in the reader's language; `topics` are names by id, `name_of` those of codes."""
    speech = Description(fields, translate, topics or {}, name_of=name_of)
    if rule == EVERYBODY:
        return speech.say(N_("All customers."))
    return speech.say(N_("Customers for whom %(rules)s."), rules=rule.say(speech))
