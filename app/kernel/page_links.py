"""Links to pages of ours, for code that may run outside of a request; the web turns them into addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PageLink:
    """One page, named by its endpoint and by what stands in its address."""

    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)


def to(endpoint: str, **values: Any) -> PageLink:
    """Return a link to this page."""
    return PageLink(endpoint, values)
