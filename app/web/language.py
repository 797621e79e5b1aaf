"""Language and time zone of a page; numbers, dates and money by locale."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

from babel import Locale, dates, numbers
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_locale, get_timezone, get_translations, gettext, refresh
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from app.kernel.services import services

LANGUAGES = {"en": "English", "zh": "中文"}
COOKIE = "language"
UNKNOWN = "–"


def init_app(app: Flask) -> None:
    """Choose the locale and time zone per request, and give every template the number and date filters."""
    folder = Path(__file__).parent / "translations"
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(folder))
    Babel(app, default_locale="en", locale_selector=_choose_locale, timezone_selector=_choose_time_zone)
    app.jinja_env.globals["ngettext"] = counted
    app.jinja_env.filters.update(
        number=number,
        money=money,
        percent=percent,
        percent_number=percent_number,
        country=country,
        date=day,
        datetime=moment,
        relative=relative,
        ago=ago,
        weekday=weekday,
    )


def use(language: str | None, *, time_zone: str | None = None) -> None:
    """Show the rest of this request in a customer's or workspace's language; unknown ones leave the choice as it is."""
    if language and language[:2] in LANGUAGES:
        g.language = language[:2]
    if time_zone:
        g.time_zone = time_zone
    refresh()


def current() -> str:
    """Return the language of this page: "en" or "zh"."""
    return cast(Locale, get_locale()).language


def number(value: float | Decimal | None, decimals: int | None = None) -> str:
    """1234567.5 -> 1,234,567.5; None is unknown, never 0."""
    if value is None:
        return UNKNOWN
    places = "#,##0" + ("." + "0" * decimals if decimals else "") if decimals is not None else None
    return str(numbers.format_decimal(value, format=places, locale=get_locale()))


def money(value: float | Decimal | None, currency: str = "EUR") -> str:
    """The amount with its currency, as the reader writes it."""
    return UNKNOWN if value is None else str(numbers.format_currency(value, currency, locale=get_locale()))


def percent(share: float | Decimal | None, decimals: int = 1) -> str:
    """0.041 -> 4.1 %."""
    return UNKNOWN if share is None else f"{percent_number(share, decimals)}\N{NARROW NO-BREAK SPACE}%"


def percent_number(share: float | Decimal | None, decimals: int = 1) -> str:
    """0.041 -> 4.1, for the lower end of an interval."""
    return number(None if share is None else float(share) * 100, decimals)


@pass_eval_context
def counted(context: EvalContext, singular: str, plural: str, count: float, /, **variables: object) -> str:
    """The templates' ngettext: as the library's, but %(num)s is written as the reader writes numbers."""
    said = get_translations().ungettext(singular, plural, count)
    safe = Markup(said) if context.autoescape else said  # noqa: S704 - a message of ours; values are escaped
    return safe % {"num": number(count), **variables}


def day(value: date | datetime | None, length: str = "medium") -> str:
    """The date in the reader's time zone."""
    if isinstance(value, datetime):
        value = value.astimezone(get_timezone()).date()
    return UNKNOWN if value is None else str(dates.format_date(value, length, locale=get_locale()))


def day_parts(value: date, parts: str) -> str:
    """Only these parts of the date (CLDR skeleton), in the reader's order: MMMd -> May 25, 5月25日."""
    return str(dates.format_skeleton(parts, value, locale=get_locale()))


def country(code: str | None) -> str:
    """DE -> Germany; what is no code stays as it is, and nothing is nothing."""
    return str(cast(Locale, get_locale()).territories.get(code.upper(), code)) if code else ""


def language_name(code: str) -> str:
    """ja -> Japanese, zh-Hans -> Chinese; what is no code stays as it is."""
    return str(
        cast(Locale, get_locale()).languages.get(code.split("-", maxsplit=1)[0].split("_", maxsplit=1)[0].lower(), code)
    )


def moment(value: datetime | None) -> str:
    """Date and time to the minute, in the reader's time zone."""
    if value is None:
        return UNKNOWN
    here = value.astimezone(get_timezone())
    joined = str(cast(Locale, get_locale()).datetime_formats["medium"])
    return joined.format(dates.format_time(here, "short", locale=get_locale()), day(here))


def relative(value: datetime | None) -> str:
    """3 hours ago, in 2 days; older or later than a month, the date itself."""
    if value is None:
        return str(gettext("not yet"))
    delta = value - services().clock.now()
    return day(value) if abs(delta) > timedelta(days=30) else ago(value)


def ago(value: datetime) -> str:
    """3 hours ago, 4 months ago, however long it is."""
    delta = value - services().clock.now()
    if abs(delta) < timedelta(seconds=45):
        return str(gettext("just now"))
    locale = get_locale()
    return str(dates.format_timedelta(delta, granularity="minute", add_direction=True, locale=locale, threshold=1.2))


def weekday(value: date | datetime | int) -> str:
    """The day's name; 0 is Monday."""
    at = value if isinstance(value, int) else value.weekday()
    return str(dates.get_day_names("wide", locale=get_locale())[at])


def _choose_locale() -> str:
    if not has_request_context():
        return "en"
    wanted = g.get("language") or request.cookies.get(COOKIE)
    if wanted in LANGUAGES:
        return cast(str, wanted)
    staff = g.get("staff")
    if staff is not None and staff.language[:2] in LANGUAGES:
        return cast(str, staff.language[:2])
    return request.accept_languages.best_match(list(LANGUAGES), "en") or "en"


def _choose_time_zone() -> str:
    if not has_request_context():
        return "UTC"
    workspace = g.get("workspace")
    return g.get("time_zone") or (workspace.time_zone if workspace else "UTC")
