"""Guesses the encoding of bytes by how much of them reads like words of some language."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from app.kernel.translatable import N_

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": N_("UTF-16 (little-endian)"),
    "utf-16-be": N_("UTF-16 (big-endian)"),
    "cp1252": N_("Western European (Windows-1252)"),
    "mac_roman": N_("Western European (Macintosh)"),
    "cp1250": N_("Central European (Windows-1250)"),
    "cp1254": N_("Turkish (Windows-1254)"),
    "cp1251": N_("Cyrillic (Windows-1251)"),
    "cp1253": N_("Greek (Windows-1253)"),
    "gb18030": N_("Chinese (GB 18030)"),
    "big5": N_("Chinese (Big5)"),
    "cp932": N_("Japanese (Shift JIS)"),
    "cp949": N_("Korean (Windows-949)"),
}
# A letter that is usual in the languages of an encoding counts more than one that is not.
_UNUSUAL = 0.7
# Western letters hardly ever follow one another; the halves of Chinese characters, read as Western, always do.
_CROWDED = 0.7
_TRIED = 64 * 1024


class _Reading(NamedTuple):
    encoding: str
    score: Callable[[str], float]


def guess(sample: bytes) -> str:
    """Return how the text is probably encoded; the person confirms it by looking at the rows.

    Valid UTF-8 is UTF-8: other encodings all but never are by chance.
    """
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample and (found := _wide(sample)):
        return found
    if _decoded(sample, "utf-8") is not None:
        return "utf-8-sig"
    tried = sample[:_TRIED]
    scores = {reading.encoding: _score(tried, reading) for reading in _READINGS}
    return max(scores, key=lambda encoding: scores[encoding])


def resolve(encoding: str, sample: bytes) -> str:
    """Return the encoding these bytes can be read by: UTF-16 without its mark has to say which half comes first."""
    if encoding != "utf-16" or sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return encoding
    return _wide(sample) or "utf-16-le"


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark shows as every other byte being zero in Western text, and at line ends in any."""
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    if max(odd, even) * 5 >= len(sample):
        return "utf-16-le" if odd > even else "utf-16-be"
    little, big = sample.count(b"\n\0"), sample.count(b"\0\n")
    if max(little, big) * 200 < len(sample) or min(odd, even) * 4 > max(odd, even):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _decoded(sample: bytes, encoding: str) -> str | None:
    """Return the text, None when the bytes are none; the last character may be cut."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None


def _score(sample: bytes, reading: _Reading) -> float:
    text = _decoded(sample, reading.encoding)
    return reading.score(text) if text else 0.0


def _of_letters(usual: str) -> Callable[[str], float]:
    """Return the share of high characters that stand where letters of these languages stand."""
    usual_letters = frozenset(usual + usual.upper())

    def score(text: str) -> float:
        worth = [_plausibility(text, place, usual_letters) for place, char in enumerate(text) if not char.isascii()]
        return sum(worth) / len(worth) if worth else 0.0

    return score


def _plausibility(text: str, place: int, usual: frozenset[str]) -> float:
    char, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if char in "‘’“”„–—…«»¡¿·":
        return 0.9
    if char in "€£§°©®™":
        return 0.0 if before.isalpha() and after.isalpha() else 0.9
    if not char.isalpha() or (char.isupper() and (before.islower() or (before.isalpha() and after.islower()))):
        return 0.0
    worth = 1.0 if char in usual else _UNUSUAL
    return worth * (_CROWDED if (before and not before.isascii()) or (after and not after.isascii()) else 1.0)


def _of_script(first: str, last: str, usual: str) -> Callable[[str], float]:
    """Return the share of high characters in words of this script alone, capitals only where words begin."""

    def score(text: str) -> float:
        worth = []
        for place, char in enumerate(text):
            if not char.isascii():
                before = text[place - 1 : place]
                neighbours = {before, text[place + 1 : place + 2]} - {""}
                is_word = first <= char <= last and any(first <= other <= last for other in neighbours)
                is_mixed = any(other.isascii() and other.isalpha() for other in neighbours)
                fits = is_word and not is_mixed and not (char.isupper() and before.islower())
                worth.append(fits * (1.0 if char.lower() in usual else _UNUSUAL))
        return sum(worth) / len(worth) if worth else 0.0

    return score


def _of_chinese(text: str) -> float:
    """Everyday characters fill rows 0xB0 to 0xD7 of GB 2312; Latin letters stand beside Latin letters."""
    return _share(text, lambda place, char: _lead(char, "gb2312", 0xB0, 0xD7) or _is_latin(text, place))


def _of_taiwanese(text: str) -> float:
    return 0.98 * _share(text, lambda _, char: _lead(char, "big5", 0xA4, 0xC6))


def _of_japanese(text: str) -> float:
    """Hardly a line is written without kana."""
    high = [char for char in text if not char.isascii()]
    kana = sum("ぁ" <= char <= "ヿ" for char in high)
    if kana * 12 < len(high):
        return 0.0
    return _share(text, lambda _, char: "ぁ" <= char <= "ヿ" or _lead(char, "shift_jis", 0x88, 0x97))


def _of_korean(text: str) -> float:
    """The same bytes are Chinese as well, but Chinese uses twice as many rows of its table."""
    high = sum(not char.isascii() for char in text)
    share = _share(text, lambda _, char: "가" <= char <= "힣" and _lead(char, "euc_kr", 0xB0, 0xC8))
    return share if share < 1 or high < 5 else 1.01


def _alone(text: str, place: int, char: str) -> float:
    """A character in the middle of a Western word is more likely two letters."""
    neighbours = (text[place - 1 : place], text[place + 1 : place + 2])
    is_within = all(other.isascii() and other.islower() for other in neighbours)
    return 0.5 if is_within and not unicodedata.name(char, "").startswith("LATIN") else 1.0


def _share(text: str, is_usual: Callable[[int, str], bool]) -> float:
    high = [(place, char) for place, char in enumerate(text) if not char.isascii()]
    worth = [(is_usual(*one) or _is_mark(one[1])) * _alone(text, *one) for one in high]
    return sum(worth) / len(high) if high else 0.0


def _lead(char: str, encoding: str, first: int, last: int) -> bool:
    try:
        encoded = char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and first <= encoded[0] <= last


def _is_latin(text: str, place: int) -> bool:
    neighbours = text[place - 1 : place] + text[place + 1 : place + 2]
    is_latin = unicodedata.name(text[place], "").startswith("LATIN")
    return is_latin and any(char.isascii() and char.isalpha() for char in neighbours)


def _is_mark(char: str) -> bool:
    """East Asian punctuation and full-width forms."""
    return "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef" or char in "“”‘’…—·"


# The first of equals wins.
_READINGS = (
    _Reading("cp1252", _of_letters("äöüßéèêëàâçôîïùûñáíóúåøæãõìò")),
    _Reading("gb18030", _of_chinese),
    _Reading("mac_roman", _of_letters("äöüßéèêëàâçôîïùûñáíóúåøæãõìò")),
    _Reading("cp1250", _of_letters("ąćęłńóśźżáčďéěíňřšťúůýžäöüßőű")),
    _Reading("cp1254", _of_letters("çğıöşüİâî")),
    _Reading("cp1251", _of_script("Ѐ", "ӿ", "оеаинтсрвлкмдпя")),
    _Reading("cp1253", _of_script("Ͱ", "Ͽ", "αοιετσνηυρςάόίέ")),
    _Reading("cp932", _of_japanese),
    _Reading("cp949", _of_korean),
    _Reading("big5", _of_taiwanese),
)
