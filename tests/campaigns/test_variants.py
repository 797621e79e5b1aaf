"""Variants and languages of a draft: copies that are written apart, with nothing lost and everything undoable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.accounts import undo
from app.campaigns import compose, contents, deletion, drafts, removals, variants
from app.campaigns.compose import Edit
from app.campaigns.drafts import ContentDraft
from app.campaigns.launch import split
from app.campaigns.studio import preflight
from app.campaigns.variants import Split, VariantDraft
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, content_of, launch, said_by, versions_of
from tests.factories.consent import consented_customer


def weights(session, campaign) -> dict[str, int]:
    return {each.key: each.weight for each in variants.of_campaign(session, campaign)}


def test_a_new_variant_says_the_same_in_every_language_and_takes_an_even_share(session, workspace):
    campaign = a_campaign(session, workspace)
    variants.add_language(session, workspace.id, campaign.id, "zh", now=NOON)
    chinese = next(each.content for each in versions_of(session, campaign) if each.content.language == "zh")

    made = variants.add(session, workspace.id, campaign.id, like=chinese.id, now=NOON)

    assert made.language == "zh"
    assert said_by(session, campaign) == {
        (key, language): "Spring is here" for key in ("A", "B") for language in ("en", "zh")
    }
    assert weights(session, campaign) == {"A": 50, "B": 50}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_even_shares_make_a_hundred(session, workspace, count):
    campaign = a_campaign(session, workspace)
    for _ in range(count - 1):
        variants.add(session, workspace.id, campaign.id, now=NOON)

    shares = weights(session, campaign).values()

    assert sum(shares) == 100
    assert max(shares) - min(shares) <= 1


def test_there_are_bounds(session, workspace):
    campaign = a_campaign(session, workspace)
    for _ in range(4):
        variants.add(session, workspace.id, campaign.id, now=NOON)
    for language in ("zh", "de", "fr", "es", "ar", "it", "nl", "pl", "pt"):
        variants.add_language(session, workspace.id, campaign.id, language, now=NOON)

    with pytest.raises(variants.TooManyVariants):
        variants.add(session, workspace.id, campaign.id, now=NOON)
    with pytest.raises(variants.TooManyLanguages):
        variants.add_language(session, workspace.id, campaign.id, "sv", now=NOON)
    assert len(versions_of(session, campaign)) == 50


@pytest.mark.parametrize("language", ["", "en", "x", "DROP TABLE", "zh\n", "zh-", "\0"])
def test_only_a_language_that_is_not_there_yet_is_added(session, workspace, language):
    campaign = a_campaign(session, workspace)

    with pytest.raises(variants.LanguageUnknown):
        variants.add_language(session, workspace.id, campaign.id, language, now=NOON)


def test_a_language_is_there_in_capitals_or_not(session, workspace):
    campaign = a_campaign(session, workspace)
    variants.add_language(session, workspace.id, campaign.id, "pt-BR", now=NOON)

    with pytest.raises(variants.LanguageUnknown):
        variants.add_language(session, workspace.id, campaign.id, "pt-br", now=NOON)
    compose.save(session, workspace.id, campaign.id,
                 Edit(replace(drafts.draft_of(campaign), language="pt-br"), campaign.revision), now=NOON)  # fmt: skip
    assert campaign.language == "pt-BR"
    assert [language for _key, language in said_by(session, campaign)] == ["pt-BR", "en"]


def test_the_last_variant_and_the_default_language_stay(session, workspace):
    campaign = a_campaign(session, workspace)
    (only,) = variants.of_campaign(session, campaign)

    with pytest.raises(removals.StillNeeded):
        removals.remove(session, workspace.id, campaign.id, only.id, staff_id=workspace.owner_id, now=NOON)
    with pytest.raises(removals.StillNeeded):
        removals.remove_language(session, workspace.id, campaign.id, "en", staff_id=workspace.owner_id, now=NOON)


def test_a_removed_variant_comes_back_with_its_words_name_and_share(session, workspace):
    campaign = a_campaign(session, workspace)
    content = variants.add(session, workspace.id, campaign.id, now=NOON)
    a, b = variants.of_campaign(session, campaign)
    drafted = (VariantDraft(a.id, "", 30), VariantDraft(b.id, "Short", 70))
    variants.save(session, workspace.id, campaign.id, Split(drafted, 10), now=NOON)
    said = ContentDraft("html", "Other", "", "<p>Hi</p>")
    compose.save(session, workspace.id, campaign.id, Edit(content_id=content.id, content=said, content_revision=1),
                 now=NOON)  # fmt: skip

    again = removals.remove(session, workspace.id, campaign.id, b.id, staff_id=workspace.owner_id, now=NOON)
    assert weights(session, campaign) == {"A": 100}
    variants.add_language(session, workspace.id, campaign.id, "zh", now=NOON)
    take_back(session, workspace, again)

    assert weights(session, campaign) == {"A": 30, "B": 70}
    assert variants.of_campaign(session, campaign)[1].name == "Short"
    assert said_by(session, campaign)["B", "en"] == said_by(session, campaign)["B", "zh"] == "Other"


def test_shares_chosen_after_a_removal_are_kept_when_it_is_taken_back(session, workspace):
    """Whoever presses Undo brings a variant back, and takes nothing from a colleague."""
    campaign = a_campaign(session, workspace)
    for _ in range(2):
        variants.add(session, workspace.id, campaign.id, now=NOON)
    a, b, c = variants.of_campaign(session, campaign)
    again = removals.remove(session, workspace.id, campaign.id, c.id, staff_id=workspace.owner_id, now=NOON)
    drafted = (VariantDraft(a.id, "", 80), VariantDraft(b.id, "", 20))
    variants.save(session, workspace.id, campaign.id, Split(drafted, 0), now=NOON)

    take_back(session, workspace, again)

    assert weights(session, campaign) == {"A": 80, "B": 20, "C": 0}


def test_an_even_split_is_done_anew_when_another_variant_went_as_well(session, workspace):
    campaign = a_campaign(session, workspace)
    for _ in range(2):
        variants.add(session, workspace.id, campaign.id, now=NOON)
    _a, b, c = variants.of_campaign(session, campaign)
    again = removals.remove(session, workspace.id, campaign.id, c.id, staff_id=workspace.owner_id, now=NOON)
    removals.remove(session, workspace.id, campaign.id, b.id, staff_id=workspace.owner_id, now=NOON)

    take_back(session, workspace, again)

    assert weights(session, campaign) == {"A": 50, "C": 50}


def test_a_variant_does_not_come_back_into_a_taken_place(session, workspace):
    campaign = a_campaign(session, workspace)
    variants.add(session, workspace.id, campaign.id, now=NOON)
    b = variants.of_campaign(session, campaign)[1]
    again = removals.remove(session, workspace.id, campaign.id, b.id, staff_id=workspace.owner_id, now=NOON)
    variants.add(session, workspace.id, campaign.id, now=NOON)

    with pytest.raises(removals.ChangedSince):
        take_back(session, workspace, again)


def test_a_removed_language_comes_back_to_the_variants_there_are(session, workspace):
    campaign = a_campaign(session, workspace)
    chinese = variants.add_language(session, workspace.id, campaign.id, "zh", now=NOON)
    said = ContentDraft("markdown", "春天来了", "", "# 您好")
    compose.save(session, workspace.id, campaign.id, Edit(content_id=chinese.id, content=said, content_revision=1),
                 now=NOON)  # fmt: skip
    again = removals.remove_language(session, workspace.id, campaign.id, "zh", staff_id=workspace.owner_id, now=NOON)
    variants.add(session, workspace.id, campaign.id, now=NOON)

    take_back(session, workspace, again)

    assert said_by(session, campaign)["A", "zh"] == "春天来了"
    assert said_by(session, campaign)["B", "zh"] == "Spring is here"


def test_two_people_in_two_variants_lose_nothing(session, workspace):
    """Each content has a revision of its own; what one of them writes is in nobody else's way."""
    campaign = a_campaign(session, workspace)
    b = variants.add(session, workspace.id, campaign.id, now=NOON)
    a = content_of(session, campaign)
    for content, subject in ((a, "Mine"), (b, "Yours"), (a, "Mine again")):
        said = ContentDraft("markdown", subject, "", "# Hi")
        edit = Edit(content_id=content.id, content=said, content_revision=content.revision)
        compose.save(session, workspace.id, campaign.id, edit, now=NOON)

    assert said_by(session, campaign) == {("A", "en"): "Mine again", ("B", "en"): "Yours"}


