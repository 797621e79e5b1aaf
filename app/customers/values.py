"""Parses amounts, times, booleans and lines of text as people write them in files."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

_YES = frozenset(
    (
        *("yes", "y", "true", "1", "on", "x", "t", "✓", "✔", "subscribed", "ja"),
        *("wahr", "oui", "vrai", "si", "sí", "verdadero", "sì", "vero", "sim", "verdadeiro", "waar"),
        *("tak", "да", "evet", "是", "有", "对", "真", "はい", "예"),
    )
)
_NO = frozenset(
    (
        *("no", "n", "false", "0", "off", "f", "✗", "✘", "unsubscribed", "nein", "falsch"),
        *("non", "faux", "falso", "não", "nao", "nee", "onwaar", "nie", "нет", "hayır", "否"),
        *("无", "不", "假", "いいえ", "아니요"),
    )
)
_AMOUNT = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,6})?")
# By thousands, or as in India: 12,34,567.
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d{1,6})?")
_SIGNS = str.maketrans({**dict.fromkeys(" \u00a0\u2009\u202f'’", ""), "−": "-", "–": "-"})


def one_line(text: str) -> str:
    """Return the text without control characters and outer spaces: it may end up in a header."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(" " if _is_control(char) else char for char in text).strip()


def amount(text: str, *, decimal: str = ".") -> Decimal:
    """Return the number; raise ValueError. `decimal` says what separates the cents, `.` or `,`."""
    clean = bare_number(text)
    if decimal == ",":
        clean = clean.translate(_SWAPPED)
    if _GROUPED.fullmatch(clean):
        clean = clean.replace(",", "")
    if not _AMOUNT.fullmatch(clean):
        raise ValueError("not an amount")
    return Decimal(clean)


def bare_number(text: str) -> str:
    """Return the digits, marks and sign of an amount: "(€ 1’234.50)" and "1'234.50-" are "-1234.50"."""
    clean = text.translate(_SIGNS)
    if not clean.isascii() or "$" in clean:
        kept = unicodedata.normalize("NFKC", clean)
        clean = "".join(char for char in kept if unicodedata.category(char) != "Sc")
    if clean[:1] == "(" and clean[-1:] == ")":
        return "-" + clean[1:-1]
    return "-" + clean[:-1] if clean[-1:] == "-" and clean[:-1].isascii() else clean


_SWAPPED = str.maketrans({",": ".", ".": ","})


def truth(text: str) -> bool | None:
    """Return what a yes-or-no cell says, None when it says neither."""
    folded = text.strip().casefold()
    return True if folded in _YES else False if folded in _NO else None


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs")
