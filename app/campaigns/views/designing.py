"""The visual editor: a content made of blocks, written on the mail itself and saved while one works."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.campaigns import compose, contents, drafts
from app.campaigns.compose import EditedElsewhere
from app.campaigns.contents import Version
from app.campaigns.models import Campaign, CampaignContent, CampaignState
from app.campaigns.studio import designs, preflight, previews
from app.campaigns.views import design_words, words
from app.campaigns.views.blueprint import bp
from app.commerce import products
from app.customers.profiles import fields
from app.kernel import ids
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.rendering.blocks import schema, shelves
from app.rendering.sources.formats import Format
from app.web import errors, guard, shell

MOST_FOUND = 20


@bp.get("/campaigns/<int:campaign_id>/design")
@guard.role("viewer")
def design(campaign_id: int) -> ResponseReturnValue:
    """Show the visual editor of one content."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        versions = contents.of_campaign(session, campaign)
        version = contents.chosen(versions, _content_id())
        if campaign.state != CampaignState.DRAFT or version.content.format != Format.BLOCKS:
            return shell.back(url_for("campaigns.show", campaign_id=campaign.id, content=version.content.id))
        values = {
            "campaign": campaign,
            "content": version.content,
            "tabs": words.tabs(versions, version),
            "data": _data(session, campaign, version),
        }
    return shell.page("campaigns/design.html", **values)


@bp.get("/campaigns/design/canvas")
@guard.role("viewer")
def design_canvas() -> ResponseReturnValue:
    """Answer with the empty page the mail is drawn on."""
    return shell.canvas()


@bp.get("/campaigns/<int:campaign_id>/design/state")
@guard.role("viewer")
def design_state(campaign_id: int) -> ResponseReturnValue:
    """Answer with the content as it is now, or with nothing where it is as the page knows it."""
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        content = contents.chosen(contents.of_campaign(session, campaign), _content_id()).content
        if content.revision == request.args.get("revision", type=ids.read):
            return "", 204
        told = _told(session, campaign, content)
    return jsonify({**told, "source": content.source})


@bp.post("/campaigns/<int:campaign_id>/design/state")
@guard.role("marketer")
def save_design(campaign_id: int) -> ResponseReturnValue:
    """Keep the blocks; answer with the mail and its checks, or with what somebody else saved meanwhile."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict) or not isinstance(given.get("source"), str):
        return jsonify({"message": errors.say(schema.SourceUnreadable(place="JSON", reason="no object"))}), 422
    content_id = _content_id() or 0
    try:
        with services().database.transaction(g.workspace.id) as session:
            designs.save(
                session,
                g.workspace.id,
                campaign_id,
                content_id,
                source=given["source"],
                revision=ids.read(str(given.get("revision"))) or 0,
                now=services().clock.now(),
            )
    except EditedElsewhere:
        return _answer(campaign_id, content_id, 409, with_source=True)
    except NotFound:
        raise
    except Refusal as refusal:
        return jsonify({"message": errors.say(refusal)}), refusal.status
    return _answer(campaign_id, content_id, 200, with_source=False)


@bp.get("/campaigns/products.json")
@guard.role("marketer")
def find_products() -> ResponseReturnValue:
    """Answer with the products whose name or number holds the words."""
    text = drafts.line(request.args.get("q", ""))[:100]
    with services().database.transaction(g.workspace.id, reading=True) as session:
        found = products.search(session, g.workspace.id, text, limit=MOST_FOUND) if text else []
        return jsonify([_product(product, g.workspace.language) for product in found])


def _answer(campaign_id: int, content_id: int, status: int, *, with_source: bool) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id, reading=True) as session:
        campaign = compose.get(session, g.workspace.id, campaign_id)
        content = contents.get(session, campaign, content_id)
        told = _told(session, campaign, content)
        if with_source:
            told["source"] = content.source
    return jsonify(told), status


def _told(session: Session, campaign: Campaign, content: CampaignContent) -> dict[str, Any]:
    """Return what the page shows of a saved content: the mail, what is wrong at its blocks, the products it names."""
    public_url = services().settings.public_url
    mail = schema.read(content.source)
    goods = contents.goods_of(session, workspaces.get(session, campaign.workspace_id), content)
    found = preflight.inspect_content(session, campaign, content, goods=goods, public_url=public_url)
    try:
        html = previews.canvas(session, campaign.workspace_id, content, goods)
    except Refusal:
        html = ""
    named = designs.products_of(session, campaign.workspace_id, mail)
    return {
        "revision": content.revision,
        "html": html,
        "problems": [words.check(each) for each in found],
        "products": [_product(product, content.language) for product in named],
    }


def _data(session: Session, campaign: Campaign, version: Version) -> dict[str, Any]:
    content = version.content
    told = _told(session, campaign, content)
    own = {field.key: field.label for field in fields.list_custom(session, campaign.workspace_id)}
    state = url_for("campaigns.design_state", campaign_id=campaign.id, content=content.id)
    return {
        **told,
        "mail": schema.read(content.source).model_dump(mode="json"),
        "url": state,
        "products_url": url_for("campaigns.find_products"),
        "images_url": url_for("brands.pick_image") if g.role != "viewer" else None,
        "may_write": g.role != "viewer",
        "names": design_words.merge_fields(compose.merge_names(session, campaign.workspace_id), own),
        "condition_fields": design_words.condition_fields(own),
        "words": design_words.of_page(),
    }


def _product(product: Any, language: str) -> dict[str, Any]:
    shown = shelves.good(product, language)
    return {"id": product.id, "name": shown.name, "price": shown.price, "image": shown.image_url}


def _content_id() -> int | None:
    return request.args.get("content", type=ids.read)