def test_a_content_of_another_campaign_is_not_written(session, workspace):
    mine, other = a_campaign(session, workspace), a_campaign(session, workspace)
    said = ContentDraft("markdown", "Stolen", "", "# Hi")
    edit = Edit(content_id=content_of(session, other).id, content=said, content_revision=1)

    with pytest.raises(NotFound):
        compose.save(session, workspace.id, mine.id, edit, now=NOON)


def test_a_copy_and_a_restored_draft_have_every_variant_and_language(session, workspace):
    campaign = a_campaign(session, workspace, holdout_percent=5)
    variants.add_language(session, workspace.id, campaign.id, "zh", now=NOON)
    variants.add(session, workspace.id, campaign.id, now=NOON)
    said = said_by(session, campaign)

    copied = compose.copy(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    again = deletion.delete(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    restored = take_back(session, workspace, again)

    assert (said_by(session, copied), copied.holdout_percent, len(said)) == (said, 5, 4)
    back = compose.get(session, workspace.id, campaign.id)
    assert restored.page == page_links.to("campaigns.show", campaign_id=campaign.id)
    assert (said_by(session, back), weights(session, back), back.holdout_percent) == (said, {"A": 50, "B": 50}, 5)


def test_shares_that_do_not_add_up_are_an_error(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    variants.add(session, workspace.id, campaign.id, now=NOON)
    a, b = variants.of_campaign(session, campaign)
    drafted = (VariantDraft(a.id, "", 60), VariantDraft(b.id, "", 30))
    variants.save(session, workspace.id, campaign.id, Split(drafted, 0), now=NOON)

    with pytest.raises(preflight.NotReady, match="add up to 90 %"):
        launch(session, workspace, campaign.id)


def test_every_content_is_checked_and_named(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    b = variants.add(session, workspace.id, campaign.id, now=NOON)
    said = ContentDraft("markdown", "", "Hi", "# Hi")
    compose.save(session, workspace.id, campaign.id, Edit(content_id=b.id, content=said, content_revision=1), now=NOON)

    checks = preflight.inspect(session, campaign, audience=None, public_url="https://m.example")

    found = [check.version.variant.key for check in checks if check.msgid == "The subject is empty." and check.version]
    assert found == ["B"]


def test_what_was_reviewed_is_out_of_date_after_any_change(session, workspace):
    campaign = a_campaign(session, workspace)
    seen = [campaign.revision]
    variants.add(session, workspace.id, campaign.id, now=NOON)
    seen.append(campaign.revision)
    variants.add_language(session, workspace.id, campaign.id, "de", now=NOON)
    seen.append(campaign.revision)
    a, b = variants.of_campaign(session, campaign)
    for holdout in (0, 20, 20):
        drafted = (VariantDraft(a.id, "", 50), VariantDraft(b.id, "", 50))
        variants.save(session, workspace.id, campaign.id, Split(drafted, holdout), now=NOON)
        seen.append(campaign.revision)

    assert seen == [1, 2, 3, 3, 4, 4]


def test_what_was_launched_keeps_its_variants(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    launch(session, workspace, campaign.id)

    with pytest.raises(compose.Frozen):
        variants.add(session, workspace.id, campaign.id, now=NOON)
    with pytest.raises(compose.Frozen):
        variants.add_language(session, workspace.id, campaign.id, "zh", now=NOON)
    with pytest.raises(compose.Frozen):
        variants.save(session, workspace.id, campaign.id, Split((), 10), now=NOON)


def test_another_language_of_the_only_content_is_the_language_it_is_written_in(session, workspace):
    campaign = a_campaign(session, workspace)
    draft = replace(drafts.draft_of(campaign), language="de")

    compose.save(session, workspace.id, campaign.id, Edit(draft, campaign.revision), now=NOON)

    assert list(said_by(session, campaign)) == [("A", "de")]


def test_people_are_divided_by_share_language_and_holdout(session, workspace):
    campaign = a_campaign(session, workspace)
    variants.add_language(session, workspace.id, campaign.id, "zh", now=NOON)
    variants.add(session, workspace.id, campaign.id, now=NOON)
    versions = contents.of_campaign(session, campaign)

    found = split.divide(versions, {None: 10, "en": 50, "fr": 20, "zh": 100, "zh-hant": 20}, 10)

    people = {(part.version.variant.key, part.version.content.language): part.people for part in found.parts}
    assert people == {("A", "en"): 36, ("B", "en"): 36, ("A", "zh"): 54, ("B", "zh"): 54}
    assert found.held_out == 20


def take_back(session, workspace, again: PageLink) -> undo.Restored:
    """Press undo."""
    kind, kept = undo.take(session, workspace.id, again.values["step_id"], staff_id=workspace.owner_id, now=NOON)
    return kind.restore(session, workspace.id, kept, staff_id=workspace.owner_id, now=NOON)
