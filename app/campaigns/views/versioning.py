"""The page of a draft's variants, languages and holdout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.campaigns import compose, contents, removals, variants
from app.campaigns.forms import VersionsForm, versions_form
from app.campaigns.models import KEYS, Campaign, CampaignState
from app.campaigns.views import words
from app.campaigns.views.blueprint import bp
from app.kernel import ids
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@dataclass(frozen=True)
class Done:
    """Where to go after a change, what to say there, and what takes it back."""

    url: str
    message: str
    undo: PageLink | None = None


@bp.get("/campaigns/<int:campaign_id>/versions")
@guard.role("marketer")
def versions(campaign_id: int) -> ResponseReturnValue:
    """Show the variants with their shares, the languages, and the holdout."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        if campaign.state != CampaignState.DRAFT:
            return shell.back(url_for("campaigns.show", campaign_id=campaign_id))
        form = _recorded(session, campaign)
        form.show()
        return _page(session, campaign, form)


@bp.post("/campaigns/<int:campaign_id>/versions")
@guard.role("marketer")
def save_versions(campaign_id: int) -> ResponseReturnValue:
    """Keep names, shares and the holdout."""
    there = url_for("campaigns.versions", campaign_id=campaign_id)
    return _change(campaign_id, lambda _session, _now: Done(there, _("Draft saved.")))


@bp.post("/campaigns/<int:campaign_id>/variants")
@guard.role("marketer")
def add_variant(campaign_id: int) -> ResponseReturnValue:
    """Add a variant, and go on writing in it."""

    def add(session: Session, now: datetime) -> Done:
        like = request.values.get("content", type=ids.read)
        content = variants.add(session, g.workspace.id, campaign_id, like=like, now=now)
        message = _("The new variant is a copy. Change in it what you want to test.")
        return Done(_editor(campaign_id, content.id), message)

    return _change(campaign_id, add)


@bp.post("/campaigns/<int:campaign_id>/variants/<int:variant_id>/remove")
@guard.role("marketer")
def remove_variant(campaign_id: int, variant_id: int) -> ResponseReturnValue:
    """Remove a variant with all it says, and offer to bring it back."""

    def remove(session: Session, now: datetime) -> Done:
        again = removals.remove(session, g.workspace.id, campaign_id, variant_id, staff_id=g.staff.id, now=now)
        return Done(url_for("campaigns.versions", campaign_id=campaign_id), _("The variant is removed."), again)

    return _change(campaign_id, remove)


@bp.post("/campaigns/<int:campaign_id>/languages")
@guard.role("marketer")
def add_language(campaign_id: int) -> ResponseReturnValue:
    """Add a language to every variant, and go on writing in it."""

    def add(session: Session, now: datetime) -> Done:
        language = request.form.get("add_language", "")
        content = variants.add_language(session, g.workspace.id, campaign_id, language, now=now)
        message = _("This is a copy to translate, one for each variant.")
        return Done(_editor(campaign_id, content.id), message)

    return _change(campaign_id, add)


@bp.post("/campaigns/<int:campaign_id>/languages/remove")
@guard.role("marketer")
def remove_language(campaign_id: int) -> ResponseReturnValue:
    """Remove what all variants say in a language, and offer to bring it back."""

    def remove(session: Session, now: datetime) -> Done:
        language = request.form.get("remove", "")
        again = removals.remove_language(session, g.workspace.id, campaign_id, language, staff_id=g.staff.id, now=now)
        return Done(url_for("campaigns.versions", campaign_id=campaign_id), _("The language is removed."), again)

    return _change(campaign_id, remove)


def _change(campaign_id: int, act: Callable[[Session, datetime], Done]) -> ResponseReturnValue:
    """Keep what was typed, then act; whatever is wrong is said at its place, and nothing typed is lost."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        campaign = compose.draft_to_change(session, g.workspace.id, campaign_id)
        form = versions_form(variants.of_campaign(session, campaign))
        form.offer(variants.languages(contents.of_campaign(session, campaign)))
        if not form.validate():
            return _page(session, campaign, form), 422
        form.rebase(_recorded(session, campaign))
        variants.save(session, g.workspace.id, campaign_id, form.split(), now=now)
        try:
            done = act(session, now)
        except Refusal as refusal:
            form.refuse(refusal)
            return _page(session, campaign, form), refusal.status
    return shell.back(done.url, done.message, undo=done.undo)


def _recorded(session: Session, campaign: Campaign) -> VersionsForm:
    known = variants.of_campaign(session, campaign)
    form = versions_form(known, formdata=None)
    form.fill(known, campaign.holdout_percent)
    form.offer(variants.languages(contents.of_campaign(session, campaign)))
    return form


def _page(session: Session, campaign: Campaign, form: VersionsForm) -> str:
    found = contents.of_campaign(session, campaign)
    firsts: dict[int, dict[str, Any]] = {}
    for each in found:
        firsts.setdefault(each.variant.id, {"variant": each.variant, "content_id": each.content.id, "form": form})
    weights = [first["variant"].weight for first in firsts.values()]
    return shell.page(
        "campaigns/versions.html",
        campaign=campaign,
        form=form,
        variants=list(firsts.values()),
        languages=[(code, words.language_name(code)) for code in variants.languages(found)],
        default_language=words.language_name(campaign.language),
        may_add=len(firsts) < len(KEYS),
        content_id=request.values.get("content", type=ids.read) or found[0].content.id,
        off_by=sum(weights) if len(weights) > 1 and sum(weights) != 100 else None,
    )


def _editor(campaign_id: int, content_id: int) -> str:
    return url_for("campaigns.show", campaign_id=campaign_id, content=content_id) + "#content"
