"""Removes characters from requests that no text of ours can hold."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import Request as FlaskRequest
from flask import abort, request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict, MultiDict

# PostgreSQL keeps no NUL, and half a surrogate pair is no character: neither is ever typed.
_NONE = dict.fromkeys([0, *range(0xD800, 0xE000)])


def clean(text: str) -> str:
    """Return the text without what cannot be kept."""
    return text.translate(_NONE)


def read_json(text: str) -> Any:
    """Return what this JSON says, with clean texts; raise ValueError if it is none, or nested without end."""
    try:
        return _cleaned(json.loads(text))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL that somebody else wrote; of what is none, empty parts."""
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


class Fields(ImmutableMultiDict[str, Any]):
    """Names and values of a query or a form, every text clean."""

    def __init__(self, mapping: Any = None) -> None:
        pairs = mapping.items(multi=True) if isinstance(mapping, MultiDict) else mapping or ()
        super().__init__([(_cleaned(name), _cleaned(value)) for name, value in pairs])


class Request(FlaskRequest):
    """A request whose query and form hold clean texts."""

    parameter_storage_class = Fields


def refuse_odd_paths() -> None:
    """Answer 404 for a path with a character that no name of ours has; called before every request."""
    if clean(request.path) != request.path:
        abort(404)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, FileStorage):
        value.filename = value.filename and clean(value.filename)
        return value
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(each) for name, each in value.items()}
    return [_cleaned(each) for each in value] if isinstance(value, list) else value
