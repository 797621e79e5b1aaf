"""Security headers of every response, and the looser policy for framed previews."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Response, g, request

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# A mail carries its own inline styles and remote pictures; it may neither run anything nor know where it is shown.
FRAMED_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src 'self' https: data:",
        "font-src https:",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)
# A picture somebody sent, opened by itself: it may fetch and run nothing, whatever it is taken for.
FILE_POLICY = "default-src 'none'; sandbox"
# A mail in the visual editor: our own page reaches into it, so it has no sandbox; it may not run anything at all.
CANVAS_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src 'self' https: data:",
        "font-src https:",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)


def init_app(app: Flask, *, is_secure: bool) -> None:
    """Send the headers with every answer and keep our cookies to ourselves."""
    app.config.update(
        SESSION_COOKIE_NAME="assent",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_secure,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
    )
    app.after_request(_harden)


def framed(html: str) -> Response:
    """Answer with a mail's HTML for a sandboxed frame of our own pages."""
    g.is_framed = True
    return Response(html, mimetype="text/html")


def public_file(data: bytes, media_type: str, *, name: str) -> Response:
    """Answer with a file that is the same to everybody and never changes; `name` is unique to what it holds."""
    g.is_public_file = True
    response = Response(data, content_type=media_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.set_etag(name)
    response.make_conditional(request)
    return response


def canvas() -> Response:
    """Answer with the empty page on which the visual editor draws a mail."""
    g.is_canvas = True
    # Without an icon named, a browser would ask for one.
    head = '<meta charset="utf-8"><title>Mail</title><link rel="icon" href="data:,">'
    body = '<body data-canvas="yes"><main><h1>–</h1></main></body>'
    return Response(f'<!doctype html><html lang="en"><head>{head}</head>{body}</html>', mimetype="text/html")


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer" if _is_token_page() else "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if g.get("is_public_file"):
        headers["Content-Security-Policy"] = FILE_POLICY
        return response
    policy = FRAMED_POLICY if g.get("is_framed") else CANVAS_POLICY if g.get("is_canvas") else POLICY
    headers["Content-Security-Policy"] = policy
    if not (g.get("is_framed") or g.get("is_canvas")):
        headers["X-Frame-Options"] = "DENY"
    if request.endpoint != "web.asset_file":
        headers.setdefault("Cache-Control", "no-store")
        response.vary.update(("Cookie", "HX-Request"))
    return response


def _is_token_page() -> bool:
    mark = g.get("guard")
    return mark is not None and mark.kind == "token"
