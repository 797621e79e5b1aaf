"""What did the server say? Splits a byte stream, however it is cut, into SMTP replies."""

from __future__ import annotations

MAX_LINE = 4096
MAX_LINES = 128


class NotSmtp(Exception):
    """The peer does not speak SMTP: a line without a code, or without an end."""


class ReplyReader:
    """Collects bytes and yields whole replies as (code, texts); refuses endless ones."""

    __slots__ = ("_buffer", "_texts")

    def __init__(self) -> None:
        self._buffer = b""
        self._texts: list[str] = []

    @property
    def has_rest(self) -> bool:
        """Bytes came that no reply has used; after STARTTLS those could be injected."""
        return bool(self._buffer or self._texts)

    def feed(self, data: bytes) -> list[tuple[int, list[str]]]:
        """Return the replies completed by `data`; raise NotSmtp where it cannot be one."""
        self._buffer += data
        replies = []
        start = 0
        while (end := self._buffer.find(b"\n", start)) >= 0:
            if end - start > MAX_LINE:
                raise NotSmtp("a reply line is too long")
            line = self._buffer[start:end].rstrip(b"\r")
            start = end + 1
            if self._is_last(line):
                replies.append((int(line[:3]), self._texts))
                self._texts = []
        self._buffer = self._buffer[start:]
        if len(self._buffer) > MAX_LINE:
            raise NotSmtp("a reply line is too long")
        return replies

    def _is_last(self, line: bytes) -> bool:
        if not line[:3].isdigit() or len(line) < 3 or line[3:4] not in (b" ", b"-", b""):
            raise NotSmtp(f"not a reply: {line[:80]!r}")
        self._texts.append(line[4:].decode("utf-8", "replace"))
        if len(self._texts) > MAX_LINES:
            raise NotSmtp("a reply has too many lines")
        return line[3:4] != b"-"
