"""What a mail made of blocks may be: read, cleaned, refused with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.rendering.blocks import schema
from app.rendering.blocks.schema import SourceUnreadable


def source(*blocks: dict[str, object], **more: object) -> str:
    return json.dumps({"blocks": [{"id": f"b{at}", **block} for at, block in enumerate(blocks)], **more})


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("", "JSON"),
        ("[]", "JSON"),
        ("{", "JSON"),
        ("[" * 100_000, "JSON"),
        (source({"kind": "carousel"}), "blocks.0"),
        (source({"kind": "button", "href": "javascript:alert(1)"}), "blocks.0.href"),
        (source({"kind": "button", "href": "data:text/html,x"}), "blocks.0.href"),
        (source({"kind": "image", "src": "file:///etc/passwd"}), "blocks.0.src"),
        (source({"kind": "text", "color": "red;background:url(x)"}), "blocks.0.color"),
        (source({"kind": "heading", "level": 9}), "blocks.0.level"),
        (source({"kind": "spacer", "onclick": "x"}), "blocks.0.onclick"),
        (source({"kind": "columns", "ratio": "1:1", "columns": [[]]}), "blocks.0"),
        (source({"kind": "text", "when": {"field": "customer.city", "test": "equals", "value": '"}}'}}),
         "blocks.0.when.value"),
        (source({"kind": "text", "when": {"field": "workspace.name", "test": "filled"}}), "blocks.0.when.field"),
        (source(*[{"kind": "divider"}] * 201), "blocks"),
        (json.dumps({"blocks": [{"id": "a", "kind": "divider"}, {"id": "a", "kind": "spacer"}]}), "JSON"),
        (json.dumps({"blocks": [{"id": 'a"><b', "kind": "divider"}]}), "blocks.0.id"),
        (source(width=10**400), "width"),
    ],
)  # fmt: skip
def test_what_has_no_place_in_a_mail_is_refused_where_it_stands(written: str, place: str):
    with pytest.raises(SourceUnreadable) as refused:
        schema.read(written)

    assert refused.value.values["place"] == place


def test_a_rich_text_keeps_what_is_written_and_nothing_that_runs():
    html = (
        '<p onclick="x">Hello <b>you</b> <a href="https://a.example/?x=1&amp;y=2" style="x">here</a>'
        '<script>alert(1)</script><img src=x onerror=alert(1)> <a href="javascript:alert(1)">no</a> '
        '{{ customer.first_name|default("<you>") }} {% if customer.points < 5 %}few{% endif %}'
        '<a href="{{ preferences_url }}">choose</a></p><style>p{}</style><iframe src="//x"></iframe>'
    )

    block = schema.read(source({"kind": "text", "html": html})).blocks[0]

    assert block.html == (  # type: ignore[union-attr]
        '<p>Hello <b>you</b> <a href="https://a.example/?x=1&amp;y=2">here</a> <a>no</a> '
        '{{ customer.first_name|default("<you>") }} {% if customer.points < 5 %}few{% endif %}'
        '<a href="{{ preferences_url }}">choose</a></p>'
    )


def test_what_is_written_is_read_again_as_it_was():
    given = source(
        {"kind": "heading", "text": "茶 \u202e {{ x }}"},
        {"kind": "columns", "columns": [[{"id": "in", "kind": "quote", "html": "<p>“…”</p>"}], []]},
        {"kind": "product", "product_ids": [3, 1]},
    )
    mail = schema.read(given)

    assert schema.read(schema.write(mail)) == mail
    assert [block.id for block in schema.every(mail)] == ["b0", "b1", "in", "b2"]


def test_the_published_schema_names_every_kind():
    kinds = {name for kind in schema.json_schema()["$defs"].values()
             if (name := kind.get("properties", {}).get("kind", {}).get("const"))}  # fmt: skip

    assert kinds == set(schema.KINDS)


def test_the_published_schema_is_up_to_date():
    published = Path(__file__).parents[3] / "docs" / "mail-blocks.schema.json"

    assert json.loads(published.read_text()) == schema.json_schema()
