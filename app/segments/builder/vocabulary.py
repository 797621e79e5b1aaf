"""Conditions the builder offers, each with its operators and inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.customers.profiles.fields import FieldInfo
from app.segments.conditions.description import N_


@dataclass(frozen=True)
class Question:
    """One way to ask: `op` in forms, its words, and the inputs to fill in."""

    op: str
    words: str
    inputs: tuple[str, ...] = ()


_KNOWN = (Question("is_known", N_("is known")), Question("is_unknown", N_("is not known")))
_IS = (Question("is", N_("is"), ("value",)), Question("is_not", N_("is not"), ("value",)))
_ON_DAYS = (
    Question("within_last", N_("is in the last … days"), ("days",)),
    Question("not_within_last", N_("is not in the last … days"), ("days",)),
    Question("before", N_("is before"), ("value",)),
    Question("after", N_("is after"), ("value",)),
    Question("between", N_("is between"), ("low", "high")),
    *_KNOWN,
)
_OF_TEXT = (
    *_IS,
    Question("contains", N_("contains"), ("value",)),
    Question("starts_with", N_("starts with"), ("value",)),
    Question("in", N_("is one of"), ("values",)),
    *_KNOWN,
)
# A field whose values are codes: chosen from a list.
CODE = "code"
TAGS, PERMISSION, PURCHASES, DEEDS = "tags", "permission", "purchased", "did"
_DEED = ("at_least", "days", "verdict")

QUESTIONS: dict[str, tuple[Question, ...]] = {
    "text": _OF_TEXT,
    "choice": (*_IS, Question("in", N_("is one of"), ("values",)), *_KNOWN),
    CODE: (*_IS, Question("in", N_("is one of"), ("values",)), *_KNOWN),
    "number": (
        Question("greater_than", N_("is more than"), ("value",)),
        Question("less_than", N_("is less than"), ("value",)),
        Question("is", N_("is"), ("value",)),
        Question("between", N_("is between"), ("low", "high")),
        *_KNOWN,
    ),
    "date": _ON_DAYS,
    "time": _ON_DAYS,
    "boolean": (Question("is", N_("is"), ("value",)), *_KNOWN),
    TAGS: (Question("has_tag", N_("include"), ("tag",)), Question("lacks_tag", N_("do not include"), ("tag",))),
    PERMISSION: (
        Question("allowed", N_("was given for"), ("subject",)),
        Question("not_allowed", N_("was not given for"), ("subject",)),
    ),
    PURCHASES: (
        Question("count", N_("number at least"), ("at_least", "days")),
        Question("sum", N_("add up to at least"), ("at_least", "days")),
    ),
    DEEDS: (
        Question("click", N_("clicked"), _DEED),
        Question("open", N_("opened"), _DEED),
        Question("reply", N_("replied"), ("at_least", "days")),
        Question("signup", N_("signed up"), ("at_least", "days")),
        Question("unsubscribe", N_("unsubscribed"), ("at_least", "days")),
        Question("bounce", N_("had mail bounce"), ("at_least", "days")),
        Question("complaint", N_("complained"), ("at_least", "days")),
        Question("event", N_("did something else"), ("at_least", "days")),
    ),
}

# Things to ask about that are no field, by the group they are listed in.
SPECIAL = {
    "permission": ((PERMISSION, N_("Permission")),),
    "purchases": ((PURCHASES, N_("Purchases in a period")),),
    "engagement": ((DEEDS, N_("Activity")),),
}
GROUPS = {
    "profile": N_("Profile"),
    "custom": N_("Custom fields"),
    "permission": N_("Consent"),
    "engagement": N_("Activity"),
    "purchases": N_("Purchases"),
    "traits": N_("Scores"),
}
MATCHES = {
    "all": N_("all of these"),
    "any": N_("any of these"),
    "none": N_("none of these"),
    "not_all": N_("not all of these"),
}
PURPOSES = {
    "open_tracking": N_("Seeing whether they open mail"),
    "click_tracking": N_("Seeing which links they follow"),
    "profiling": N_("Profiling"),
}


_SPECIAL_KINDS = (TAGS, PERMISSION, PURCHASES, DEEDS)
_OF_FIELDS = {
    asked.op: asked for kind, questions in QUESTIONS.items() if kind not in _SPECIAL_KINDS for asked in questions
}


def kind_of(what: str, fields: Mapping[str, FieldInfo]) -> str:
    """Return what kind of question can be put to this thing; unknown fields are asked like text."""
    if what in _SPECIAL_KINDS:
        return what
    if what not in fields:
        return "text"
    return CODE if fields[what].codes else fields[what].kind


def question(what: str, op: str, fields: Mapping[str, FieldInfo]) -> Question:
    """Return the question asked, or the first one there is if none is.

    A question that no longer fits, because the field is gone or of another kind now, stays what it was: the author
    is told, and decides.
    """
    kind = kind_of(what, fields)
    known = QUESTIONS[kind]
    found = next((asked for asked in known if asked.op == op), None)
    return found or (known[0] if kind in _SPECIAL_KINDS else _OF_FIELDS.get(op, known[0]))


def menu(fields: Iterable[FieldInfo]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return everything that can be asked about, grouped: [(group, [(what, label)])]."""
    grouped: dict[str, list[tuple[str, str]]] = {key: list(SPECIAL.get(key, ())) for key in GROUPS}
    for info in fields:
        grouped[info.group].append((info.name, info.label))
    return [(GROUPS[key], entries) for key, entries in grouped.items() if entries]
