"""The library of images: its grid, the dialog editors choose from, one image with its tools."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.brands import images, media, pictures
from app.brands.forms import CropForm, ImageForm
from app.brands.images import PAGE, Stored
from app.brands.models import Image
from app.brands.pictures import LARGEST_UPLOAD, Crop
from app.brands.views.blueprint import bp
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import errors, guard, shell

# What surrounds the file in a request.
_FRAME_BYTES = 64 * 1024


@bp.get("/images")
@guard.role("viewer")
def list_images() -> ResponseReturnValue:
    """Show the library, narrowed by the words `q`; `after` is where an older page begins."""
    words = request.args.get("q", "").strip()[:200]
    values = _listed(words)
    if shell.is_live():
        return shell.page("brands/image_cards.html", **values)
    return shell.page("brands/images.html", largest=LARGEST_UPLOAD, **values)


@bp.get("/images/pick")
@guard.role("viewer")
def pick_image() -> ResponseReturnValue:
    """Answer the dialog of an editor: images as buttons that carry what the editor needs of each."""
    words = request.args.get("search", "").strip()[:200]
    return shell.page("brands/pick.html", endpoint="brands.pick_image", **_listed(words))


@bp.post("/images")
@guard.accepts_up_to(LARGEST_UPLOAD + _FRAME_BYTES)
@guard.role("marketer")
def add_images() -> ResponseReturnValue:
    """Add the pictures sent as `file`; a program is answered in JSON, with one picture for each request."""
    sent = [(each.filename or "", each.read(LARGEST_UPLOAD + 1)) for each in request.files.getlist("file")]
    try:
        added = _added([(name, data) for name, data in sent if name or data], request.form.get("alt", ""))
    except Refusal as refusal:
        if _wants_json():
            return jsonify({"error": errors.say(refusal)}), refusal.status
        values = {**_listed(""), "largest": LARGEST_UPLOAD, "refused": errors.say(refusal)}
        return shell.page("brands/images.html", **values), refusal.status
    if _wants_json():
        return jsonify(_described(added[0])), 201
    said = ngettext("%(num)s image added.", "%(num)s images added.", len(added))
    return shell.back(url_for("brands.list_images"), said)


@bp.get("/images/<int:image_id>")
@guard.role("viewer")
def show_image(image_id: int) -> ResponseReturnValue:
    """Show one image with what can be done with it."""
    with services().database.transaction(g.workspace.id) as session:
        image = images.image_of(session, g.workspace.id, image_id)
    return _page(image, ImageForm(formdata=None, obj=image), CropForm(formdata=None))


@bp.post("/images/<int:image_id>")
@guard.role("marketer")
def change_image(image_id: int) -> ResponseReturnValue:
    """Keep name, alternative text and focal point."""
    form, staff_id, now = ImageForm(), g.staff.id, services().clock.now()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                images.rename(session, g.workspace.id, image_id, form.name.data, staff_id=staff_id, now=now)
                images.set_alt(session, g.workspace.id, image_id, form.alt.data, staff_id=staff_id, now=now)
                images.set_focal(session, g.workspace.id, image_id, form.focal_x.data, form.focal_y.data)
            return shell.back(url_for("brands.list_images"), _("Image saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _again(image_id, form=form)


@bp.post("/images/<int:image_id>/alt")
@guard.role("marketer")
def set_alt(image_id: int) -> ResponseReturnValue:
    """Keep the alternative text that is asked for right after an upload."""
    alt, now = request.form.get("alt", ""), services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        image = images.set_alt(session, g.workspace.id, image_id, alt, staff_id=g.staff.id, now=now)
        return jsonify(_described(image))


@bp.post("/images/<int:image_id>/crop")
@guard.role("marketer")
def crop_image(image_id: int) -> ResponseReturnValue:
    """Keep a part of the image."""
    form = CropForm()
    try:
        if form.validate():
            part = Crop(form.left.data, form.top.data, form.width.data, form.height.data)
            made = _cropped(image_id, part)
            return _exchanged(image_id, made, _("Image cropped."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _again(image_id, cropping=form)


@bp.post("/images/<int:image_id>/replace")
@guard.accepts_up_to(LARGEST_UPLOAD + _FRAME_BYTES)
@guard.role("marketer")
def replace_image(image_id: int) -> ResponseReturnValue:
    """Let the image be another picture."""
    sent = request.files.get("file")
    form = ImageForm(formdata=None)
    try:
        encoded = pictures.encode(sent.read(LARGEST_UPLOAD + 1) if sent else b"")
        return _exchanged(image_id, images.store_picture(_store(), encoded), _("Image replaced."))
    except Refusal as refusal:
        form.refuse(Refusal(refusal.message, **refusal.values))
    return _again(image_id, refused=form.form_errors)


@bp.post("/images/<int:image_id>/remove")
@guard.role("marketer")
def remove_image(image_id: int) -> ResponseReturnValue:
    """Take the image out of the library."""
    with services().database.transaction(g.workspace.id) as session:
        again = images.remove_image(session, g.workspace.id, image_id, staff_id=g.staff.id, now=services().clock.now())
    said = _("Image removed. Mails that show it go on showing it.")
    return shell.back(url_for("brands.list_images"), said, undo=again)


def _store() -> media.Store:
    return media.of(services().settings)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _url(image: Image) -> str:
    return url_for("brands.show_file", file_name=images.file_name(image))


def _described(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "url": images.image_url(services().settings.public_url, image),
        "name": image.name,
        "alt": image.alt,
        "width": image.width,
        "height": image.height,
        "bytes": image.bytes,
        "page": url_for("brands.show_image", image_id=image.id),
    }


def _listed(words: str) -> dict[str, Any]:
    after = request.args.get("after", 0, type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        found = images.find_images(session, g.workspace.id, words, PAGE, after)
    return {
        "images": found,
        "words": words,
        "after": after,
        "last": found[-1].id if len(found) == PAGE else None,
        "url_of": _url,
        "mail_url_of": lambda image: images.image_url(services().settings.public_url, image),
    }


def _added(sent: list[tuple[str, bytes]], alt: str) -> list[Image]:
    if not sent:
        raise pictures.PictureRefused(pictures.NO_FILE, field="file")
    stored = [(name, images.store_picture(_store(), pictures.encode(data))) for name, data in sent]
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        return [
            images.add(session, g.workspace.id, each, name, alt=alt, staff_id=g.staff.id, now=now)
            for name, each in stored
        ]


def _cropped(image_id: int, part: Crop) -> Stored:
    with services().database.transaction(g.workspace.id) as session:
        image = images.image_of(session, g.workspace.id, image_id)
    return images.cropped(_store(), image, part)


def _exchanged(image_id: int, made: Stored, said: str) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id) as session:
        again = images.replace(session, g.workspace.id, image_id, made, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("brands.show_image", image_id=image_id), said, undo=again)


def _again(
    image_id: int, *, form: ImageForm | None = None, cropping: CropForm | None = None, refused: list[str] | None = None
) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id) as session:
        image = images.image_of(session, g.workspace.id, image_id)
    shown = form or ImageForm(formdata=None, obj=image)
    return _page(image, shown, cropping or CropForm(formdata=None), refused), 422


def _page(image: Image, form: ImageForm, cropping: CropForm, refused: list[str] | None = None) -> str:
    mail_url = images.image_url(services().settings.public_url, image)
    values = {"image": image, "form": form, "cropping": cropping, "refused": refused or []}
    return shell.page("brands/image.html", url=_url(image), mail_url=mail_url, **values)
