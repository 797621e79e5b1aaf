"""What does a rule say, in words?"""

from __future__ import annotations

from collections.abc import Mapping

from app.customers.fields import FieldInfo
from app.segments.rules import EVERYBODY, Rule
from app.segments.speech import N_, Speech, Translate, untranslated


def describe(
    rule: Rule,
    fields: Mapping[str, FieldInfo],
    *,
    translate: Translate = untranslated,
    topics: Mapping[int, str] | None = None,
) -> str:
    """Return the rule as one sentence in the reader's language; `topics` are names by id."""
    speech = Speech(fields, translate, topics or {})
    if rule == EVERYBODY:
        return speech.say(N_("All customers."))
    return speech.say(N_("Customers for whom %(rules)s."), rules=rule.say(speech))
