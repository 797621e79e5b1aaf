"""How does MJML become a mail? By mrml, with the mistakes it would pass over reported where they are."""

from __future__ import annotations

import re

import mrml

from app.campaigns import placeholders
from app.campaigns.brands import Brand

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
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)(mj[a-z-]*)((?:\"[^\"]*\"|'[^']*'|[^'\"<>])*+)(>?)", re.DOTALL)
_POSITION = re.compile(r"position (\d+):")
_OPTIONS = mrml.RenderOptions(fonts={})


class MjmlInvalid(Exception):
    """The source is no MJML; says where and why."""

    def __init__(self, line: int, column: int, msgid: str, **values: str) -> None:
        super().__init__(msgid % values if values else msgid)
        self.line, self.column, self.msgid, self.values = line, column, msgid, values


def to_html(source: str, brand: Brand) -> str:
    """Return the mail's HTML with language and direction; raise MjmlInvalid."""
    _check(source)
    protected = placeholders.protect(source)
    try:
        converted = mrml.to_html(protected.text, render_options=_OPTIONS).content
    except OSError as error:
        raise _located(protected, str(error)) from error
    for number in protected.missing_from(converted):
        if not protected.tags[number].startswith("{#"):
            raise MjmlInvalid(
                protected.line_of(number), 1, "“%(tag)s” stands where MJML shows no text. Use mj-raw or mj-text.",
                tag=protected.tags[number][:60],
            )  # fmt: skip
    converted = converted.replace('lang="und" dir="auto"', f'lang="{brand.language}" dir="{brand.direction}"')
    return protected.restore(converted)


def _check(source: str) -> None:
    """Refuse what mrml silently drops or closes: unknown elements, tags that do not match, files from elsewhere."""
    open_tags: list[tuple[str, int]] = []
    for found in _TAG.finditer(source):
        name = found[2]
        if name is None:
            continue
        if name == "mj-include":
            raise _at(source, found.start(), "Files cannot be included.")
        if not found[4]:
            raise _at(source, found.start(), "“<%(name)s>” is never closed.", name=name)
        if name not in _ELEMENTS:
            raise _at(source, found.start(), "MJML has no element “%(name)s”.", name=name)
        if found[3].endswith("/"):
            continue
        if not found[1]:
            open_tags.append((name, found.start()))
        elif not open_tags or open_tags[-1][0] != name:
            raise _at(source, found.start(), "“</%(name)s>” closes what is not open here.", name=name)
        else:
            open_tags.pop()
    if open_tags:
        raise _at(source, open_tags[-1][1], "“<%(name)s>” is never closed.", name=open_tags[-1][0])
    if not re.search(r"<mj-body[\s>]", source):
        raise MjmlInvalid(1, 1, "A mail in MJML begins with <mjml><mj-body>.")


def _at(source: str, position: int, msgid: str, **values: str) -> MjmlInvalid:
    before = source[:position]
    return MjmlInvalid(before.count("\n") + 1, position - before.rfind("\n"), msgid, **values)


def _located(protected: placeholders.Protected, reason: str) -> MjmlInvalid:
    """Turn mrml's octet position into a line of the author's source."""
    found = _POSITION.search(reason)
    before = protected.restore(protected.text.encode()[: int(found[1])].decode("utf-8", "ignore")) if found else ""
    plain = reason.partition(" in root template")[0]
    return MjmlInvalid(
        before.count("\n") + 1, len(before) - before.rfind("\n"), "This is no MJML: %(reason)s.", reason=plain
    )
