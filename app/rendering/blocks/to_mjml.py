"""Turns a mail made of blocks into MJML: one section for each run of blocks on the same ground.

With `is_canvas` each block carries a class ``b-<id>`` for the editor and conditions are left out, so that everything
can be seen and touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from app.rendering.blocks import rich_text, schema
from app.rendering.blocks.goods import Good, Goods
from app.rendering.blocks.look import DEFAULT, Look
from app.rendering.blocks.schema import Columns, Condition, Mail
from app.rendering.sources import placeholders

_SIDE = 32
_SIZES = {"small": (14, 22), "normal": (16, 26), "large": (19, 30)}
_HEADINGS = {1: (28, 36), 2: (22, 30), 3: (18, 26)}
_MJML_IN_COLUMN = re.compile(r"\s*<mj-", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """What the mail itself says around the author's words, in the mail's language."""

    why: str
    unsubscribe: str
    preferences: str
    sender: str


@dataclass(frozen=True)
class Frame:
    """How a mail is laid out: look, words, direction of writing, products by block."""

    words: Words
    look: Look = DEFAULT
    is_rtl: bool = False
    goods: Goods = field(default_factory=dict)
    is_canvas: bool = False

    def side(self, align: str) -> str:
        """Return left, center or right."""
        if align == "center":
            return "center"
        return "right" if (align == "end") != self.is_rtl else "left"


def to_mjml(mail: Mail, frame: Frame) -> str:
    """Return the whole mail as MJML."""
    look = frame.look
    body = "".join(_sections(mail, frame))
    direction = "rtl" if frame.is_rtl else "ltr"
    return (
        f'<mjml><mj-head><mj-raw><meta name="color-scheme" content="light dark">'
        f'<meta name="supported-color-schemes" content="light dark"></mj-raw>'
        f'<mj-attributes><mj-all font-family="{look.body_font}"></mj-all>'
        f'<mj-section padding="0" direction="{direction}"></mj-section></mj-attributes>'
        f"<mj-style>{_style(look)}</mj-style></mj-head>"
        f'<mj-body width="{mail.width}px" background-color="{look.background}" css-class="page">'
        f'<mj-section padding="12px 0"><mj-column><mj-spacer height="1px"></mj-spacer></mj-column></mj-section>{body}'
        f'<mj-section padding="12px 0"><mj-column><mj-spacer height="1px"></mj-spacer></mj-column></mj-section>'
        f"</mj-body></mjml>"
    )


def line(text: str) -> str:
    """Return one line for HTML or an attribute: its signs escaped, its merge fields left as they are."""
    protected = placeholders.protect(text)
    return protected.restore(escape(protected.text))


def _style(look: Look) -> str:
    return (
        "@media only screen and (max-width:479px){.hide-phone{display:none!important}}"
        "@media only screen and (min-width:480px){.hide-desktop{display:none!important}}"
        "@media (prefers-color-scheme:dark){"
        f"body,.page{{background:{look.dark_background}!important}}"
        f".sheet,.sheet>table{{background:{look.dark_surface}!important}}"
        f".ink div,.ink h1,.ink h2,.ink h3{{color:{look.dark_text}!important}}"
        f".soft div{{color:{look.dark_soft_text}!important}}"
        f".ink a.link,.soft a.link{{color:{look.dark_link}!important}}}}"
    )


def _sections(mail: Mail, frame: Frame) -> Iterator[str]:
    run: list[Any] = []
    for block in mail.blocks:
        beside = isinstance(block, schema.Product) and _across(block, frame) > 1
        alone = isinstance(block, Columns) or beside
        if run and (alone or _ground(block, frame) != _ground(run[0], frame)):
            yield _run(run, frame)
            run = []
        if isinstance(block, Columns):
            yield _columns(block, frame)
        elif isinstance(block, schema.Product) and beside:
            yield _products_across(block, frame)
        else:
            run.append(block)
    if run:
        yield _run(run, frame)


def _ground(block: Any, frame: Frame) -> str:
    """Return the colour behind a block; the header and footer stand on the page itself."""
    if block.background:
        return str(block.background)
    return "" if block.kind in ("header", "footer") else frame.look.surface


def _run(blocks: list[Any], frame: Frame) -> str:
    inner = "".join(_leaf(block, frame) for block in blocks)
    return _section(_ground(blocks[0], frame), f"<mj-column>{inner}</mj-column>", own=bool(blocks[0].background))


def _section(ground: str, inner: str, *, own: bool = False, classes: str = "", padding: str = "0") -> str:
    named = " ".join(name for name in ("" if own or not ground else "sheet", classes) if name)
    colour = f' background-color="{ground}"' if ground else ""
    return f'<mj-section css-class="{named}" padding="{padding}"{colour}>{inner}</mj-section>'


def _of_block(block: Any, frame: Frame, inner: str, *, padding: str) -> str:
    """Return the section of a block that has one to itself."""
    own, classes = bool(block.background), _classes(block, frame)
    return _section(_ground(block, frame), inner, own=own, classes=classes, padding=padding)


def _columns(block: Columns, frame: Frame) -> str:
    parts = [int(part) for part in block.ratio.split(":")]
    inner = "".join(
        f'<mj-column width="{100 * part / sum(parts):.4g}%" vertical-align="top">'
        + ("".join(_leaf(leaf, frame, narrow=True) for leaf in column) or _empty(frame))
        + "</mj-column>"
        for part, column in zip(parts, block.columns, strict=True)
    )
    if block.stays:
        inner = f"<mj-group>{inner}</mj-group>"
    made = _of_block(block, frame, inner, padding=f"{block.space}px 0")
    return _when(block.when, made, frame)


def _empty(frame: Frame) -> str:
    """Return what keeps an empty column in its place, and in the editor something to drop a block on."""
    return '<mj-spacer height="48px" css-class="empty-column"></mj-spacer>' if frame.is_canvas else (
        '<mj-spacer height="1px"></mj-spacer>'
    )  # fmt: skip


def _classes(block: Any, frame: Frame, *more: str) -> str:
    hidden = f"hide-{block.hide_on}" if block.hide_on and not frame.is_canvas else ""
    return " ".join(name for name in (f"b-{block.id}" if frame.is_canvas else "", hidden, *more) if name)


def _when(condition: Condition | None, made: str, frame: Frame) -> str:
    if condition is None or frame.is_canvas:
        return made
    return f"<mj-raw>{{% if {test_of(condition)} %}}</mj-raw>{made}<mj-raw>{{% endif %}}</mj-raw>"


def test_of(condition: Condition) -> str:
    """Return the condition in the template language."""
    name = condition.field
    return {
        "filled": name,
        "empty": f"not {name}",
        "equals": f'{name} == "{condition.value}"',
        "differs": f'{name} != "{condition.value}"',
        "has_tag": f'"{condition.value}" in customer.tags',
        "lacks_tag": f'"{condition.value}" not in customer.tags',
    }[condition.test]


def _leaf(block: Any, frame: Frame, *, narrow: bool = False) -> str:
    padding = f"{block.space}px {16 if narrow else _SIDE}px"
    return _when(block.when, _DRAWN[block.kind](block, frame, padding), frame)


def _ink(block: Any, frame: Frame, kind: str = "ink") -> str:
    """Return the classes of a text: what it is, unless it has a colour or ground that dark mode must not touch."""
    return _classes(block, frame, "" if block.background or getattr(block, "color", "") else kind)


def _text(inner: str, attributes: str) -> str:
    return f"<mj-text {attributes}>{inner}</mj-text>"


def _heading(block: schema.Heading, frame: Frame, padding: str) -> str:
    size, height = _HEADINGS[block.level]
    colour = block.color or frame.look.text
    style = f"margin:0;font:700 {size}px/{height}px {frame.look.heading_font};color:{colour}"
    inner = f'<h{block.level} style="{style}">{line(block.text)}</h{block.level}>'
    return _text(inner, f'css-class="{_ink(block, frame)}" padding="{padding}" align="{frame.side(block.align)}"')


def _rich(html: str, frame: Frame, height: int) -> str:
    items = "margin:0 0 12px;padding:0 24px" if not frame.is_rtl else "margin:0 0 12px;padding:0 24px 0 0"
    styles = {
        "p": f"margin:0 0 {height // 2}px",
        "ul": items,
        "ol": items,
        "li": "margin:0 0 6px",
        "a": f"color:{frame.look.link};text-decoration:underline",
    }
    made = rich_text.styled(html, styles)
    # The last paragraph ends where the block does.
    head, found, tail = made.rpartition(f'<p style="{styles["p"]}">')
    return f'{head}<p style="margin:0">{tail}' if found and "<ul" not in tail and "<ol" not in tail else made


def _paragraphs(block: schema.Text, frame: Frame, padding: str) -> str:
    size, height = _SIZES[block.size]
    colour = block.color or frame.look.text
    attributes = (
        f'css-class="{_ink(block, frame)}" padding="{padding}" align="{frame.side(block.align)}" '
        f'font-size="{size}px" line-height="{height}px" color="{colour}"'
    )
    return _text(_rich(block.html, frame, height), attributes)


def _picture(src: str, attributes: str, placeholder: str) -> str:
    if not src:
        return placeholder
    return f'<mj-image src="{line(src)}" {attributes}></mj-image>'


def _image(block: schema.Image, frame: Frame, padding: str) -> str:
    alt = "" if block.is_decorative else line(block.alt)
    width = max(16, round((600 - 2 * _SIDE) * block.width / 100))
    linked = f' href="{line(block.href)}"' if block.href else ""
    attributes = (
        f'css-class="{_classes(block, frame)}" alt="{alt}" padding="{padding}" width="{width}px" '
        f'align="{frame.side(block.align)}" border-radius="{block.radius}px"{linked}'
    )
    return _picture(block.src, attributes, _missing(block, frame, padding))


def _missing(block: Any, frame: Frame, padding: str) -> str:
    """Return what stands in the editor where a picture is still to be chosen; the mail leaves it out."""
    if not frame.is_canvas:
        return ""
    inner = f'<div class="missing-picture" style="min-height:120px;background:{frame.look.line}"></div>'
    return _text(inner, f'css-class="{_classes(block, frame)}" padding="{padding}"')


def _button(block: schema.Button, frame: Frame, padding: str) -> str:
    look = frame.look
    wide = ' width="100%"' if block.is_wide else ""
    href = f' href="{line(block.href)}"' if block.href else ""
    return (
        f'<mj-button css-class="{_classes(block, frame)}" padding="{padding}" align="{frame.side(block.align)}" '
        f'background-color="{block.fill or look.primary}" color="{block.color or look.primary_text}" '
        f'border-radius="{look.button_radius}px" font-size="16px" font-weight="600" line-height="20px" '
        f'inner-padding="13px 24px"{wide}{href}>{line(block.text) or "&nbsp;"}</mj-button>'
    )


def _quote(block: schema.Quote, frame: Frame, padding: str) -> str:
    side = "right" if frame.is_rtl else "left"
    author = f'<p style="margin:8px 0 0;font-size:14px">— {line(block.author)}</p>' if block.author else ""
    inner = (
        f'<blockquote style="margin:0;padding:4px 0;padding-{side}:16px;border-{side}:3px solid {frame.look.primary};'
        f'font-style:italic">{_rich(block.html, frame, 26)}{author}</blockquote>'
    )
    attributes = f'font-size="18px" line-height="28px" color="{frame.look.text}" align="{frame.side("start")}"'
    return _text(inner, f'css-class="{_ink(block, frame)}" padding="{padding}" {attributes}')


def _divider(block: schema.Divider, frame: Frame, padding: str) -> str:
    return (
        f'<mj-divider css-class="{_classes(block, frame)}" padding="{padding}" width="{block.width}%" '
        f'border-width="{block.thickness}px" border-color="{block.color or frame.look.line}"></mj-divider>'
    )


def _spacer(block: schema.Spacer, frame: Frame, padding: str) -> str:  # noqa: ARG001 - every kind is drawn alike
    return f'<mj-spacer css-class="{_classes(block, frame)}" height="{block.height}px"></mj-spacer>'


def _social(block: schema.Social, frame: Frame, padding: str) -> str:
    links = [(each.network, each.href) for each in block.links] or list(frame.look.social)
    if not links and not frame.is_canvas:
        return ""
    style = f"color:{frame.look.link};text-decoration:underline;white-space:nowrap"
    inner = " &nbsp;·&nbsp; ".join(
        f'<a class="link" href="{line(href)}" style="{style}">{line(network)}</a>' for network, href in links
    )
    attributes = f'padding="{padding}" align="{frame.side(block.align)}" font-size="14px" line-height="24px"'
    return _text(inner or "…", f'css-class="{_ink(block, frame)}" {attributes}')


def _video(block: schema.Video, frame: Frame, padding: str) -> str:  # noqa: ARG001 - every kind is drawn alike
    linked = f' href="{line(block.href)}"' if block.href else ""
    alt = f"▶ {line(block.title)}".strip()
    picture = _picture(
        block.src,
        f'css-class="{_classes(block, frame)}" alt="{alt}" padding="{block.space}px {_SIDE}px 0"{linked}',
        _missing(block, frame, f"{block.space}px {_SIDE}px 0"),
    )
    style = f"color:{frame.look.link};font-weight:600;text-decoration:none"
    words = f'<a class="link" style="{style}"{linked}>▶ {line(block.title)}</a>' if block.href else alt
    under = f'padding="8px {_SIDE}px {block.space}px" font-size="16px" line-height="24px" align="center"'
    return picture + _text(words, f'css-class="{_ink(block, frame)}" {under}')


def _good(block: schema.Product, good: Good, frame: Frame, padding: str) -> str:
    look = frame.look
    linked = f' href="{line(good.url)}"' if good.url else ""
    picture = (
        f'<mj-image src="{line(good.image_url)}" alt="{line(good.name)}" padding="{padding}"{linked}></mj-image>'
        if good.image_url
        else ""
    )
    name = line(good.name)
    if good.url:
        name = f'<a class="link" style="color:{look.text};text-decoration:none"{linked}>{name}</a>'
    price = f'<br><span style="font-weight:400">{line(good.price)}</span>' if block.shows_price and good.price else ""
    side = padding.rpartition(" ")[2]
    words = _text(
        f"<strong>{name}</strong>{price}",
        f'css-class="{_ink(block, frame)}" padding="0 {side} 8px" align="center" font-size="16px" line-height="24px" '
        f'color="{look.text}"',
    )
    button = ""
    if block.button and good.url:
        button = (
            f'<mj-button padding="0 {side} 12px" background-color="{look.primary}" color="{look.primary_text}" '
            f'border-radius="{look.button_radius}px" font-size="14px" font-weight="600" inner-padding="9px 16px"'
            f"{linked}>{line(block.button)}</mj-button>"
        )
    return picture + words + button


def _across(block: schema.Product, frame: Frame) -> int:
    return min(block.columns, max(1, len(frame.goods.get(block.id, ()))))


def _products_across(block: schema.Product, frame: Frame) -> str:
    goods, across = frame.goods.get(block.id, ()), _across(block, frame)
    rows = [goods[at : at + across] for at in range(0, len(goods), across)]
    made = ""
    for row in rows:
        cells = "".join(f"<mj-column>{_good(block, good, frame, '8px 12px')}</mj-column>" for good in row)
        made += _of_block(block, frame, cells, padding=f"{block.space}px 20px")
    return _when(block.when, made, frame)


def _products_down(block: schema.Product, frame: Frame, padding: str) -> str:
    goods = frame.goods.get(block.id, ())
    if not goods:
        return _missing(block, frame, padding)
    return "".join(_good(block, good, frame, padding) for good in goods)


def _raw(block: schema.Raw, frame: Frame, padding: str) -> str:
    if block.format == "mjml" and _MJML_IN_COLUMN.match(block.source):
        mark = f'<mj-spacer css-class="{_classes(block, frame)}" height="1px"></mj-spacer>' if frame.is_canvas else ""
        return mark + block.source
    inner = block.source or ("…" if frame.is_canvas else "")
    attributes = f'color="{frame.look.text}" font-size="16px" line-height="26px" align="{frame.side("start")}"'
    return _text(inner, f'css-class="{_ink(block, frame)}" padding="{padding}" {attributes}')


def _header(block: schema.Header, frame: Frame, padding: str) -> str:
    look = frame.look
    linked = f' href="{line(block.href)}"' if block.href else ""
    if look.logo_url:
        width = f' width="{look.logo_width}px"' if look.logo_width else ""
        return (
            f'<mj-image css-class="{_classes(block, frame)}" src="{line(look.logo_url)}" '
            f'alt="{line(look.logo_alt or frame.words.sender)}" padding="{padding}" align="{frame.side(block.align)}"'
            f"{width}{linked}></mj-image>"
        )
    name = "{{ workspace.sender_name }}"
    if block.href:
        name = f'<a class="link" style="color:{look.text};text-decoration:none"{linked}>{name}</a>'
    inner = f'<div style="font:700 17px/24px {look.heading_font};color:{look.text}">{name}</div>'
    return _text(inner, f'css-class="{_ink(block, frame)}" padding="{padding}" align="{frame.side(block.align)}"')


def _footer(block: schema.Footer, frame: Frame, padding: str) -> str:
    look, words = frame.look, frame.words
    link = f"color:{look.soft_text};text-decoration:underline"
    own = _rich(block.html, frame, 20) if block.html else ""
    kept = f'<p style="margin:0 0 8px">{line(look.footer_text)}</p>' if look.footer_text else ""
    inner = (
        f'{own}{kept}<p style="margin:8px 0">{line(words.why)}</p>'
        f'<p style="margin:0 0 8px">{{{{ workspace.postal_address }}}}</p>'
        f'<p style="margin:0"><a class="link" href="{{{{ preferences_url }}}}" style="{link}">'
        f"{line(words.preferences)}</a> · "
        f'<a class="link" href="{{{{ unsubscribe_url }}}}" style="{link}">{line(words.unsubscribe)}</a></p>'
    )
    attributes = f'font-size="13px" line-height="20px" color="{look.soft_text}" align="center"'
    return _text(inner, f'css-class="{_ink(block, frame, "soft")}" padding="{padding}" {attributes}')


_DRAWN: dict[str, Callable[[Any, Frame, str], str]] = {
    "heading": _heading,
    "text": _paragraphs,
    "image": _image,
    "button": _button,
    "quote": _quote,
    "divider": _divider,
    "spacer": _spacer,
    "social": _social,
    "video": _video,
    "product": _products_down,
    "raw": _raw,
    "header": _header,
    "footer": _footer,
}


def product_blocks(mail: Mail) -> Iterable[schema.Product]:
    """Return the product blocks, also those in columns."""
    return [block for block in schema.every(mail) if block.kind == "product"]
