"""Whose values staff chose on a page that shows two customers side by side."""

from __future__ import annotations

from flask import request

from app.customers.merging.winners import FORMER, SURVIVOR

_PREFIX = "keep."


def chosen() -> dict[str, str]:
    """Return whose values were chosen, by field."""
    return {
        name.removeprefix(_PREFIX): whose
        for name, whose in request.form.items()
        if name.startswith(_PREFIX) and whose in (SURVIVOR, FORMER)
    }
