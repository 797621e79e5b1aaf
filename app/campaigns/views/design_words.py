"""What the visual editor says: names of blocks, fields and choices, and the merge fields it offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.customers import words
from app.rendering.language import syntax

KINDS = {
    "header": _l("Logo"), "heading": _l("Heading"), "text": _l("Text"), "image": _l("Image"), "button": _l("Button"),
    "columns": _l("Columns"), "product": _l("Products"), "quote": _l("Quote"), "divider": _l("Divider"),
    "spacer": _l("Spacer"), "social": _l("Social links"), "video": _l("Video"), "raw": _l("HTML or MJML"),
    "footer": _l("Footer"),
}  # fmt: skip
# Fields of people that a mail may say or ask for.
_NAMES = tuple(name for name in syntax.CUSTOMER_FIELDS if name != "tags")
# What stands there for people of whom it is not known.
_FALLBACKS = {"first_name": _l("there"), "last_name": _l("there")}


def merge_fields(names: Sequence[str], own: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the fields that can be put into a text: what is inserted, and what it is called.

    `own` are the labels of the workspace's own fields by key.
    """
    shown = []
    for name in names:
        root, _dot, key = name.partition(".")
        if name in ("purchases", "customer.tags", "unsubscribe_url", "preferences_url"):
            continue
        label = _label(key, own) if root == "customer" else _WORKSPACE.get(key, name)
        fallback = f'|default("{_FALLBACKS.get(key, "")}")' if root == "customer" else ""
        shown.append({"value": f"{{{{ {name}{fallback} }}}}", "label": str(label)})
    return shown


_WORKSPACE = {"name": _l("Name of the workspace"), "sender_name": _l("Sender"), "postal_address": _l("Postal address")}


def condition_fields(own: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the fields by which a block is shown to some people only."""
    return [{"value": f"customer.{name}", "label": _label(name, own)} for name in (*_NAMES, *own)]


def _label(key: str, own: Mapping[str, str]) -> str:
    return own[key] if key in own else _(words.LABELS[key]) if key in words.LABELS else key


def of_page() -> dict[str, Any]:
    """Return all words of the editor in the reader's language."""
    return {
        "kinds": {kind: str(name) for kind, name in KINDS.items()},
        "fields": {
            "text": _("Text"), "level": _("Level"), "align": _("Alignment"), "color": _("Text color"),
            "html": _("Text"), "footer.html": _("Words before the address"), "size": _("Size"),
            "src": _("Picture"), "alt": _("Description"),
            "is_decorative": _("It only decorates"), "href": _("Link"), "width": _("Width, in percent"),
            "radius": _("Rounded corners, in pixels"), "is_wide": _("As wide as the column"),
            "fill": _("Button color"), "ratio": _("Layout"), "stays": _("Stay beside one another on phones"),
            "source": _("Products"), "raw.source": _("Source"), "product_ids": _("Chosen products"),
            "category": _("Category"), "count": _("How many"), "columns": _("Beside one another"),
            "shows_price": _("Show the price"), "button": _("Words on the button"), "author": _("Whose words"),
            "divider.color": _("Color"), "thickness": _("Thickness, in pixels"), "height": _("Height, in pixels"),
            "links": _("Links"), "title": _("Title"), "format": _("Format"), "background": _("Background"),
            "space": _("Space above and below, in pixels"), "hide_on": _("Leave out on"), "when": _("Who sees it"),
        },
        "hints": {
            "alt": _("What people read who do not see the picture."),
            "links": _("Without links of its own, those of the brand."),
            "category": _("Empty takes all categories."),
            "product.button": _("Empty leaves the button out."),
        },
        "values": {
            "align.start": _("At the start"), "align.center": _("Centered"), "align.end": _("At the end"),
            "level.1": _("1, the mail's subject"), "level.2": _("2, a section"), "level.3": _("3, a smaller one"),
            "size.small": _("Small"), "size.normal": _("Normal"), "size.large": _("Large"),
            "hide_on.": _("Nowhere"), "hide_on.phone": _("Phones"), "hide_on.desktop": _("Computers"),
            "product.source.popular": _("Most bought lately"), "product.source.chosen": _("Chosen by hand"),
            "ratio.1:1": _("Two of the same width"), "ratio.1:2": _("Narrow and wide"),
            "ratio.2:1": _("Wide and narrow"), "ratio.1:1:1": _("Three"), "ratio.1:1:1:1": _("Four"),
            "format.html": "HTML", "format.mjml": "MJML",
        },
        "tests": {
            "filled": _("is known"), "empty": _("is not known"), "equals": _("is"), "differs": _("is not"),
            "has_tag": _("They have the tag"), "lacks_tag": _("They do not have the tag"),
        },
        "start_heading": _("A heading"), "start_text": _("Write here."), "start_button": _("Have a look"),
        "start_buy": _("Have a look"), "start_quote": _("What somebody said."),
        "nothing_chosen": _("Choose a block in the mail or on the left to change it."),
        "whole_mail": _("The mail"), "more": _("Background, spacing, who sees it"),
        "insert_field": _("Insert a merge field"), "write_here": _("Write in the mail"),
        "as_brand": _("Back to the brand's"), "is_brand": _("The brand's"), "choose_image": _("Choose a picture"),
        "find_products": _("Name or number"), "remove": _("Remove"), "add": _("Add"), "network": _("Network"),
        "everybody": _("Everybody"), "only_people_where": _("Only some people"), "field": _("Field"),
        "test": _("Condition"), "value": _("Value"), "product_gone": _("A product that is gone"),
        "added": _("Added"), "removed": _("Removed"), "moved": _("Moved to place {place} of {count}"),
        "at_end": _("It cannot move further."), "column": _("Column {number}"),
        "saving": _("Saving…"), "saved": _("Saved"), "saved_with": _("Saved · to fix: {count}"),
        "not_saved": _("Not saved"), "offline": _("Not saved: no connection. Trying again."),
        "joined": _("Changes of a colleague are shown."),
        "both_changed": _("You and a colleague changed the same block. Theirs is kept below yours."),
    }  # fmt: skip
