"""Converts MJML into HTML with mrml, and reports mistakes that it would pass over at their lines."""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path

from app.kernel.processes.sandbox import ChildBusy, ChildDied, Limits, Sandbox
from app.kernel.translatable import N_, MessageId
from app.rendering.brands import Brand
from app.rendering.sources import mjml_child, placeholders

_ELEMENTS = frozenset(
    {
        "mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font",
        "mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-preview", "mj-style", "mj-title",
        "mj-accordion", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text", "mj-button",
        "mj-carousel", "mj-carousel-image", "mj-column", "mj-divider", "mj-group", "mj-hero", "mj-image",
        "mj-navbar", "mj-navbar-link", "mj-raw", "mj-section", "mj-social", "mj-social-element", "mj-spacer",
        "mj-table", "mj-text", "mj-wrapper",
    }
)  # fmt: skip
# It matches also what is never closed, so that no stretch of a source is read more than once.
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(/?)([A-Za-z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^'\"<>])*+)(>?)",
    re.DOTALL,
)
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_POSITION = re.compile(r"position (\d+):")
# Real mails stay far below. The renderer recurses with both, and takes a child of ours along when they are without end.
DEEPEST, MOST_ELEMENTS = 100, 10_000
renderers = Sandbox(Path(mjml_child.__file__), limits=Limits(cpu_seconds=3, seconds=20, answer_bytes=4 << 20))
# What a renderer died of is not given to the next one each time somebody looks at the page.
_deadly: dict[bytes, None] = {}
_MOST_DEADLY = 1_000


class MjmlInvalid(Exception):
    """The source is no MJML; says where and why."""

    def __init__(self, line: int, column: int, msgid: MessageId, **values: str) -> None:
        super().__init__(msgid % values if values else msgid)
        self.line, self.column, self.msgid, self.values = line, column, msgid, values


def to_html(source: str, brand: Brand) -> str:
    """Return the mail's HTML with language and direction; raise MjmlInvalid."""
    _check(source)
    protected = placeholders.protect(source)
    converted = _rendered(protected)
    for number in protected.missing_from(converted):
        if not protected.tags[number].startswith("{#"):
            raise MjmlInvalid(
                protected.line_of(number), 1, N_("“%(tag)s” stands where MJML shows no text. Use mj-raw or mj-text."),
                tag=protected.tags[number][:60],
            )  # fmt: skip
    converted = converted.replace('lang="und" dir="auto"', f'lang="{brand.language}" dir="{brand.direction}"')
    return protected.restore(converted)


def _rendered(protected: placeholders.Protected) -> str:
    """Return what the renderer makes of the source; raise MjmlInvalid with its reason, or because it gave up."""
    source = protected.text.encode("utf-8", "replace")
    key = blake2b(source, digest_size=16).digest()
    if key in _deadly:
        raise _given_up()
    try:
        answer = renderers.run(source)
    except ChildBusy as busy:
        raise MjmlInvalid(1, 1, N_("The MJML renderer is busy with other mails. Try again in a moment.")) from busy
    except ChildDied as died:
        while len(_deadly) >= _MOST_DEADLY:
            _deadly.pop(next(iter(_deadly)), None)
        _deadly[key] = None
        raise _given_up() from died
    said = answer[1:].decode()
    if answer.startswith(mjml_child.DONE):
        return said
    raise _located(protected, said) if answer.startswith(mjml_child.REFUSED) else _given_up()


def _given_up() -> MjmlInvalid:
    return MjmlInvalid(
        1, 1, N_("This MJML is too large or too complicated: the renderer stopped working on it and was restarted.")
    )


def _check(source: str) -> None:
    """Refuse what mrml silently drops or closes: unknown elements, tags that do not match, files from elsewhere."""
    open_tags: list[tuple[str, int]] = []
    depth = elements = 0
    for found in _TAG.finditer(source):
        name = found[2]
        if name is None:
            continue
        elements += not found[1]
        if elements > MOST_ELEMENTS:
            raise _at(source, found.start(), N_("This holds more than %(most)s elements."), most=f"{MOST_ELEMENTS:,}")
        if not found[3].endswith("/") and name.lower() not in _VOID:
            depth = max(0, depth + (-1 if found[1] else 1))
        if depth > DEEPEST:
            raise _at(
                source, found.start(), N_("Elements are nested more than %(deepest)s deep."), deepest=str(DEEPEST)
            )
        if not name.startswith("mj"):
            continue
        if name == "mj-include":
            raise _at(source, found.start(), N_("Files cannot be included."))
        if not found[4]:
            raise _at(source, found.start(), N_("“<%(name)s>” is never closed."), name=name)
        if name not in _ELEMENTS:
            raise _at(source, found.start(), N_("MJML has no element “%(name)s”."), name=name)
        if found[3].endswith("/"):
            continue
        if not found[1]:
            open_tags.append((name, found.start()))
        elif not open_tags or open_tags[-1][0] != name:
            raise _at(source, found.start(), N_("“</%(name)s>” closes what is not open here."), name=name)
        else:
            open_tags.pop()
    if open_tags:
        raise _at(source, open_tags[-1][1], N_("“<%(name)s>” is never closed."), name=open_tags[-1][0])
    if not re.search(r"<mj-body[\s>]", source):
        raise MjmlInvalid(1, 1, N_("A mail in MJML begins with <mjml><mj-body>."))


def _at(source: str, position: int, msgid: MessageId, **values: str) -> MjmlInvalid:
    before = source[:position]
    return MjmlInvalid(before.count("\n") + 1, position - before.rfind("\n"), msgid, **values)


def _located(protected: placeholders.Protected, reason: str) -> MjmlInvalid:
    """Turn mrml's octet position into a line of the author's source."""
    found = _POSITION.search(reason)
    before = protected.restore(protected.text.encode()[: int(found[1])].decode("utf-8", "ignore")) if found else ""
    plain = reason.partition(" in root template")[0]
    return MjmlInvalid(
        before.count("\n") + 1, len(before) - before.rfind("\n"), N_("This is no MJML: %(reason)s."), reason=plain
    )
