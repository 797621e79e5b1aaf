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
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import escape

from app.kernel import database

# Columns that say who somebody is or how they are reached, by whatever statement they are read. Customer numbers stay:
# by them people are told apart without being named.
_PERSONAL = re.compile(r"(?:\w+_)?(?:email|email_key|first_name|last_name|full_name|former_name)(?:_\d+)?")
# Columns of JSON that may hold such values by these names: `body` is an answer that is given once more.
_HOLDERS = frozenset(("before", "personal", "facts", "values", "details", "winners", "evidence", "custom", "body"))
# How people are reached is kept as `value` of an address; shorter ones are no address.
_ADDRESS, _SHORTEST_ADDRESS = "value", 5
_NAMES = ("first_name", "last_name")
_HIDDEN = "•••"
# Letters of languages that put no space between words: a name stands right beside others.
_CLOSE = "\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_CLOSE_LETTER = re.compile(f"[{_CLOSE}]")
# Not within a word, whose letters these are.
_BEGINS, _ENDS = rf"(?<![^\W{_CLOSE}])", rf"(?![^\W{_CLOSE}])"
_TAG = re.compile(r"(<[^>]*>)")
_SPOKEN = re.compile(r"\b(title|aria-label|alt|value|placeholder|content|data-[\w-]+)(=\")([^\"]*)")
# Where a link writes to somebody or calls them, it says to whom.
_REACHING = re.compile(r"\b(href=\")(mailto|tel|sms):[^\"]*", re.IGNORECASE)
# Of these the value is no text for people, but what a form sends; what is offered while one types is one.
_CODES, _OFFERS = ("<option", "<button"), ("<datalist", "</datalist")
_JSON = ("application/json", "application/problem+json")
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
    """Return what is left of a value: the first letter, unless that is all of it, of an email also its domain."""
    local, at, domain = value.rpartition("@")
    first = (local if at else value)[:1]
    if at:
        return f"{first}{_HIDDEN}@{domain}"
    return _HIDDEN if len(value) == 1 else f"{first}{_HIDDEN}"


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
    named = [names.index(name) for name in _NAMES if name in names]
    if not (personal or holders or addresses):
        return tuple

    def make(values: Any) -> tuple[Any, ...]:
        row = tuple(values)
        for place in personal:
            _note(row[place])
        if len(named) == len(_NAMES):
            _note_joined(row[named[0]], row[named[1]])
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
    if seen is not None and isinstance(value, str):
        # Several lines are shown one by one.
        seen.update(each for each in (value, *map(str.strip, value.splitlines())) if _is_telling(each))


def _note_joined(first: Any, last: Any) -> None:
    """Note a whole name, as it is written where nothing stands between its parts."""
    if isinstance(first, str) and isinstance(last, str):
        _note(last + first)


def _is_telling(value: str) -> bool:
    """Say whether a value tells somebody apart: a single letter does where letters are words."""
    return len(value.strip()) > 1 or _CLOSE_LETTER.fullmatch(value.strip()) is not None


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
    elif response.mimetype in _JSON:
        response.set_data(json.dumps(_walked(json.loads(response.get_data() or b"null"), _replacer(seen))))
    elif response.get_data(as_text=False) and not (response.mimetype or "").startswith(_PASSED):
        said = _("Your membership shows personal data masked; this file cannot be.")
        return Response(said, 403, mimetype="text/plain")
    return response


def _replacer(seen: set[str]) -> Callable[[str], str]:
    """Return what masks every one of these values in a text: as it is, in capitals, in HTML, addresses and scripts."""
    known = {form: masked(value) for value in seen for form in _forms(value)}
    if not known:
        return lambda said: said
    longest = sorted(known, key=len, reverse=True)
    found = re.compile("|".join(map(_bounded, longest)))
    return lambda said: found.sub(lambda match: known[match[0]], said)


def _forms(value: str) -> Iterator[str]:
    for said in (value, value.upper(), *((value.lower(),) if "@" in value else ())):
        yield from (said, str(escape(said)), quote(said, safe=""), htmlsafe_json_dumps(said)[1:-1])


def _bounded(form: str) -> str:
    """Return the pattern of a value that is no part of a word; one letter alone is often part of one."""
    if len(form) == 1:
        return rf"(?<!\w){re.escape(form)}(?!\w)"
    begins, ends = (_CLOSE_LETTER.match(letter) is None for letter in (form[0], form[-1]))
    return "".join((_BEGINS if begins else "", re.escape(form), _ENDS if ends else ""))


def _html(page: str, replace: Callable[[str], str]) -> str:
    """Mask what is read: texts, and attributes that are spoken or shown; names of tags and links of ours stay."""
    parts, is_offered = _TAG.split(page), False
    for place, part in enumerate(parts):
        if not part.startswith("<"):
            parts[place] = replace(part)
            continue
        if part.startswith(_OFFERS):
            is_offered = part.startswith(_OFFERS[0])
        if "=" in part:
            told = _REACHING.sub(r"\1\2:", part)
            if is_offered or not part.startswith(_CODES):
                told = _SPOKEN.sub(lambda match: match[1] + match[2] + replace(match[3]), told)
            parts[place] = told
    return "".join(parts)


def _walked(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_walked(each, replace) for each in value]
    return {name: _walked(each, replace) for name, each in value.items()} if isinstance(value, dict) else value
