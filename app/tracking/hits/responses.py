"""Fixed HTTP responses of the tracking endpoint."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from functools import lru_cache

_ALWAYS = (
    ("Cache-Control", "no-store, private"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex"),
    ("X-Content-Type-Options", "nosniff"),
)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `headers` never set a cookie."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@lru_cache(maxsize=4096)
def redirect(url: str) -> Answer:
    """Send the visitor on. `url` was checked when the link was registered."""
    return Answer("302 Found", (("Location", url), ("Content-Length", "0"), *_ALWAYS), b"")


def _page(status: str, *sentences: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    # Both languages at once: without the database nobody knows the visitor's.
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{status}</title><body>{paragraphs}</body></html>"
    ).encode()
    policy = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    kind = ("Content-Type", "text/html; charset=utf-8")
    return Answer(status, (kind, ("Content-Length", str(len(body))), policy, *headers, *_ALWAYS), body)


_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

IMAGE = Answer("200 OK", (("Content-Type", "image/gif"), ("Content-Length", str(len(_GIF))), *_ALWAYS), _GIF)
NOT_FOUND = _page(
    "404 Not Found",
    "This link is not valid. It may have been cut off when it was copied.",
    '<span lang="zh">这个链接无效，可能在复制时被截断了。</span>',
)
NOT_ALLOWED = _page("405 Method Not Allowed", "This link can only be opened.", headers=(("Allow", "GET, HEAD"),))
TRY_AGAIN = _page(
    "503 Service Unavailable",
    "This link cannot be opened right now. Please try again in half a minute.",
    '<span lang="zh">暂时无法打开这个链接，请半分钟后再试。</span>',
    headers=(("Retry-After", "30"),),
)
