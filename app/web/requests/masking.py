"""Personal data masked in everything that is answered to whoever may not see it.

What a request reads of people is watched at the driver, by the names of columns, whatever statement asks for it; where
it stands in the answer, only its beginning is left. Actions work with the values as they are. Answers that cannot be
masked, such as downloads, are refused. Nobody else's requests are watched, and pay nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g
from flask_babel import gettext as _
from markupsafe import escape

from app.kernel import database

# Columns that say who somebody is or how they are reached, by whatever statement they are read. Customer numbers stay:
# by them people are told apart without being named.
_PERSONAL = re.compile(r"(?:\w+_)?(?:email|email_key|first_name|last_name)(?:_\d+)?")
# Columns of JSON that may hold such values by these names.
_HOLDERS = frozenset(("before", "personal", "facts", "values", "details", "winners", "evidence"))
# How people are reached is kept as `value` of an address; shorter ones are no address.
_ADDRESS, _SHORTEST_ADDRESS = "value", 5
_HIDDEN = "•••"
_TAG = re.compile(r"(<[^>]*>)")
_SPOKEN = re.compile(r"\b(title|aria-label|alt|value|placeholder|content|data-[\w-]+)(=\")([^\"]*)")
# Of these the value is no text for people, but what a form sends.
_CODES = ("<option", "<button")
_PASSED = ("image/", "font/", "text/css", "text/javascript", "application/javascript")
_seen: ContextVar[set[str] | None] = ContextVar("personal_values", default=None)


def init_app(app: Flask) -> None:
    """Mask the answers of requests that are watched; each begins without."""
    app.before_request(forget)
    app.after_request(_mask)
    app.teardown_request(lambda _error: forget())


def watch() -> None:
    """Watch what this request reads from now on: whoever asks may not see it."""
    _seen.set(set())
    database.ROW_OBSERVER.set(_observe)


def forget() -> None:
    """Watch no longer."""
    _seen.set(None)
    database.ROW_OBSERVER.set(None)


def masked(value: str) -> str:
    """Return what is left of a value: the first letter, of an email also its domain."""
    local, at, domain = value.rpartition("@")
    return f"{local[:1]}{_HIDDEN}@{domain}" if at else f"{value[:1]}{_HIDDEN}"


def text(said: str) -> str:
    """Return a text for people with what was watched masked."""
    seen = _seen.get()
    return _replacer(seen)(said) if seen else said


def _observe(cursor: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Make the rows of one statement, noting what is personal in them."""
    names = [column.name for column in cursor.description or ()]
    personal = [place for place, name in enumerate(names) if _PERSONAL.fullmatch(name)]
    holders = [place for place, name in enumerate(names) if name in _HOLDERS]
    addresses = [place for place, name in enumerate(names) if name == _ADDRESS]
    if not (personal or holders or addresses):
        return tuple

    def make(values: Any) -> tuple[Any, ...]:
        row = tuple(values)
        for place in personal:
            _note(row[place])
        for place in addresses:
            if isinstance(row[place], str) and len(row[place]) >= _SHORTEST_ADDRESS:
                _note(row[place])
        for place in holders:
            for value in _held(row[place]):
                _note(value)
        return row

    return make


def _note(value: Any) -> None:
    seen = _seen.get()
    if seen is not None and isinstance(value, str) and len(value.strip()) > 1:
        seen.add(value)
        # Several lines are shown one by one.
        seen.update(line.strip() for line in value.splitlines() if len(line.strip()) > 1)


def _held(value: Any) -> Iterator[Any]:
    """Yield the personal values in a value of JSON, read or not: those under the names of personal columns."""
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except ValueError:
            return
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            for name, inside in part.items():
                # History holds a value with its mark.
                first = inside[0] if isinstance(inside, list) and inside else inside
                if _PERSONAL.fullmatch(str(name)) or name == "address":
                    yield first
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _mask(response: Response) -> Response:
    seen = _seen.get()
    # What must be masked is what somebody may not see: static files and redirects hold nothing of people.
    if seen is None or (g.get("guard") and g.guard.kind not in ("role", "api_key")):
        return response
    if response.mimetype == "text/html":
        response.set_data(_html(response.get_data(as_text=True), _replacer(seen)))
    elif response.mimetype == "application/json":
        response.set_data(json.dumps(_walked(json.loads(response.get_data() or b"null"), _replacer(seen))))
    elif response.get_data(as_text=False) and not (response.mimetype or "").startswith(_PASSED):
        said = _("Your membership shows personal data masked; this file cannot be.")
        return Response(said, 403, mimetype="text/plain")
    return response


def _replacer(seen: set[str]) -> Callable[[str], str]:
    """Return what masks every one of these values in a text, as it is, as HTML and as part of an address."""
    known = {form: masked(value) for value in seen for form in (value, str(escape(value)), quote(value, safe=""))}
    if not known:
        return lambda said: said
    longest = sorted(known, key=len, reverse=True)
    found = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)")
    return lambda said: found.sub(lambda match: known[match[0]], said)


def _html(page: str, replace: Callable[[str], str]) -> str:
    """Mask what is read: texts, and attributes that are spoken or shown; names of tags and links stay."""
    parts = _TAG.split(page)
    for place, part in enumerate(parts):
        if not part.startswith("<"):
            parts[place] = replace(part)
        elif "=" in part and not part.startswith(_CODES):
            parts[place] = _SPOKEN.sub(lambda match: match[1] + match[2] + replace(match[3]), part)
    return "".join(parts)


def _walked(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_walked(each, replace) for each in value]
    return {name: _walked(each, replace) for name, each in value.items()} if isinstance(value, dict) else value
