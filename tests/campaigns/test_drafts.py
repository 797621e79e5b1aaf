"""Writing a campaign: nothing is lost, nothing changes behind one's back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.campaigns import compose, deletion, drafts
from app.campaigns.compose import Edit
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, content_of, launch
from tests.factories.consent import consented_customer


def written(content, revision=1, **changes) -> Edit:
    """What a window that was opened at this revision saves."""
    said = replace(drafts.content_draft_of(content), **changes)
    return Edit(content_id=content.id, content=said, content_revision=revision)


def test_two_windows_cannot_overwrite_each_other(session, workspace):
    campaign = a_campaign(session, workspace)
    content = content_of(session, campaign)
    compose.save(session, workspace.id, campaign.id, written(content, subject="First"), now=NOON)

    with pytest.raises(compose.EditedElsewhere):
        compose.save(session, workspace.id, campaign.id, written(content, subject="Second"), now=NOON)

    assert content_of(session, campaign).subject == "First"


def test_saving_the_same_again_is_no_conflict(session, workspace):
    """A slow browser sends its latest change twice."""
    campaign = a_campaign(session, workspace)
    changed = written(content_of(session, campaign), subject="Once")
    compose.save(session, workspace.id, campaign.id, changed, now=NOON)

    compose.save(session, workspace.id, campaign.id, changed, now=NOON)

    assert campaign.revision == 2


def test_no_line_break_enters_a_subject(session, workspace):
    campaign = a_campaign(session, workspace, subject="a\r\nBcc: x@y.example\x00", name="  <b>\tx\x07 ")

    assert content_of(session, campaign).subject == "a Bcc: x@y.example"
    assert campaign.name == "<b> x"


def test_what_was_launched_is_frozen(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    launch(session, workspace, campaign.id)

    with pytest.raises(compose.Frozen):
        too_late = written(content_of(session, campaign), subject="Too late")
        compose.save(session, workspace.id, campaign.id, too_late, now=NOON)
    with pytest.raises(compose.Frozen):
        deletion.delete(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)


def test_a_source_beyond_all_measure_is_refused(session, workspace):
    with pytest.raises(drafts.SourceTooLarge):
        a_campaign(session, workspace, source="x" * 300_000)


def test_a_copy_is_a_draft_again(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    launch(session, workspace, campaign.id)

    copied = compose.copy(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)

    assert (copied.state, copied.launched_at, content_of(session, copied).subject) == ("draft", None, "Spring is here")
