"""Countries, currencies and languages by code (ISO 3166, 4217, 639) or by name."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global
from babel.numbers import list_currencies

from app.kernel.clock import time_zones

# What CLDR lists besides the countries of ISO 3166. XK stays: nobody has another code for Kosovo.
_NO_COUNTRIES = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))
# Codes of ISO 4217 that begin with X and are money; the others are metals, funds and test codes.
_SHARED_MONEY = frozenset(("XAF", "XCD", "XCG", "XOF", "XPF"))
_NO_MONEY = frozenset(("CNH", "CNX", "LSM"))
_NAMED_IN = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr", "ru", "uk"),
    *("el", "zh", "zh_Hant", "ja", "ko", "ar", "he", "hi", "th", "vi", "id"),
)
_ALSO_COUNTRIES = {
    **dict.fromkeys(("england", "scotland", "wales", "northern ireland", "great britain", "britain", "gb uk"), "GB"),
    **dict.fromkeys(("united states of america", "us of a", "america", "estados unidos de america"), "US"),
    **dict.fromkeys(("holland", "nederland"), "NL"),
    **dict.fromkeys(("eire", "republic of ireland"), "IE"),
    **dict.fromkeys(("prc", "mainland china", "peoples republic of china", "中国大陆", "中华人民共和国"), "CN"),
    **dict.fromkeys(("hong kong", "hong kong sar"), "HK"),
    **dict.fromkeys(("澳门", "macau"), "MO"),
    **dict.fromkeys(("korea", "republic of korea", "korea republic of", "korea south"), "KR"),
    **dict.fromkeys(("czech republic", "tschechische republik"), "CZ"),
    **dict.fromkeys(("russian federation",), "RU"),
    **dict.fromkeys(("viet nam",), "VN"),
    **dict.fromkeys(("uae", "emirates"), "AE"),
    **dict.fromkeys(("brd", "bundesrepublik deutschland"), "DE"),
    **dict.fromkeys(("turkey",), "TR"),
    **dict.fromkeys(("ivory coast",), "CI"),
    **dict.fromkeys(("臺灣", "taiwan province of china"), "TW"),
}
# No name is longer, and what is remembered is not to fill the memory.
LONGEST = 100
_SYMBOLS = {"€": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "RMB": "CNY", "CN¥": "CNY", "元": "CNY", "人民币": "CNY"}
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_.@].{0,20})?").fullmatch


@cache
def countries() -> frozenset[str]:
    """Return the codes of ISO 3166, two letters each."""
    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - _NO_COUNTRIES


@cache
def currencies() -> frozenset[str]:
    """Return the codes of ISO 4217 that money is or was counted in."""
    listed = (code for code in list_currencies() if not code.startswith("X") or code in _SHARED_MONEY)
    return frozenset(listed) - _NO_MONEY


def find_country(text: str) -> str | None:
    """Return the code of the country: "DE" for DE, de, DEU, 276, Germany, Deutschland, Allemagne or 德国."""
    return _country(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=4096)
def _country(text: str) -> str | None:
    code = text.strip().upper()
    if code in countries():
        return code
    aliases = get_global("territory_aliases").get(code, ())
    if len(aliases) == 1 and aliases[0] in countries():
        return str(aliases[0])
    return _country_names().get(_folded(text))


def find_currency(text: str) -> str | None:
    """Return the code of the currency: "EUR" for EUR, eur or €."""
    return _currency(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=1024)
def _currency(text: str) -> str | None:
    code = text.strip().upper()
    return code if code in currencies() else _SYMBOLS.get(code)


def find_language(text: str) -> str | None:
    """Return the tag of the language: "de-AT" for de-AT or de_at, "de" for German, Deutsch or 德语."""
    return _language(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=1024)
def _language(text: str) -> str | None:
    tag = _TAG(text.strip())
    if tag and _is_language(tag[1].lower()):
        script, region = tag[2], tag[3]
        return "-".join(filter(None, (tag[1].lower(), script and script.title(), region and region.upper())))
    return _language_names().get(_folded(text))


def find_time_zone(text: str) -> str | None:
    """Return the name of the zone: "Europe/Berlin" for europe/berlin and for HubSpot's europe_slash_berlin."""
    return _time_zone(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=1024)
def _time_zone(text: str) -> str | None:
    return _time_zones().get(text.strip().casefold().replace("_slash_", "/").replace(" ", "_"))


FIND = {"country": find_country, "language": find_language, "time_zone": find_time_zone}


@cache
def _time_zones() -> dict[str, str]:
    return {name.casefold(): name for name in time_zones()}


@cache
def _is_language(code: str) -> bool:
    return code in Locale("en").languages and code not in ("mul", "und", "zxx", "mis")


@cache
def _country_names() -> dict[str, str]:
    names = {_folded(name): code for code, name in _each("territories") if code in countries()}
    return names | _ALSO_COUNTRIES


@cache
def _language_names() -> dict[str, str]:
    return {_folded(name): code.replace("_", "-") for code, name in _each("languages") if _folded(name)}


def _each(what: str) -> list[tuple[str, str]]:
    """Return (code, name) in every language we read names in, English last, so that it wins."""
    return [pair for tag in reversed(_NAMED_IN) for pair in getattr(Locale.parse(tag), what).items()]


def _folded(text: str) -> str:
    """Fold case, accents and punctuation: "Côte d’Ivoire" is "cote divoire", "The Netherlands" is "netherlands"."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(" " if char in "-_/&,()" else char for char in plain if char.isalnum() or char in " -_/&,()")
    return " ".join(kept.split()).removeprefix("the ")
