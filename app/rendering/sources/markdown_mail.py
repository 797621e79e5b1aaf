"""Converts Markdown into an HTML mail of one column with real headings and a dark mode."""

from __future__ import annotations

import re
from html import escape
from itertools import islice

from markdown_it import MarkdownIt

from app.rendering.brands import Brand
from app.rendering.sources import placeholders

_FONT = "-apple-system,'Segoe UI',Roboto,'PingFang SC','Noto Sans SC',Helvetica,Arial,sans-serif"
_INK, _SOFT = "#1f2430", "#5b6472"
_STYLES = {
    "h1": f"margin:0 0 16px;font:700 26px/34px {_FONT};color:{_INK}",
    "h2": f"margin:28px 0 12px;font:700 20px/28px {_FONT};color:{_INK}",
    "h3": f"margin:24px 0 8px;font:700 17px/26px {_FONT};color:{_INK}",
    "p": f"margin:0 0 16px;font:16px/26px {_FONT};color:{_INK}",
    "ul": f"margin:0 0 16px;padding:0 0 0 24px;font:16px/26px {_FONT};color:{_INK}",
    "ol": f"margin:0 0 16px;padding:0 0 0 24px;font:16px/26px {_FONT};color:{_INK}",
    "li": "margin:0 0 6px",
    "blockquote": "margin:0 0 16px;padding:4px 0 4px 16px;border-inline-start:3px solid #d5dae3",
    "hr": "margin:28px 0;border:0;border-top:1px solid #d5dae3",
    "img": "display:block;max-width:100%;height:auto;border:0;border-radius:6px",
    "table": f"margin:0 0 16px;border-collapse:collapse;font:15px/24px {_FONT};color:{_INK}",
    "th": "padding:6px 12px 6px 0;text-align:start;border-bottom:1px solid #d5dae3",
    "td": "padding:6px 12px 6px 0;border-bottom:1px solid #eceff4",
    "code": "padding:1px 4px;border-radius:4px;background:#eef1f6;font-size:14px",
}
# A paragraph that is one strong link is a button.
_BUTTON = re.compile(r'<p style="[^"]*"><strong>(<a [^>]*>)([^<]*)</a></strong></p>')
_OPENING = re.compile(r"<(h[1-3]|p|ul|ol|li|blockquote|hr|img|table|th|td|code)((?: [^<>]*)?)/?>")
# An if or for on a line of its own stands between blocks, also between the items of a list.
_BLOCK_LINE = re.compile(r"^[ \t]*((?:qx\d+zbxq[ \t]*)+)$", re.MULTILINE)
_BLOCK_PARAGRAPH = re.compile(r"<p>([^<]*)</p>")

# Each sign and line takes the parser a while, and no mail has so many.
_SIGNS = re.compile(r"[\[*_`|<>&\\#\n]")
MOST_SIGNS = 15_000

# `linkify` and raw HTML stay off: what the author did not write as a link is none.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


class MarkdownTooLong(Exception):
    """The source holds more signs and lines than any mail does."""


def to_html(source: str, brand: Brand) -> str:
    """Return the whole mail; raise MarkdownTooLong. A button is a paragraph with nothing but a bold link."""
    if sum(1 for _sign in islice(_SIGNS.finditer(source), MOST_SIGNS + 1)) > MOST_SIGNS:
        raise MarkdownTooLong
    protected = placeholders.protect(source)
    body = _markdown.render(_BLOCK_LINE.sub(r"\n\n\1\n\n", protected.text))
    body = _BLOCK_PARAGRAPH.sub(lambda found: found[1] if placeholders.is_block(found[1]) else found[0], body)
    body = _OPENING.sub(_styled, body)
    body = body.replace("<a href", f'<a class="link" style="color:{brand.accent}" href')
    body = _BUTTON.sub(lambda found: _button(found[1], found[2], brand), body)
    # A brace that is left is one the author escaped or quoted: text, not the beginning of a field.
    body = body.replace("{", "&#123;")
    return _layout(protected.restore(body), brand)


def _styled(found: re.Match[str]) -> str:
    tag, attributes = found[1], found[2].rstrip("/ ")
    # Tables align by a style of their own, which ours must not repeat.
    aligned = re.search(r' style="(text-align:[a-z]+)"', attributes)
    style = _STYLES[tag] + (f";{aligned[1]}" if aligned else "")
    rest = attributes.replace(aligned[0], "") if aligned else attributes
    return f'<{tag}{rest} style="{style}">'


def _button(link: str, label: str, brand: Brand) -> str:
    target = re.search(r'href="[^"]*"', link)
    style = (
        f"display:inline-block;padding:12px 22px;border-radius:6px;background:{brand.accent};color:#ffffff;"
        f"font:600 16px/20px {_FONT};text-decoration:none"
    )
    return (
        f'<p style="margin:8px 0 24px"><a class="button" {target[0] if target else ""} style="{style}">{label}</a></p>'
    )


def _layout(body: str, brand: Brand) -> str:
    why, unsubscribe, preferences = brand.words
    small = f"margin:0 0 8px;font:13px/20px {_FONT};color:{_SOFT}"
    link = f"color:{_SOFT};text-decoration:underline"
    return f"""<!doctype html>
<html lang="{escape(brand.language)}" dir="{brand.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title></title>
<style>
@media (max-width:480px) {{ .sheet {{ padding:24px 18px !important }} }}
@media (prefers-color-scheme:dark) {{
 body, .page {{ background:#14171d !important }}
 .sheet {{ background:#1d222b !important }}
 .sheet h1, .sheet h2, .sheet h3, .sheet p, .sheet ul, .sheet ol, .sheet table, .brand {{ color:#e8ebf1 !important }}
 .sheet code {{ background:#2b313c !important }}
 .sheet a.link {{ color:#9db8ff !important }}
 .foot p, .foot a {{ color:#a3acbb !important }}
}}
</style>
</head>
<body style="margin:0;padding:0;background:#f3f5f9">
<div role="article" aria-label="{{{{ workspace.sender_name }}}}" lang="{escape(brand.language)}" \
dir="{brand.direction}">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" \
style="background:#f3f5f9">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px">
<tr><td style="padding:0 4px 16px"><p class="brand" style="margin:0;font:700 15px/22px {_FONT};color:{_INK}">\
{{{{ workspace.sender_name }}}}</p></td></tr>
<tr><td class="sheet" style="padding:36px 40px;background:#ffffff;border-radius:10px;text-align:start">
{body}
</td></tr>
<tr><td class="foot" style="padding:20px 8px 0;text-align:center">
<p style="{small}">{why}</p>
<p style="{small}">{{{{ workspace.postal_address }}}}</p>
<p style="{small}"><a href="{{{{ preferences_url }}}}" style="{link}">{preferences}</a> · \
<a href="{{{{ unsubscribe_url }}}}" style="{link}">{unsubscribe}</a></p>
</td></tr>
</table>
</td></tr>
</table>
</div>
</body>
</html>
"""
