"""Headers, addresses and the multipart frame as bytes that no value can break out of.

Everything that enters a header passes `plain` first, which leaves neither CR nor LF nor any control character, so a
header has exactly the lines written here. Encoded words follow RFC 2047: at most 75 characters, whole characters only.
"""

import re
from base64 import b64encode
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b

import idna

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_SIMPLE = re.compile(r"[!-~]+(?: [!-~]+)*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_LINE = 76
_LONGEST_HEADER = 900


class UndeliverableAddress(Refusal):
    """The address cannot be written on the wire: a local part outside ASCII, or no address at all."""

    message = N_("“%(address)s” cannot be written to: its part before the @ holds characters mail servers refuse.")


def plain(text: str) -> str:
    """Return one line of text: runs of white space and control characters become one space."""
    return _CONTROL.sub(" ", text).strip().encode("utf-8", "replace").decode()


def unstructured(name: bytes, text: str) -> bytes:
    """Return the value of a free-text header such as Subject, folded after `name`."""
    if len(text) + len(name) < _LINE and _SIMPLE.fullmatch(text) and "=?" not in text:
        return text.encode("ascii")
    text = plain(text)[:_LONGEST_HEADER]
    if text.isascii() and "=?" not in text and max(map(len, text.split(" "))) < _LINE:
        return _fold(text.encode("ascii"), len(name) + 2)
    return _encoded_words(text, len(name) + 2)


def mailbox(name: bytes, display: str, address: str) -> bytes:
    """Return ``display <address>`` for From, To and Reply-To."""
    wire = wire_address(address).encode("ascii")
    shown = phrase(name, display)
    if not shown:
        return wire
    room = _LINE - len(shown.rsplit(b"\r\n", 1)[-1]) - len(name) - 2
    return shown + (b" <" if len(wire) + 3 <= room else b"\r\n <") + wire + b">"


def phrase(name: bytes, display: str) -> bytes:
    """Return what people read before ``<...>``, folded after `name`: as it is, quoted, or as encoded words."""
    display = plain(display)[:200] if display else ""
    if not display:
        return b""
    if len(display) + len(name) + 2 < _LINE and display.isascii() and "=?" not in display:
        return (display if _ATOMS.fullmatch(display) else _quoted(display)).encode("ascii")
    return _encoded_words(display, len(name) + 2)


def wire_address(address: str) -> str:
    """Return the address as SMTP sees it, the domain as A-label; raise UndeliverableAddress if that cannot be."""
    if _ADDRESS.fullmatch(address):
        return address
    return _with_a_label(address)


@lru_cache(maxsize=4096)
def _with_a_label(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        wire = f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except UnicodeError:
        raise UndeliverableAddress(address=plain(address)) from None
    if not _ADDRESS.fullmatch(wire):
        raise UndeliverableAddress(address=plain(address))
    return wire


def date_header(at: datetime) -> bytes:
    """Return the value of a Date header; computed once per batch."""
    return format_datetime(at).encode("ascii")


def boundary(seed: bytes) -> bytes:
    """Return a boundary no quoted-printable part can hold: there, no line has ``=_``."""
    return b"=_" + blake2b(seed, digest_size=12).hexdigest().encode()


def frame(boundary_value: bytes, part: bytes, *, first: bool) -> bytes:
    """Return what stands before one part: the delimiter line and the part's headers."""
    start = b"--" if first else b"\r\n--"
    return (
        start
        + boundary_value
        + b"\r\nContent-Type: text/"
        + part
        + b"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


def _quoted(display: str) -> str:
    escaped = display.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fold(text: bytes, used: int) -> bytes:
    """Break at single spaces so that lines stay within 76 where words allow."""
    lines, line = [], b""
    for word in text.split(b" "):
        if line and used + len(line) + 1 + len(word) > _LINE:
            lines.append(line)
            line, used = word, 1
        else:
            line = line + b" " + word if line else word
    return b"\r\n ".join([*lines, line])


def _encoded_words(text: str, used: int) -> bytes:
    """Cut into base64 encoded words, each of whole characters and at most 75 long; the first beside the name."""
    words, piece, room = [], "", _room(used)
    octets = text.encode()
    if len(octets) <= room:
        return b"=?utf-8?b?" + b64encode(octets) + b"?="
    for character in text:
        if len((piece + character).encode()) > room:
            words.append(piece)
            piece, room = "", _room(1)
        piece += character
    return b"\r\n ".join(b"=?utf-8?b?" + b64encode(word.encode()) + b"?=" for word in [*words, piece])


def _room(used: int) -> int:
    """Return how many octets a base64 encoded word may carry on a line with `used` columns taken."""
    return max(4, min(75, _LINE - used) - 12) // 4 * 3
