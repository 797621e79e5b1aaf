"""Compresses responses where the browser takes it and they are long enough to be worth it; never streams.

Pages hold a form's token beside what was asked for, and their packed length would tell, request by request, how much of
one repeats the other (BREACH). So each packed answer is longer by a random number of bytes (Heal the Breach), and our
cookies do not travel with other sites' requests.
"""

from __future__ import annotations

import secrets
import zlib

from flask import Flask, Response, request

SHORTEST = 1024
PADDING = 128
_LEVEL = 4
_PACKED = ("text/html", "text/css", "text/csv", "text/plain", "text/javascript", "image/svg+xml")


def init_app(app: Flask) -> None:
    """Pack what every view answers. Registered before what sets headers, hence called after it."""
    app.after_request(_pack)


def pack(data: bytes) -> bytes:
    """Return the data as gzip (RFC 1952), its header's file name of random length."""
    name = secrets.token_hex(PADDING // 2)[: secrets.randbelow(PADDING)].encode()
    header = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + name + b"\0"
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(data) + packer.flush()
    return header + body + zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")


def _pack(response: Response) -> Response:
    if response.is_streamed or response.direct_passthrough or response.content_encoding or not _is_text(response):
        return response
    response.vary.add("Accept-Encoding")
    if request.method == "HEAD" or not request.accept_encodings["gzip"]:
        return response
    data = response.get_data()
    if len(data) >= SHORTEST:
        response.set_data(pack(data))
        response.content_encoding = "gzip"
    return response


def _is_text(response: Response) -> bool:
    mimetype = response.mimetype or ""
    return mimetype in _PACKED or mimetype.endswith("json")
