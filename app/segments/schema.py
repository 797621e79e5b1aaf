"""The JSON schema (2020-12) of rules, published so that programs can write them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from app.conditions.condition import Condition
from app.conditions.condition_types import ConditionTypes
from app.conditions.limits import MAX_RULES
from app.customers.relations.circles import CIRCLES

_RULE = {"$ref": "#/$defs/Rule"}
_GROUPS: dict[str, dict[str, Any]] = {
    "all": {
        "description": "Every rule inside holds. Empty, it is everybody.",
        "properties": {"rules": {"type": "array", "items": _RULE, "maxItems": MAX_RULES, "default": []}},
    },
    "any": {
        "description": "At least one rule inside holds. Empty, it is nobody.",
        "properties": {"rules": {"type": "array", "items": _RULE, "maxItems": MAX_RULES, "default": []}},
    },
    "not": {
        "description": "The rule inside does not hold; where something is not known, it does not hold.",
        "properties": {"rule": _RULE},
        "required": ["rule"],
    },
    "someone": {
        "description": "The rule inside holds of somebody else in this circle of the customer.",
        "properties": {"circle": {"enum": list(CIRCLES)}, "rule": _RULE},
        "required": ["circle", "rule"],
    },
}


def of_rules(types: ConditionTypes) -> dict[str, Any]:
    """Return the schema of rules over these conditions."""
    described = {name: _tagged(name, group) for name, group in _GROUPS.items()}
    described |= {condition.type: _of_condition(condition) for condition in types}
    references = {name: f"#/$defs/{name}" for name in described}
    rule = {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "type", "mapping": references},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Segment rules",
        "$defs": {**described, "Rule": rule},
        **_RULE,
    }


def _of_condition(condition: type[Condition]) -> dict[str, Any]:
    parts = TypeAdapter(condition).json_schema()
    parts.pop("title", None)
    example = {"type": condition.type, **condition.example}
    return _tagged(condition.type, {**parts, "examples": [example]})


def _tagged(name: str, described: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object of this type: the type itself is required, and nothing unknown is allowed."""
    return {
        **described,
        "type": "object",
        "properties": {"type": {"const": name}, **described["properties"]},
        "required": ["type", *described.get("required", ())],
        "additionalProperties": False,
    }
