"""The merge tags of other tools in a source: found where they stand, and translated into ours where possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app.rendering.foreign_tags import expressions, foreign_names
from app.rendering.foreign_tags.expressions import Names
from app.rendering.language.syntax import CUSTOMER_FIELDS, ROOTS

# Where tags of several signs could begin at one place, the earlier line wins.
_TAGS = re.compile(
    r"""
    (?P<liquid_comment>\{%-?\s{0,9}comment\s{0,9}-?%\}(?:[^{]|\{(?!%-?\s{0,9}(?:end)?comment)){0,5000}+\{%-?\s{0,9}endcomment\s{0,9}-?%\})
    |(?P<handlebars_comment>\{\{!--(?:[^-]|-(?!-\}\})){0,2000}--\}\}|\{\{![^{}]{0,2000}\}\})
    |(?P<double>\{\{\{?(?:"[^"]*"|'[^']*'|\$\{[\w.]*\}|[^{}"'$]|\$(?!\{)){0,600}+\}\}\}?)
    |(?P<percent>\{%(?:"[^"]*"|'[^']*'|[^{}%"']|%(?!\})){0,600}+%\})
    |(?P<mailchimp>\*(?:\||%7C)(?P<chimp>[A-Za-z0-9_:][^|*\n]{0,200}?)(?:\||%7C)\*)
    |(?P<ampscript>%%(?:\[(?:[^%]|%(?!%)){0,4000}\]|=(?:[^%]|%(?!%)){0,600}=)%%)
    |(?P<salesforce>%%(?P<cloud>[A-Za-z_][\w .-]{0,60})%%)
    |(?P<active>%(?P<campaign>[A-Za-z][\w.-]{2,40})%)
    |(?P<brackets>\[\[(?P<bracketed>[^\[\]\n]{1,200})\]\])
    |(?P<zoho>\$\[(?P<zoned>[A-Za-z][^\[\]\n]{1,120})\]\$)
    |(?P<bracket>(?<![\]!\w])\[(?P<monitor>%?[A-Za-z][\w :|,='"%.-]{1,100})\](?![(\[:]))
    |(?P<element></?(?P<tag>unsubscribe|preferences|webversion|forwardtoafriend|currentyear)\b[^<>]{0,300}>)
    |(?P<erb><%=?-?(?P<ruby>[^%<]{0,300}?)-?%>)
    |(?P<brace>\{[!$]?(?P<braced>[A-Za-z][\w.=]{1,60}(?:\|[^{}\n]{0,100})?)\})
    |(?P<keap>~(?P<tilde>[A-Za-z]+\.[A-Za-z]+)~)
    |(?P<dotdigital>@(?P<at>[A-Z_]{3,40})@|https?://\$(?P<unsub>UNSUB)\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_STYLES = re.compile(r"<(style|script|mj-style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_NOWHERE = (1 << 62, 1 << 62)
_LOOP = re.compile(r"\{%[-+]?\s*for\s+(\w+)\s+in\b")
_FIRST = re.compile(r"\s*[-+~]?\s*([A-Za-z_]\w*)(?:\s*\.\s*(\w+))?")
_OWN_BLOCKS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "raw", "endraw", "set", "extends", "include",
                         "block", "macro", "import", "endblock", "endmacro"})  # fmt: skip
_TOOLS = {
    "mailchimp": "Mailchimp", "ampscript": "Salesforce", "salesforce": "Salesforce", "active": "ActiveCampaign",
    "zoho": "Zoho", "keap": "Keap", "dotdigital": "Dotdigital", "handlebars_comment": "Handlebars",
    "liquid_comment": "Liquid", "bracket": "Campaign Monitor", "element": "Campaign Monitor",
}  # fmt: skip
_LINKS = {"unsubscribe": ("unsubscribe_url", "Unsubscribe"), "manage_preferences": ("preferences_url", "Preferences")}


@dataclass(frozen=True)
class ForeignTag:
    """A tag, where it stands, whose it is (empty: we cannot tell), and how it is written here (None: it is not)."""

    start: int
    end: int
    text: str
    tool: str
    ours: str | None
    # The condition it belongs to, if it is a part of one: all parts are translated or none.
    part: str = ""


@dataclass(frozen=True)
class _Where:
    """What readers need to know of the whole source."""

    names: Names
    loops: frozenset[str]
    kind: str


def find(source: str, names: Names, *, kind: str = "html") -> list[ForeignTag]:
    """Return the foreign tags of a source, in order. `kind` is what the source is written in."""
    styles = ((found.start(), found.end()) for found in _STYLES.finditer(source))
    quiet = next(styles, _NOWHERE)
    where = _Where(names, frozenset(_LOOP.findall(source)), kind)
    found: list[ForeignTag] = []
    for match in _TAGS.finditer(source):
        group = _group(match)
        while quiet[1] <= match.start():
            quiet = next(styles, _NOWHERE)
        if group != "mailchimp" and quiet[0] <= match.start():
            continue
        tag = _READERS[group](match, where)
        if tag is not None:
            found.append(tag)
    return _whole_conditions(found)


def translate(source: str, names: Names, *, kind: str = "html") -> str:
    """Return the source with every tag in our language that has a counterpart in it."""
    out, end = [], 0
    for tag in find(source, names, kind=kind):
        if tag.ours is not None:
            out += [source[end : tag.start], tag.ours]
            end = tag.end
    return "".join([*out, source[end:]])


def _group(match: re.Match[str]) -> str:
    return next(name for name in _READERS if match[name] is not None)


def _tag(match: re.Match[str], tool: str, ours: str | None, part: str = "") -> ForeignTag:
    return ForeignTag(match.start(), match.end(), match[0], tool, ours, part)


def _double(match: re.Match[str], where: _Where) -> ForeignTag | None:
    inner = match[0].strip("{}").strip().removeprefix("~").removesuffix("~").strip()
    sign, rest = inner[:1], inner[1:].strip()
    word = inner.split(None, 1)[0] if inner else ""
    if match[0].startswith("{{{") or sign in "#^/>&" or word in ("else", "else:"):
        return _handlebars(match, inner, sign, rest, where.names)
    if (first := _FIRST.match(inner)) and _is_ours(first[1], first[2] or "", where):
        return None if not re.search(r"\|\s*\w+\s*:", inner) else _tag(match, "Liquid", _of_ours(inner, where.names))
    if re.match(r"['\"]", inner):
        is_year = re.fullmatch(r"['\"]now['\"]\s*\|\s*date\s*:\s*['\"]%Y['\"]", inner)
        return _tag(match, "Liquid", str(where.names.year)) if is_year and where.names.year else None
    ours = expressions.value(inner, where.names)
    is_theirs = re.search(r"\|\s*\w+\s*:|\$\{|^\.|^(?:var|data|lead|system|my|contact|person|subscriber|event)[.:|]|"
                          r"^personalization_token|^[\w.]+\s[\w ]+$|^[A-Z_]+\s\"", inner)  # fmt: skip
    name = re.split(r"[|,(]", inner, maxsplit=1)[0].strip()
    if ours is None and not is_theirs and not foreign_names.is_known(name):
        return None
    return _tag(match, _tool_of(inner), ours)


def _handlebars(match: re.Match[str], inner: str, sign: str, rest: str, names: Names) -> ForeignTag:
    word, _space, of = rest.partition(" ")
    if sign == "/":
        return _tag(match, "Handlebars", "{% endif %}", "close")
    if inner.startswith("else"):
        of = inner.removeprefix("else").strip().removeprefix("if").strip()
        said = expressions.condition(of, names) if of else None
        return _tag(match, "Handlebars", _block("elif", said) if of else "{% else %}", "else")
    if sign == "#" and word in ("if", "unless"):
        said = expressions.condition(of, names)
        negated = f"not ({said})" if said and " " in said else f"not {said}"
        return _tag(match, "Handlebars", _block("if", said if word == "if" or not said else negated), "open")
    if sign in "#^":
        said = None if of or word == "each" else expressions.condition(word, names)
        return _tag(match, "Handlebars", _block("if", said and (f"not {said}" if sign == "^" else said)), "open")
    return _tag(match, "Handlebars", None if sign == ">" else expressions.value(inner.lstrip("&"), names))


def _percent(match: re.Match[str], where: _Where) -> ForeignTag | None:
    inner = match[0][2:-2].strip("-+ \t\n")
    word, _space, rest = inner.partition(" ")
    if word in _LINKS or word in ("unsubscribe_link", "manage_preferences_link", "unsubscribe_url"):
        ours, shown = _LINKS.get(word, (f"{'preferences' if 'pref' in word else 'unsubscribe'}_url", ""))
        words = re.match(r"['\"](.+?)['\"]", rest)
        link = _link(ours, words[1] if words else shown, match, where.kind) if shown else f"{{{{ {ours} }}}}"
        return _tag(match, "Klaviyo", link)
    if word in ("if", "elif", "elsif", "unless"):
        heads = re.findall(r"(?<![\w.\"'])([A-Za-z_]\w*)", re.sub(r"\"[^\"]*\"|'[^']*'", "", rest))
        is_ours = word in ("if", "elif") and not re.search(r"\b(?:blank|nil|contains)\b|&&|\|\|", rest)
        if is_ours and any(_is_ours(head, "", where) for head in heads):
            return _tag(match, "", match[0], "open own" if word == "if" else "else own")
        said = expressions.condition(rest, where.names)
        said = f"not ({said})" if said and word == "unless" else said
        if said is None and is_ours:
            return _tag(match, "", match[0], "open own" if word == "if" else "else own")
        return _tag(match, "Liquid", _block("elif" if word in ("elif", "elsif") else "if", said),
                    "else" if word in ("elif", "elsif") else "open")  # fmt: skip
    if word == "else":
        return _tag(match, "", "{% else %}", "else own")
    if word in ("endif", "endunless"):
        return _tag(match, "Liquid", "{% endif %}", "close own" if word == "endif" else "close")
    if word == "current_year" or (word in ("today", "now") and re.fullmatch(r"['\"]%?Y['\"]", rest.strip())):
        return _tag(match, "Klaviyo", str(where.names.year) if where.names.year else None)
    if word in _OWN_BLOCKS:
        return None
    return _tag(match, "Klaviyo" if word in ("web_view", "web_view_link", "coupon_code") else "Liquid",
                expressions.value(inner, where.names) if foreign_names.is_known(inner) else None)  # fmt: skip


def _mailchimp(match: re.Match[str], where: _Where) -> ForeignTag:
    inner = match["chimp"].strip()
    word, _colon, rest = inner.partition(":")
    word = word.upper()
    if word in ("IF", "ELSEIF", "IFNOT"):
        found = re.fullmatch(r"\s*([\w:.-]+)\s*(?:(!=|>=|<=|=|>|<)\s*(.+?)\s*)?", rest)
        said = expressions.condition(found[1], where.names) if found else None
        if found and said and found[2]:
            value = found[3] if re.fullmatch(r"\d+(?:\.\d+)?", found[3]) else '"' + found[3].strip("'\"") + '"'
            said = f"{said} {found[2] if found[2] != '=' else '=='} {value}"
        said = f"not ({said})" if said and word == "IFNOT" else said
        is_else = word == "ELSEIF"
        return _tag(match, "Mailchimp", _block("elif" if is_else else "if", said), "else" if is_else else "open")
    if word == "ELSE":
        return _tag(match, "Mailchimp", "{% else %}", "else")
    if word == "END":
        is_condition = rest.strip().upper() in ("IF", "IFNOT", "")
        return _tag(match, "Mailchimp", "{% endif %}" if is_condition else None, "close" if is_condition else "")
    if word in ("TITLE", "UPPER", "LOWER") and rest:
        return _tag(match, "Mailchimp", expressions.value(f"{rest}|{word.lower()}", where.names))
    if word == "DATE":
        return _tag(match, "Mailchimp", str(where.names.year) if rest.strip() == "Y" and where.names.year else None)
    if foreign_names.plain(inner) == "address":
        # There it is the reader's own.
        return _tag(match, "Mailchimp", None)
    return _tag(match, "Mailchimp", expressions.value(inner.replace("_", " "), where.names))


def _element(match: re.Match[str], where: _Where) -> ForeignTag:
    tag, is_end = match["tag"].lower(), match[0].startswith("</")
    if tag in ("unsubscribe", "preferences"):
        ours = "</a>" if is_end else f'<a href="{{{{ {tag}_url }}}}"' + match[0][1 + len(tag) :]
        return _tag(match, "Campaign Monitor", ours)
    year = str(where.names.year) if tag == "currentyear" and where.names.year else None
    return _tag(match, "Campaign Monitor", "" if is_end and year else year)


def _known(group: str, *, always: bool = False) -> Callable[..., ForeignTag | None]:
    """Return the reader of a tag that counts only if its name is one that other tools use."""

    def read(match: re.Match[str], where: _Where) -> ForeignTag | None:
        inner = next(match[each] for each in _INNER[group] if match[each] is not None).strip("% ")
        name = re.split(r"[|,]| OR ", inner, maxsplit=1)[0].strip().removeprefix("contactfield=")
        inner = inner.removeprefix("contactfield=")
        is_own = foreign_names.plain(name) in {foreign_names.plain(each) for each in where.names.own_fields}
        is_known = foreign_names.is_known(re.sub(r":\s*\".*$", "", name)) or (is_own and group != "brace")
        if not is_known and not (always and " " not in name):
            return None
        if group == "bracket" and not _is_bracket_tag(match, name):
            return None
        return _tag(match, _TOOLS.get(group, ""), expressions.value(inner, where.names))

    return read


def _unreadable(match: re.Match[str], _where: _Where) -> ForeignTag:
    return _tag(match, _TOOLS.get(_group(match), ""), None)


def _dropped(match: re.Match[str], _where: _Where) -> ForeignTag:
    return _tag(match, _TOOLS[_group(match)], "")


def _erb(match: re.Match[str], where: _Where) -> ForeignTag:
    inner = match["ruby"].strip().lstrip("@")
    return _tag(match, "", expressions.value(inner, where.names) if foreign_names.is_known(inner) else None)


def _is_bracket_tag(match: re.Match[str], name: str) -> bool:
    """Words in brackets are common; as a tag they are written in one case, and links stand where links belong."""
    ours = foreign_names.find(name) or ""
    before = match.string[max(0, match.start() - 1) : match.start()]
    is_one_case = name.lower() == name or name.upper() == name or "fallback" in match[0]
    return is_one_case and (not ours.endswith("_url") or before in ('"', "'", "="))


def _is_ours(root: str, field: str, where: _Where) -> bool:
    if root == "customer" and field:
        is_field = field in CUSTOMER_FIELDS or field in where.names.own_fields
        return is_field or foreign_names.find(field, where.names.own_fields) is None
    return root in ROOTS or root in where.loops or root == "loop"


def _of_ours(inner: str, names: Names) -> str | None:
    """Translate ``customer.first_name | default: "x"``: our field with another tool's filter."""
    return expressions.value(inner, names)


def _tool_of(inner: str) -> str:
    start = inner.casefold()
    for sign, tool in (("contact.", "HubSpot"), ("personalization_token", "HubSpot"), ("person", "Klaviyo"),
                       ("lead.", "Marketo"), ("system.", "Marketo"), ("var:", "Mailjet"), ("data:", "Mailjet"),
                       ("${", "Braze"), (".subscriber", "listmonk"), ("subscriber.", "Kit"), ("insert ", "SendGrid"),
                       ("recipient.", "Account Engagement"), ("organization.", "Klaviyo")):  # fmt: skip
        if start.startswith(sign):
            return tool
    return "Klaviyo" if re.search(r"\|\s*default:'", inner) else ""


def _block(word: str, said: str | None) -> str | None:
    return f"{{% {word} {said} %}}" if said else None


def _link(ours: str, shown: str, match: re.Match[str], kind: str) -> str:
    """Return a link, or its address where the tag stands in an attribute."""
    if match.string[max(0, match.start() - 1) : match.start()] in ('"', "'", "="):
        return f"{{{{ {ours} }}}}"
    return f"[{shown}]({{{{ {ours} }}}})" if kind == "markdown" else f'<a href="{{{{ {ours} }}}}">{shown}</a>'


def _whole_conditions(found: list[ForeignTag]) -> list[ForeignTag]:
    """Return what is foreign; a condition of which one part has no counterpart keeps all of them as they are."""
    out: list[ForeignTag] = list(found)
    chains: list[list[int]] = []
    for at, tag in enumerate(found):
        course = tag.part.partition(" ")[0]
        if course == "open":
            chains.append([at])
        elif course and chains:
            chains[-1].append(at)
        elif course:
            out[at] = replace(tag, ours=None)
        if course == "close" and chains:
            _settle(chains.pop(), out)
    for chain in chains:
        for at in chain:
            out[at] = replace(out[at], ours=None)
    return [tag for tag in out if not (tag.part.endswith("own") and (tag.ours is None or tag.ours == tag.text))]


def _settle(chain: list[int], out: list[ForeignTag]) -> None:
    is_own = all(out[at].part.endswith("own") for at in chain)
    if is_own or any(out[at].ours is None for at in chain):
        for at in chain:
            out[at] = replace(out[at], ours=None if not is_own else out[at].text)


_INNER = {
    "salesforce": ("cloud",), "active": ("campaign",), "brackets": ("bracketed",), "zoho": ("zoned",),
    "bracket": ("monitor",), "brace": ("braced",), "keap": ("tilde",), "dotdigital": ("at", "unsub"),
}  # fmt: skip
_READERS: dict[str, Callable[..., ForeignTag | None]] = {
    "liquid_comment": _dropped,
    "handlebars_comment": _dropped,
    "double": _double,
    "percent": _percent,
    "mailchimp": _mailchimp,
    "ampscript": _unreadable,
    "salesforce": _known("salesforce", always=True),
    "active": _known("active"),
    "brackets": _known("brackets"),
    "zoho": _known("zoho", always=True),
    "bracket": _known("bracket"),
    "element": _element,
    "erb": _erb,
    "brace": _known("brace"),
    "keap": _known("keap", always=True),
    "dotdigital": _known("dotdigital"),
}


def counted(tags: list[ForeignTag]) -> Iterator[tuple[ForeignTag, int]]:
    """Yield each different tag once, with how often it is there."""
    times: dict[str, int] = {}
    for tag in tags:
        times[tag.text] = times.get(tag.text, 0) + 1
    for tag in {each.text: each for each in reversed(tags)}.values():
        yield tag, times[tag.text]
