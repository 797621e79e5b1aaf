"""The brand kit: its form with a sample mail beside it, and what a web page suggests for it."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.brands import contrast, fetching, images, kit, media, pictures, web_page
from app.brands.fetching import Fetcher
from app.brands.forms import BrandForm, PageForm
from app.brands.kit import COLORS, FONTS, NETWORKS, BrandKit, KitRefused
from app.brands.models import Image
from app.brands.views.blueprint import bp
from app.brands.web_page import Suggestions
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import errors, guard, shell


@bp.get("/brand")
@guard.role("viewer")
def show_brand() -> ResponseReturnValue:
    """Show the brand kit with a sample of how mails look."""
    with services().database.transaction(g.workspace.id) as session:
        form = BrandForm.of(kit.kit_of(session, g.workspace.id))
    form.show()
    return _page(form)


@bp.post("/brand")
@guard.role("marketer")
def change_brand() -> ResponseReturnValue:
    """Keep the brand kit as filled in."""
    form = BrandForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                form.rebase(BrandForm.of(kit.hold(session, g.workspace.id)))
                kit.save_kit(session, g.workspace.id, form.kit(), staff_id=g.staff.id, now=services().clock.now())
            return shell.back(url_for("brands.show_brand"), _("Brand kit saved. The next mails look so."))
    except KitRefused as refusal:
        form.refuse(Refusal(refusal.message, field=_field(refusal.field), **refusal.values))
    return _page(form), 422


@bp.post("/brand/read")
@guard.role("marketer")
def read_page() -> ResponseReturnValue:
    """Read a web page, and suggest what it shows."""
    asked = PageForm()
    with services().database.transaction(g.workspace.id) as session:
        form = BrandForm.of(kit.kit_of(session, g.workspace.id))
    form.show()
    try:
        if asked.validate():
            return _page(form, asked=asked, found=web_page.read(asked.url.data or "", _fetcher()))
    except Refusal as refusal:
        asked.refuse(refusal)
    return _page(form, asked=asked), 422


@bp.post("/brand/logo")
@guard.role("marketer")
def take_logo() -> ResponseReturnValue:
    """Add a suggested logo to the library; the form names it when it is saved."""
    try:
        fetched = _fetcher().fetch(request.form.get("url", ""), most_bytes=pictures.LARGEST_UPLOAD)
        stored = images.store_picture(media.of(services().settings), pictures.encode(fetched.data, width=600))
    except Refusal as refusal:
        return jsonify({"error": errors.say(refusal)}), 422
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        image = images.add(session, g.workspace.id, stored, "Logo", staff_id=g.staff.id, now=now)
        return jsonify({"id": image.id, "url": _file_url(image)}), 201


@bp.get("/brand/sample")
@guard.role("viewer")
def show_sample() -> ResponseReturnValue:
    """Answer a sample mail in the look of the address's values, light or `dark`, for a frame of the page."""
    with services().database.transaction(g.workspace.id) as session:
        look = _asked_look(kit.kit_of(session, g.workspace.id))
        logo = images.find(session, g.workspace.id, look.logo_image_id) if look.logo_image_id else None
    values = {
        "kit": look,
        "is_dark": request.args.get("theme") == "dark",
        "logo_url": _file_url(logo) if logo else None,
        "fonts": FONTS,
        "networks": NETWORKS,
        "dark_button": contrast.on(look.primary),
        "sender": g.workspace.name,
    }
    return shell.framed(render_template("brands/sample.html", **values))


def _asked_look(stored: BrandKit) -> BrandKit:
    """Return the kit with what the form says now; what is no value of its kind is as it was."""
    form = BrandForm(request.args)
    asked = form.kit()
    colors = {name: getattr(asked, name) for name in COLORS if contrast.is_color(getattr(asked, name))}
    if "button_radius" not in request.args:
        return stored
    return BrandKit(
        **{
            **stored.colors,
            **colors,
            "logo_image_id": asked.logo_image_id,
            "logo_alt": asked.logo_alt,
            "heading_font": asked.heading_font if asked.heading_font in FONTS else stored.heading_font,
            "body_font": asked.body_font if asked.body_font in FONTS else stored.body_font,
            "button_radius": min(max(asked.button_radius, 0), kit.WIDEST_RADIUS),
            "social": asked.social[: kit.MOST_SOCIAL],
            "footer_text": asked.footer_text[:2000],
        }
    )


def _field(name: str | None) -> str | None:
    return "social_links" if name == "social" else name


def _fetcher() -> Fetcher:
    return fetching.within(may_be_private=services().settings.allow_private_relays)


def _file_url(image: Image) -> str:
    return url_for("brands.show_file", file_name=images.file_name(image))


def _page(form: BrandForm, *, asked: PageForm | None = None, found: Suggestions | None = None) -> str:
    logo_id = form.kit().logo_image_id
    with services().database.transaction(g.workspace.id) as session:
        logo = images.find(session, g.workspace.id, logo_id) if logo_id else None
    values: dict[str, Any] = {
        "form": form,
        "asked": asked or PageForm(formdata=None),
        "found": found,
        "networks": NETWORKS,
        "logo_url": _file_url(logo) if logo else None,
    }
    return shell.page("brands/brand.html", **values)
