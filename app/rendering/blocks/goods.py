"""The products a mail shows, read once before it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Good:
    """One product as a mail shows it; `price` is written out with its currency, empty where it is not known."""

    name: str
    url: str = ""
    image_url: str = ""
    price: str = ""


# By the id of the block that shows them, in their order.
Goods = Mapping[str, tuple[Good, ...]]
