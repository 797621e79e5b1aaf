"""Every design a campaign can begin with is a whole mail, in every language of staff."""

from __future__ import annotations

import pytest

from app.accounts import workspaces
from app.campaigns import compose, contents
from app.campaigns.library import designs
from app.campaigns.studio import preflight, previews
from app.campaigns.studio.checks import ERROR
from app.rendering.blocks import schema
from tests.factories import NOON
from tests.factories.campaigns import PUBLIC_URL


@pytest.mark.parametrize("language", ["en", "zh", "de"])
@pytest.mark.parametrize("key", list(designs.BY_KEY))
def test_a_design_is_a_mail_with_nothing_to_fix_but_its_pictures(key: str, language: str, session, workspace):
    kept = workspaces.get(session, workspace.id)
    kept.language = language
    campaign = compose.start(
        session, workspace.id, name="x", topic_id=workspace.topic_id, design=key, staff_id=workspace.owner_id, now=NOON
    )
    content = contents.default(session, campaign)

    goods = contents.goods_of(session, kept, content)
    found = preflight.inspect_content(session, campaign, content, goods=goods, public_url=PUBLIC_URL)
    shown = previews.show(session, campaign, content, public_url=PUBLIC_URL, customer_id=None)

    assert [check.message for check in found if check.level == ERROR] == []
    assert content.format == "blocks"
    assert content.subject
    assert f'lang="{language}"' in shown.html
    assert "Ada" in shown.html or "first_name" not in content.source
    assert shown.html.count("/u/preview") == 1
    assert {block.kind for block in schema.every(schema.read(content.source))} >= {"header", "footer"}


def test_both_languages_say_the_same_things():
    for key in designs.BY_KEY:
        kinds = [[block.kind for block in schema.every(schema.read(designs.start(key, code).source))]
                 for code in ("en", "zh")]  # fmt: skip
        assert kinds[0] == kinds[1]
