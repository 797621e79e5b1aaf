"""Merge tags of other tools in a mail made of blocks are found and translated text by text."""

from __future__ import annotations

import json

from app.campaigns.studio import tag_translation
from app.rendering.blocks import schema
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, content_of

MAIL = {
    "blocks": [
        {"id": "a", "kind": "heading", "text": "Hello *|FNAME|*"},
        {"id": "b", "kind": "text", "html": '<p>{{ person.first_name|default:"you" }} *|FNAME|*</p>'},
        {"id": "c", "kind": "text", "html": "<p>x</p>", "when": {"field": "customer.city", "test": "filled"}},
    ]
}


def test_tags_of_another_tool_are_translated_and_the_blocks_stay_whole(session, workspace):
    campaign = a_campaign(session, workspace, format="blocks", source=json.dumps(MAIL))
    content = content_of(session, campaign)

    found = tag_translation.find(session, content)
    tag_translation.translate(
        session, workspace.id, campaign.id, content.id, staff_id=workspace.owner_id, now=NOON
    )
    blocks = schema.read(content.source).blocks

    assert found.translatable == 3
    assert blocks[0].text == "Hello {{ customer.first_name }}"
    assert "*|" not in content.source
    assert "person." not in content.source
    assert [block.id for block in blocks] == ["a", "b", "c"]
    assert tag_translation.find(session, content).rows == ()


def test_a_mail_without_foreign_tags_has_none_in_the_json_itself(session, workspace):
    columns = {"id": "k", "kind": "columns", "columns": [[MAIL["blocks"][2]], []]}
    campaign = a_campaign(session, workspace, format="blocks", source=json.dumps({"blocks": [columns]}))

    assert tag_translation.find(session, content_of(session, campaign)).rows == ()
