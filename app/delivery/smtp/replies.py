"""Splits a byte stream, however it is cut, into SMTP replies."""

from __future__ import annotations

MAX_LINE = 4096
MAX_LINES = 128
# What a reply of one line begins with, as nearly all do.
_PLAIN = {b"%d " % code: code for code in range(200, 600)}


class NotSmtp(Exception):
    """The peer does not speak SMTP: a line without a code, or without an end."""


class ReplyReader:
    """Collects bytes and yields whole replies as (code, texts); refuses endless ones."""

    __slots__ = ("_buffer", "_texts")

    def __init__(self) -> None:
        self._buffer = b""
        self._texts: list[bytes] = []

    @property
    def has_rest(self) -> bool:
        """Bytes came that no reply has used; after STARTTLS those could be injected."""
        return bool(self._buffer or self._texts)

    def feed(self, data: bytes) -> list[tuple[int, list[bytes]]]:
        """Return the replies completed by `data`; raise NotSmtp where it cannot be one."""
        lines = (self._buffer + data).split(b"\n") if self._buffer else data.split(b"\n")
        self._buffer = lines.pop()
        if len(self._buffer) > MAX_LINE:
            raise NotSmtp("a reply line is too long")
        replies = []
        for line in lines:
            code = _PLAIN.get(line[:4])
            if code is not None and not self._texts and len(line) < MAX_LINE:
                replies.append((code, [line[4:].rstrip(b"\r")]))
            elif self._is_last(line.rstrip(b"\r")):
                replies.append((int(line[:3]), self._texts))
                self._texts = []
        return replies

    def _is_last(self, line: bytes) -> bool:
        mark = line[3:4]
        if len(line) < 3 or len(line) > MAX_LINE or not line[:3].isdigit() or mark not in (b" ", b"-", b""):
            raise NotSmtp(f"not a reply: {line[:80]!r}")
        self._texts.append(line[4:])
        if len(self._texts) > MAX_LINES:
            raise NotSmtp("a reply has too many lines")
        return mark != b"-"
