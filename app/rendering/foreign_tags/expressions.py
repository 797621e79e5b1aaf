"""One expression of another tool's merge language, such as ``contact.firstname|default:'x'``, written in ours."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from app.rendering.foreign_tags import foreign_names

_FILTERS = {
    "upcase": "upper", "upper": "upper", "uppercase": "upper", "downcase": "lower", "lower": "lower",
    "lowercase": "lower", "capitalize": "capitalize", "title": "title", "titlecase": "title", "strip": "trim",
    "trim": "trim", "escape": "", "safe": "", "html_safe": "", "raw": "", "h": "",
}  # fmt: skip
_TEXT = r"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^|\"']*))"
_FALLBACKS = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"^(?P<name>.+?)\s*\|\s*default\s*[:=(]\s*{_TEXT}\s*\)?\s*(?P<rest>\|.*)?$",
        rf"^(?P<name>.+?)\s*,\s*fallback\s*=\s*{_TEXT}$",
        rf"^(?P<name>.+?)\s+OR\s+{_TEXT}$",
        rf"^(?P<name>.+?)\s*:\s*default\s*=\s*{_TEXT}$",
        r"^(?:data|var):(?P<name>[\w .-]+):\s*\"(?P<double>[^\"]*)\"$",
        rf"^personalization_token\(\s*['\"](?P<name>[^'\"]+)['\"]\s*(?:,\s*{_TEXT}\s*)?\)$",
        rf"^defaultIfEmpty\s+(?P<name>\S+)\s+{_TEXT}$",
        r"^insert\s+(?P<name>\S+)\s+\"default=(?P<double>[^\"]*)\"$",
        r"^(?P<name>[\w.]+)\|(?P<bare>[^|:'\"(]+)$",
    )
]
_LOOKUP = re.compile(
    r"^(?:person|contact|event)\s*\|\s*lookup\s*:\s*['\"](?P<name>[^'\"]+)['\"](?P<rest>.*)$", re.DOTALL
)
_NAME = re.compile(r"[.$@]?[A-Za-z_][\w .:$-]*")
_PIECE = re.compile(
    r"\s*(?:(?P<text>\"[^\"]*\"|'[^']*')|(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<sign>==|!=|<>|<=|>=|<|>|=|&&|\|\||!)"
    r"|(?P<name>[@$.]?\{?[A-Za-z_][\w.]*\}?))"
)
_SIGNS = {"=": "==", "<>": "!=", "&&": "and", "||": "or", "!": "not"}
_NOTHING = frozenset({"blank", "nil", "null", "empty", "none", "undefined"})
_WORDS = frozenset({"and", "or", "not"})


@dataclass(frozen=True)
class Names:
    """What there is to translate into: the workspace's own fields, and the year it is."""

    own_fields: Collection[str] = ()
    year: int | None = None


def value(inner: str, names: Names) -> str | None:
    """Return what prints the same in our language (perhaps nothing, or plain text); None where nothing does."""
    inner = inner.strip()
    fallback, filters = "", ""
    if found := _LOOKUP.match(inner):
        inner = found["name"] + found["rest"]
    for pattern in _FALLBACKS:
        found = pattern.match(inner)
        if found and (found.groupdict().get("bare") or "").strip().casefold() not in _FILTERS:
            parts = found.groupdict()
            inner, filters = parts["name"], parts.get("rest") or ""
            fallback = next((parts[each] for each in ("double", "single", "bare") if parts.get(each)), "").strip()
            break
    inner, _bar, before = inner.partition("|")
    said = _filters(f"|{before}{filters}" if before else filters)
    inner = inner.strip().removeprefix("${").removesuffix("}").replace("${", "")
    if said is None or not _NAME.fullmatch(inner.strip()):
        return None
    return _printed(inner.strip(), names, _quoted(fallback) if fallback else "", said)


def condition(inner: str, names: Names) -> str | None:
    """Return a condition in our language; None where a part of it has no counterpart."""
    out, at = [], 0
    inner = inner.strip()
    while at < len(inner):
        piece = _PIECE.match(inner, at)
        if piece is None:
            return None
        at = piece.end()
        if piece["text"]:
            out.append(_quoted(piece["text"][1:-1]))
        elif piece["number"]:
            out.append(piece["number"])
        elif piece["sign"]:
            out.append(_SIGNS.get(piece["sign"], piece["sign"]))
        elif piece["name"].casefold() in _WORDS:
            out.append(piece["name"].casefold())
        elif piece["name"].casefold() in _NOTHING:
            out.append('""')
        else:
            name = piece["name"].strip("@${}")
            ours = foreign_names.find(name, names.own_fields)
            if ours is None and foreign_names.is_one_of(name, foreign_names.WHOLE_NAME):
                ours = "customer.first_name"
            if ours is None:
                return None
            out.append(ours)
        while at < len(inner) and inner[at].isspace():
            at += 1
    return " ".join(out) or None


def _printed(name: str, names: Names, fallback: str, filters: str) -> str | None:
    if foreign_names.is_one_of(name, foreign_names.NOT_NEEDED):
        return ""
    if foreign_names.is_one_of(name, foreign_names.YEAR):
        return str(names.year) if names.year else None
    default = f"|default({fallback})" if fallback else ""
    ours = foreign_names.find(name, names.own_fields)
    if ours is not None:
        return f"{{{{ {ours}{default}{filters} }}}}"
    if foreign_names.is_one_of(name, foreign_names.WHOLE_NAME):
        if fallback:
            return f"{{{{ customer.first_name{default}{filters} }}}}"
        return f"{{{{ customer.first_name{filters} }}}} {{{{ customer.last_name{filters} }}}}"
    return None


def _filters(written: str) -> str | None:
    found = ""
    for each in written.split("|"):
        name = each.strip().casefold().removesuffix("()")
        if not name:
            continue
        if name not in _FILTERS:
            return None
        found += f"|{_FILTERS[name]}" if _FILTERS[name] else ""
    return found


def _quoted(text: str) -> str:
    plain = " ".join(text.split())[:200].replace("\\", "")
    return f'"{plain}"' if '"' not in plain else "'" + plain.replace("'", "’") + "'"
