"""Draws one block as it stands in a column of a mail: one function for each kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from app.rendering.blocks import rich_text, schema
from app.rendering.blocks.frame import Frame, classes_of, line, shown_when
from app.rendering.blocks.goods import Good

_SIDE = 32
_SIZES = {"small": (14, 22), "normal": (16, 26), "large": (19, 30)}
_HEADINGS = {1: (28, 36), 2: (22, 30), 3: (18, 26)}
_MJML_IN_COLUMN = re.compile(r"\s*<mj-", re.IGNORECASE)


def draw(block: Any, frame: Frame, *, narrow: bool = False) -> str:
    """Return the MJML of one block as it stands in a column."""
    padding = f"{block.space}px {16 if narrow else _SIDE}px"
    return shown_when(block.when, _DRAWN[block.kind](block, frame, padding), frame)


def _ink(block: Any, frame: Frame, kind: str = "ink") -> str:
    """Return the classes of a text: what it is, unless it has a colour or ground that dark mode must not touch."""
    return classes_of(block, frame, "" if block.background or getattr(block, "color", "") else kind)


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
    width = max(16, round((frame.width - 2 * _SIDE) * block.width / 100))
    linked = f' href="{line(block.href)}"' if block.href else ""
    attributes = (
        f'css-class="{classes_of(block, frame)}" alt="{alt}" padding="{padding}" width="{width}px" '
        f'align="{frame.side(block.align)}" border-radius="{block.radius}px"{linked}'
    )
    return _picture(block.src, attributes, _missing(block, frame, padding))


def _missing(block: Any, frame: Frame, padding: str) -> str:
    """Return what stands in the editor where a picture is still to be chosen; the mail leaves it out."""
    if not frame.is_canvas:
        return ""
    inner = f'<div class="missing-picture" style="min-height:120px;background:{frame.look.line}"></div>'
    return _text(inner, f'css-class="{classes_of(block, frame)}" padding="{padding}"')


def _button(block: schema.Button, frame: Frame, padding: str) -> str:
    look = frame.look
    wide = ' width="100%"' if block.is_wide else ""
    href = f' href="{line(block.href)}"' if block.href else ""
    return (
        f'<mj-button css-class="{classes_of(block, frame)}" padding="{padding}" align="{frame.side(block.align)}" '
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
        f'<mj-divider css-class="{classes_of(block, frame)}" padding="{padding}" width="{block.width}%" '
        f'border-width="{block.thickness}px" border-color="{block.color or frame.look.line}"></mj-divider>'
    )


def _spacer(block: schema.Spacer, frame: Frame, padding: str) -> str:  # noqa: ARG001 - every kind is drawn alike
    return f'<mj-spacer css-class="{classes_of(block, frame)}" height="{block.height}px"></mj-spacer>'


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
        f'css-class="{classes_of(block, frame)}" alt="{alt}" padding="{block.space}px {_SIDE}px 0"{linked}',
        _missing(block, frame, f"{block.space}px {_SIDE}px 0"),
    )
    style = f"color:{frame.look.link};font-weight:600;text-decoration:none"
    words = f'<a class="link" style="{style}"{linked}>▶ {line(block.title)}</a>' if block.href else alt
    under = f'padding="8px {_SIDE}px {block.space}px" font-size="16px" line-height="24px" align="center"'
    return picture + _text(words, f'css-class="{_ink(block, frame)}" {under}')


def good(block: schema.Product, product: Good, frame: Frame, padding: str) -> str:
    """Return the MJML of one product."""
    look = frame.look
    linked = f' href="{line(product.url)}"' if product.url else ""
    picture = (
        f'<mj-image src="{line(product.image_url)}" alt="{line(product.name)}" padding="{padding}"{linked}></mj-image>'
        if product.image_url
        else ""
    )
    name = line(product.name)
    if product.url:
        name = f'<a class="link" style="color:{look.text};text-decoration:none"{linked}>{name}</a>'
    price = (
        f'<br><span style="font-weight:400">{line(product.price)}</span>' if block.shows_price and product.price else ""
    )
    side = padding.rpartition(" ")[2]
    words = _text(
        f"<strong>{name}</strong>{price}",
        f'css-class="{_ink(block, frame)}" padding="0 {side} 8px" align="center" font-size="16px" line-height="24px" '
        f'color="{look.text}"',
    )
    button = ""
    if block.button and product.url:
        button = (
            f'<mj-button padding="0 {side} 12px" background-color="{look.primary}" color="{look.primary_text}" '
            f'border-radius="{look.button_radius}px" font-size="14px" font-weight="600" inner-padding="9px 16px"'
            f"{linked}>{line(block.button)}</mj-button>"
        )
    return picture + words + button


def _products_down(block: schema.Product, frame: Frame, padding: str) -> str:
    goods = frame.goods.get(block.id, ())
    if not goods:
        return _missing(block, frame, padding)
    return "".join(good(block, each, frame, padding) for each in goods)


def _raw(block: schema.Raw, frame: Frame, padding: str) -> str:
    if block.format == "mjml" and _MJML_IN_COLUMN.match(block.source):
        mark = f'<mj-spacer css-class="{classes_of(block, frame)}" height="1px"></mj-spacer>' if frame.is_canvas else ""
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
            f'<mj-image css-class="{classes_of(block, frame)}" src="{line(look.logo_url)}" '
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
