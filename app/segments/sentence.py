"""Describes a rule as a sentence."""

from __future__ import annotations

from app.conditions.description import Description, Language
from app.conditions.references import Vocabulary
from app.kernel.translatable import N_
from app.segments.rules import EVERYBODY, Rule

ENGLISH = Language()


def describe(rule: Rule, vocabulary: Vocabulary, language: Language = ENGLISH) -> str:
    """Return the rule as one sentence in the reader's language."""
    description = Description(vocabulary, language)
    if rule == EVERYBODY:
        return description.text(N_("All customers."))
    return description.text(N_("Customers for whom %(rules)s."), rules=rule.describe(description))
