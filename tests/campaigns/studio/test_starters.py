"""The text an empty page begins with is true for whoever gets it."""

from __future__ import annotations

import pytest

from app.campaigns.studio import starters
from app.rendering import compiler
from app.rendering.brands import Brand
from app.rendering.content import Content, Stream
from app.rendering.slots import Slots
from app.rendering.sources import templates

STREAM = Stream("Tea", "tea@shop.example", "https://m.example", list_id="tea.shop.example", postal_address="1 Lane")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("purchases", [[], [{"product": None, "amount": 3}], [{"product": ""}], [{}]])
def test_a_purchase_without_a_product_is_not_spoken_of(language, purchases):
    html = templates.to_html("markdown", starters.of(language).source, Brand("Tea", language))
    compiled = compiler.compile_content(Content("", "", html, templates.to_text(html), language), stream=STREAM)

    assert compiled.show({"purchases": purchases}, Slots("a@b.example", "m")) == compiled.show(
        {"purchases": []}, Slots("a@b.example", "m")
    )


def test_a_purchase_with_one_is():
    html = templates.to_html("markdown", starters.of("en").source, Brand("Tea", "en"))
    compiled = compiler.compile_content(Content("", "", html, "", "en"), stream=STREAM)

    assert "Oolong" in compiled.show({"purchases": [{"product": "Oolong"}]}, Slots("a@b.example", "m")).html
