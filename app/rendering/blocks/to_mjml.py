"""Turns a mail made of blocks into MJML: one section for each run of blocks on the same ground.

With `is_canvas` each block carries a class ``b-<id>`` for the editor and conditions are left out, so that everything
can be seen and touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.rendering.blocks import leaves, schema
from app.rendering.blocks.frame import Frame, classes_of, shown_when
from app.rendering.blocks.look import Look
from app.rendering.blocks.schema import Columns, Mail


def to_mjml(mail: Mail, frame: Frame) -> str:
    """Return the whole mail as MJML."""
    frame, look = replace(frame, width=mail.width), frame.look
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
    inner = "".join(leaves.draw(block, frame) for block in blocks)
    return _section(_ground(blocks[0], frame), f"<mj-column>{inner}</mj-column>", own=bool(blocks[0].background))


def _section(ground: str, inner: str, *, own: bool = False, classes: str = "", padding: str = "0") -> str:
    named = " ".join(name for name in ("" if own or not ground else "sheet", classes) if name)
    colour = f' background-color="{ground}"' if ground else ""
    return f'<mj-section css-class="{named}" padding="{padding}"{colour}>{inner}</mj-section>'


def _of_block(block: Any, frame: Frame, inner: str, *, padding: str) -> str:
    """Return the section of a block that has one to itself."""
    own, classes = bool(block.background), classes_of(block, frame)
    return _section(_ground(block, frame), inner, own=own, classes=classes, padding=padding)


def _columns(block: Columns, frame: Frame) -> str:
    parts = [int(part) for part in block.ratio.split(":")]
    inner = "".join(
        f'<mj-column width="{100 * part / sum(parts):.4g}%" vertical-align="top">'
        + ("".join(leaves.draw(leaf, frame, narrow=True) for leaf in column) or _empty(frame))
        + "</mj-column>"
        for part, column in zip(parts, block.columns, strict=True)
    )
    if block.stays:
        inner = f"<mj-group>{inner}</mj-group>"
    made = _of_block(block, frame, inner, padding=f"{block.space}px 0")
    return shown_when(block.when, made, frame)


def _empty(frame: Frame) -> str:
    """Return what keeps an empty column in its place, and in the editor something to drop a block on."""
    return '<mj-spacer height="48px" css-class="empty-column"></mj-spacer>' if frame.is_canvas else (
        '<mj-spacer height="1px"></mj-spacer>'
    )  # fmt: skip


def _across(block: schema.Product, frame: Frame) -> int:
    return min(block.columns, max(1, len(frame.goods.get(block.id, ()))))


def _products_across(block: schema.Product, frame: Frame) -> str:
    goods, across = frame.goods.get(block.id, ()), _across(block, frame)
    rows = [goods[at : at + across] for at in range(0, len(goods), across)]
    made = ""
    for row in rows:
        cells = "".join(f"<mj-column>{leaves.good(block, good, frame, '8px 12px')}</mj-column>" for good in row)
        made += _of_block(block, frame, cells, padding=f"{block.space}px 20px")
    return shown_when(block.when, made, frame)
