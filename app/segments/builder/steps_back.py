"""What the builder's buttons did, so that it can be undone: drafts as they were before, kept in the page itself."""

from __future__ import annotations

import json
from typing import Any

from app.segments.builder import drafts
from app.segments.builder.drafts import LineGroup

MOST = 20
LARGEST = 100_000


def read(text: str) -> list[dict[str, str]]:
    """Return the drafts that a page kept, the latest last; what no page of ours holds is nothing."""
    try:
        found = json.loads(text) if 0 < len(text) <= LARGEST else []
    except (ValueError, RecursionError):
        return []
    return [each for each in found if _is_form(each)][-MOST:] if isinstance(found, list) else []


def add(kept: list[dict[str, str]], before: LineGroup) -> str:
    """Return what the page keeps after another step; of drafts that are too long together the oldest go."""
    steps = [*kept, drafts.to_form(before)][-MOST:]
    while steps and len(text := json.dumps(steps, ensure_ascii=False)) > LARGEST:
        steps.pop(0)
    return text if steps else ""


def write(kept: list[dict[str, str]]) -> str:
    """Return these steps as the page keeps them."""
    return json.dumps(kept, ensure_ascii=False) if kept else ""


def _is_form(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(word, str) for word in value.values())
