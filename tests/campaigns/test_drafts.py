"""Writing a campaign: nothing is lost, nothing changes behind one's back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.campaigns import compose, deletion, drafts, schedule
from tests.factories import NOON
from tests.factories.campaigns import a_campaign
from tests.factories.consent import consented_customer


def test_two_windows_cannot_overwrite_each_other(session, workspace):
    campaign = a_campaign(session, workspace)
    draft = drafts.draft_of(campaign)
    compose.save(session, workspace.id, campaign.id, replace(draft, subject="First"), revision=1, now=NOON)

    with pytest.raises(compose.EditedElsewhere):
        compose.save(session, workspace.id, campaign.id, replace(draft, subject="Second"), revision=1, now=NOON)

    assert compose.get(session, workspace.id, campaign.id).subject == "First"


def test_saving_the_same_again_is_no_conflict(session, workspace):
    """A slow browser sends its latest change twice."""
    campaign = a_campaign(session, workspace)
    changed = replace(drafts.draft_of(campaign), subject="Once")
    compose.save(session, workspace.id, campaign.id, changed, revision=1, now=NOON)

    compose.save(session, workspace.id, campaign.id, changed, revision=1, now=NOON)

    assert campaign.revision == 2


def test_no_line_break_enters_a_subject(session, workspace):
    campaign = a_campaign(session, workspace, subject="a\r\nBcc: x@y.example\x00", name="  <b>\tx\x07 ")

    assert campaign.subject == "a Bcc: x@y.example"
    assert campaign.name == "<b> x"


def test_what_was_launched_is_frozen(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    schedule.launch(session, workspace.id, campaign.id, now=NOON)
    changed = replace(drafts.draft_of(campaign), subject="Too late")

    with pytest.raises(compose.Frozen):
        compose.save(session, workspace.id, campaign.id, changed, revision=campaign.revision, now=NOON)
    with pytest.raises(compose.Frozen):
        deletion.delete(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)


def test_a_source_beyond_all_measure_is_refused(session, workspace):
    with pytest.raises(drafts.SourceTooLarge):
        a_campaign(session, workspace, source="x" * 300_000)


def test_a_copy_is_a_draft_again(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    schedule.launch(session, workspace.id, campaign.id, now=NOON)

    copied = compose.copy(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)

    assert (copied.state, copied.send_id, copied.subject) == ("draft", None, "Spring is here")
