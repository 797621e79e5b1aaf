"""Countries, languages, time zones and currencies to choose from, named in the reader's language (CLDR)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location
from flask_babel import get_locale

from app.web.forms import LONGEST_LINE, SelectField

Choice = tuple[str, str]
# Besides languages of two letters: those whose script or country readers tell apart, as CLDR lists them.
_MORE_LANGUAGES = frozenset(("fil", "yue", "ckb", "gsw", "zh_Hans", "zh_Hant", "pt_BR", "pt_PT", "en_GB", "en_US"))


def of(kind: str) -> list[Choice]:
    """Return (code, name) of everything of a kind (country, language, time_zone, currency), by name."""
    return list(_KINDS[kind](str(get_locale() or "en")))


def name_of(kind: str, code: str) -> str:
    """Return the name of a code as the reader says it; what is no code stays as it is."""
    return _names(kind, str(get_locale() or "en")).get(code, code)


class PickerField(SelectField):
    """One of many, found by typing: a select that the browser's script turns into a search.

    What is on record stays a choice, listed or not, and the action behind the form judges what is sent.
    """

    def __init__(self, label: Any = None, validators: Any = None, *, kind: str, is_needed: bool = False, **more: Any):
        super().__init__(label, validators, choices=[], validate_choice=False, **more)
        # Shown as any other select.
        self.type = "SelectField"
        self.kind, self.is_needed = kind, is_needed

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = str(valuelist[0]).strip()[:LONGEST_LINE]

    def iter_choices(self) -> Iterable[Any]:
        self.choices = [*([] if self.is_needed else [("", "–")]), *with_given(of(self.kind), [self.data or ""])]
        shown: Iterable[Any] = super().iter_choices()
        return shown

    def has_groups(self) -> bool:
        return False

    def __call__(self, **attributes: Any) -> Any:
        return super().__call__(**{"data-picker": True, **attributes})


def with_given(choices: Iterable[tuple[str, Any]], given: Iterable[str]) -> list[tuple[str, Any]]:
    """Return the choices with what is chosen already, though it is none of them."""
    offered = list(choices)
    known = {code for code, _name in offered}
    return [*((code, code) for code in given if code and code not in known), *offered]


@lru_cache(maxsize=16)
def _names(kind: str, locale: str) -> dict[str, str]:
    return dict(_KINDS[kind](locale))


@lru_cache(maxsize=4)
def _countries(locale: str) -> tuple[Choice, ...]:
    names = {str(code): str(name) for code, name in Locale.parse(locale).territories.items()}
    codes = (code for code in names if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES)
    return _by_name((code, names[code]) for code in codes)


@lru_cache(maxsize=4)
def _languages(locale: str) -> tuple[Choice, ...]:
    names = {str(code): str(name) for code, name in Locale.parse(locale).languages.items()}
    codes = (code for code in names if len(code) == 2 or code in _MORE_LANGUAGES)
    return _by_name((code.replace("_", "-"), names[code]) for code in codes)


@lru_cache(maxsize=4)
def _currencies(locale: str) -> tuple[Choice, ...]:
    names, used = Locale.parse(locale).currencies, set()
    for held in get_global("territory_currencies").values():
        used |= {code for code, _start, end, is_tender in held if end is None and is_tender}
    return _by_name((code, f"{names.get(code, code)} ({code})") for code in used)


@lru_cache(maxsize=4)
def _time_zones(locale: str) -> tuple[Choice, ...]:
    zones = [zone for zone in get_global("zone_territories") if "/" in zone and not zone.startswith("Etc/")]
    named = ((zone, f"{get_timezone_location(zone, locale=locale)} · {zone}") for zone in zones)
    return (("UTC", "UTC"), *_by_name(named))


def _by_name(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    return tuple(sorted(choices, key=lambda choice: choice[1].casefold()))


_NO_COUNTRIES = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))
_KINDS: dict[str, Callable[[str], tuple[Choice, ...]]] = {
    "country": _countries,
    "language": _languages,
    "time_zone": _time_zones,
    "currency": _currencies,
}
