"""Filters of the merge language, and safe reading of fields that may be missing.

A missing or empty field is ``""`` everywhere: it prints nothing, is false, and compares as nothing. Each filter takes
bounded time and makes a bounded answer; none can raise on a customer's data.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

MOST_ITEMS = 50
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "¥", "JPY": "¥"}
_URL_SAFE = ":/?#[]@!$&'()*+,;=%~"
# An amount with its currency, as a field of that kind holds it.
_MONEY = re.compile(r"(?P<amount>-?\d{1,15}(?:\.\d{1,6})?) (?P<currency>[A-Z]{3})")
_WEB = re.compile(r"(?i)https?://[^\s]+")


def get(owner: Any, key: str | int) -> Any:
    """Return a field of a mapping or an item of a list; ``""`` where there is none."""
    value = None
    if isinstance(owner, dict):
        value = owner.get(key)
    elif isinstance(owner, list | tuple) and isinstance(key, int) and -len(owner) <= key < len(owner):
        value = owner[key]
    return "" if value is None else value


def few(value: Any) -> list[Any] | tuple[Any, ...]:
    """Return what a loop may go over: at most fifty items of a list, nothing of anything else."""
    return value[:MOST_ITEMS] if isinstance(value, list | tuple) else ()


def counted(value: Any) -> list[tuple[dict[str, Any], Any]]:
    """Return the items of a loop, each with its ``loop`` values."""
    items = few(value)
    size = len(items)
    return [
        ({"index": at + 1, "index0": at, "first": at == 0, "last": at == size - 1, "length": size}, item)
        for at, item in enumerate(items)
    ]


def text(value: Any) -> str:
    """Return a value as people read it: no None, whole numbers without a point, lists by commas."""
    if type(value) is str:
        return value
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(text(item) for item in value[:MOST_ITEMS])
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def compare(left: Any, operator: str, right: Any) -> bool:
    """Compare two values; what cannot be compared, such as a missing number with 3, is false."""
    try:
        return bool(_COMPARISONS[operator](left, right))
    except TypeError:
        return operator in ("ne", "notin")


def add(left: Any, right: Any) -> Any:
    """Add two numbers, or join anything else as text."""
    if _is_number(left) and _is_number(right):
        return Decimal(str(left)) + Decimal(str(right)) if type(left) is not type(right) else left + right
    return text(left) + text(right)


def concat(first: Any, *others: Any) -> str:
    """Join values as text."""
    return text(first) + "".join(text(other) for other in others)


def default(value: Any, fallback: Any = "") -> Any:
    """Use the fallback where the field is missing or empty."""
    return fallback if value is None or value == "" or value == [] else value


def join(value: Any, separator: str = ", ") -> str:
    """Join the items of a list."""
    return separator.join(text(item) for item in few(value))


def first(value: Any) -> Any:
    """Return the first item of a list or the first character of a text."""
    return value[0] if isinstance(value, list | tuple | str) and value else ""


def latest(value: Any) -> Any:
    """Return the last item of a list or the last character of a text."""
    return value[-1] if isinstance(value, list | tuple | str) and value else ""


def length(value: Any) -> int:
    """Count items or characters."""
    return len(value) if isinstance(value, list | tuple | str) else 0


def truncate(value: Any, size: int = 80) -> str:
    """Cut after so many characters, with an ellipsis."""
    whole = text(value)
    return whole if len(whole) <= size else whole[: size - 1].rstrip() + "…"


def number(value: Any, decimals: int = 0) -> str:
    """Write a number with thousands separators."""
    amount = _decimal(value)
    return text(value) if amount is None else f"{_half_up(amount, decimals):,.{decimals}f}"


def rounded(value: Any, decimals: int = 0) -> Any:
    """Round half up to so many decimals; what is no number stays as it is."""
    amount = _decimal(value)
    return value if amount is None else text(f"{_half_up(amount, decimals):.{decimals}f}")


def money(value: Any, currency: Any = "") -> str:
    """Write an amount with two decimals and its currency."""
    if isinstance(value, str) and (kept := _MONEY.fullmatch(value)):
        value, currency = kept["amount"], kept["currency"]
    amount, code = _decimal(value), text(currency)
    if amount is None:
        return text(value)
    symbol, shown = _SYMBOLS.get(code), f"{_half_up(amount, 2):,.2f}"
    return f"{symbol}{shown}" if symbol else f"{shown} {code}".rstrip()


def on_date(value: Any, style: str = "%d.%m.%Y") -> str:
    """Write a date or time, or its ISO text, in strftime's letters."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return text(value)
    return format(value, style) if isinstance(value, date) else text(value)


def escaped(value: Any) -> Markup:
    """Escape for HTML now; it is not escaped again."""
    return escape(value if hasattr(value, "__html__") else text(value))


def in_query(value: Any) -> str:
    """Quote a value for the inside of a URL."""
    return quote(text(value), safe="")


def as_url(value: Any) -> Markup:
    """Let a value be a whole URL if it is one of the web; anything else leads nowhere."""
    url = text(value).strip()
    return escape(quote(url, safe=_URL_SAFE)) if _WEB.fullmatch(url) else Markup("#")


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        amount = Decimal(value if not isinstance(value, float) else str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < Decimal("1e18") else None


def _half_up(amount: Decimal, decimals: int) -> Decimal:
    """Round as people do on paper: 2.5 to 3, -2.5 to -3; never to -0."""
    rounded_amount = amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return rounded_amount or abs(rounded_amount)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}

FILTERS: dict[str, Callable[..., Any]] = {
    "default": default,
    "d": default,
    "upper": lambda value: text(value).upper(),
    "lower": lambda value: text(value).lower(),
    "title": lambda value: text(value).title(),
    "capitalize": lambda value: text(value).capitalize(),
    "trim": lambda value: text(value).strip(),
    "length": length,
    "count": length,
    "first": first,
    "last": latest,
    "join": join,
    "date": on_date,
    "money": money,
    "number": number,
    "truncate": truncate,
    "round": rounded,
    "e": escaped,
    "escape": escaped,
}
