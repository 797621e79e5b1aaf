"""Serves built files under hashed names, compressed beforehand and cached for a year."""

from __future__ import annotations

import json
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Response, abort, request, send_from_directory, url_for

DIST = Path(__file__).parent / "static" / "dist"
A_YEAR = 365 * 24 * 3600
PACKINGS = (("br", ".br"), ("gzip", ".gz"))
for _suffix, _type in ((".woff2", "font/woff2"), (".js", "text/javascript"), (".svg", "image/svg+xml")):
    mimetypes.add_type(_type, _suffix)


def asset(name: str) -> str:
    """Return the URL of a built file: asset("app.css") -> /assets/app-5F3K2M.css."""
    return url_for("web.asset_file", name=manifest().get(name, name))


def manifest() -> dict[str, str]:
    """Return built names by plain name; empty before the first build, so that pages still answer."""
    path = DIST / "manifest.json"
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


def send(name: str) -> Response:
    """Answer with a built file, packed when the browser can unpack it."""
    if name.startswith("."):
        abort(404)
    for encoding, suffix in PACKINGS:
        if request.accept_encodings[encoding] and (DIST / (name + suffix)).is_file():
            response = send_from_directory(DIST, name + suffix, mimetype=mimetypes.guess_type(name)[0])
            response.headers["Content-Encoding"] = encoding
            break
    else:
        response = send_from_directory(DIST, name)
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


@lru_cache(maxsize=2)
def _read(path: Path, _changed_at: int) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text())
    return found
