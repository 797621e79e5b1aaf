"""Decodes what mail programs write: character sets, encoded words, transfer encodings and HTML, for any bytes."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import a2b_qp
from encodings.aliases import aliases

from app.rendering.html import character_references

# Python knows more codecs than mails may name: some are no character sets, some take time squared (idna, punycode).
_NOT_CHARSETS = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "mbcs"}
_CODECS = {name: codec for name, codec in aliases.items() if codec not in _NOT_CHARSETS}
_CODECS |= {codec: codec for codec in _CODECS.values()}
# Programs name the smaller set and write the larger one.
_CODECS |= {"gb2312": "gb18030", "gbk": "gb18030", "us_ascii": "utf_8", "ascii": "utf_8", "iso_8859_1": "cp1252"}
_CODECS |= {"latin1": "cp1252", "iso8859_1": "cp1252", "x_gbk": "gb18030", "windows_31j": "cp932", "x_sjis": "cp932"}
_ENCODED_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bqBQ])\?([^?\s]*+)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s++(?==\?[^?\s=]{1,60}\?[bqBQ]\?)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
# A tag's name and, of what follows, only the beginning: enough to see a class, and no page of attributes.
_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]{0,15})\b([^<>]*+)>|<!--.*?(?:-->|\Z)|<[!?/][^<>]*+>", re.DOTALL)
_LINES = {"p", "div", "br", "li", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "hr", "section", "article"}
_UNSEEN = {"script", "style", "head", "title", "template", "textarea"}
# What the mail programs put around the mail they quote.
_QUOTE_MARKS = re.compile(
    r"gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|appendonsend|divRplyFwdMsg|OutlookMessageHeader"
    r"|protonmail_quote|zmail_extra|mail_editor_reference|reply-intro|x_divRplyFwdMsg|tutanota_quote|ntes-mailmaster",
    re.IGNORECASE,
)


def decoded(octets: bytes, charset: str) -> str:
    """Return text; what the character set cannot say, or an unknown set, becomes replacement characters."""
    codec = _CODECS.get(re.sub(r"[-. ]", "_", charset.strip().lower()), "utf_8")
    try:
        return octets.decode(codec, "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def readable(value: str) -> str:
    """Return a header's value on one line, its encoded words (RFC 2047) decoded where they can be."""
    plain = " ".join(value.split())
    return _ENCODED_WORD.sub(_word, _BETWEEN_WORDS.sub(r"\1", plain)) if "=?" in plain else plain


def _word(match: re.Match[str]) -> str:
    charset, kind, content = match[1].partition("*")[0], match[2].lower(), match[3]
    try:
        octets = from_base64(content.encode()) if kind == "b" else a2b_qp(content.encode(), header=True)
    except ValueError:
        return match[0]
    if not octets and content:
        return match[0]
    return " ".join(decoded(octets, charset).split("\n"))


def from_base64(octets: bytes) -> bytes:
    """Decode base64 however it is broken: foreign characters are passed over, a cut end is made up for."""
    plain = _NOT_BASE64.sub(b"", octets)
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    try:
        return b64decode(plain + b"=" * (-len(plain) % 4))
    except Base64Error:
        return b""


def transferred(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding; one there is none of counts as none."""
    kind = encoding.strip().lower()
    if kind == "base64":
        return from_base64(body)
    return a2b_qp(body) if kind == "quoted-printable" else body


def from_html(html: str) -> str:
    """Return what a person sees of a reply's HTML, up to the mail it quotes."""
    out: list[str] = []
    at, unseen = 0, ""
    for match in _TAG.finditer(html):
        if not unseen:
            out.append(_words(html[at : match.start()]))
        at = match.end()
        name = (match[1] or "").lower()
        if unseen:
            unseen = "" if name == f"/{unseen}" else unseen
        elif name in _UNSEEN:
            unseen = name
        elif name == "blockquote" or (name and _QUOTE_MARKS.search(match[2][:300])):
            return "".join(out)
        elif name.lstrip("/") in _LINES:
            out.append("\n")
        elif name in ("/td", "/th"):
            out.append(" ")
    return "".join(out) if unseen else "".join(out) + _words(html[at:])


def _words(html: str) -> str:
    return " ".join(character_references.in_text(f"|{html}|").split())[1:-1]
