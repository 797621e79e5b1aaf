"""Images and the look of mails: parse, one transaction, one action, answer."""

from __future__ import annotations

from flask import Response, g, request

from app.api import problems
from app.api.v1 import brand
from app.api.v1.brand_schemas import BrandIn, ImageChangeIn
from app.api.views.blueprint import answer, bp, once, read, require_pace
from app.brands import images, media, pictures
from app.brands.pictures import LARGEST_UPLOAD
from app.kernel import ids
from app.kernel.services import services
from app.web import guard

# What surrounds the file in a request.
_FRAME_BYTES = 64 * 1024


@bp.get("/api/v1/brand")
@guard.api_key
def read_brand() -> Response:
    """Read the brand kit."""
    require_pace()
    with services().database.transaction(g.workspace_id) as session:
        return answer(brand.read_brand(session, g.workspace_id))


@bp.put("/api/v1/brand")
@guard.api_key
def change_brand() -> Response:
    """Change the brand kit."""
    given, now = read(BrandIn), services().clock.now()
    with services().database.transaction(g.workspace_id) as session:
        return answer(brand.change_brand(session, g.workspace_id, given, now=now))


@bp.post("/api/v1/images")
@guard.accepts_up_to(LARGEST_UPLOAD + _FRAME_BYTES)
@guard.api_key
def add_image() -> Response:
    """Add an image to the library."""
    require_pace()
    if request.mimetype != "multipart/form-data":
        raise problems.WrongMedia
    # What is repeated is told by the whole body, which is read before the form is.
    request.get_data()
    file = request.files.get("file")
    data = file.read(LARGEST_UPLOAD + 1) if file else b""
    stored = images.store_picture(media.of(services().settings), pictures.encode(data))
    name, alt = (file.filename or "" if file else ""), request.form.get("alt", "")
    workspace_id, now = g.workspace_id, services().clock.now()
    return once(lambda session: brand.add_image(session, workspace_id, stored, name, alt, _public_url(), now=now))


@bp.get("/api/v1/images")
@guard.api_key
def list_images() -> Response:
    """List the images of the library."""
    require_pace()
    words, after = request.args.get("search", ""), request.args.get("after", 0, type=ids.read)
    with services().database.transaction(g.workspace_id) as session:
        return answer(brand.list_images(session, g.workspace_id, words, after, _public_url()))


@bp.get("/api/v1/images/<int(max=9007199254740992):image_id>")
@guard.api_key
def read_image(image_id: int) -> Response:
    """Read an image."""
    require_pace()
    with services().database.transaction(g.workspace_id) as session:
        return answer(brand.described(images.image_of(session, g.workspace_id, image_id), _public_url()))


@bp.patch("/api/v1/images/<int(max=9007199254740992):image_id>")
@guard.api_key
def change_image(image_id: int) -> Response:
    """Say what an image shows."""
    given, now = read(ImageChangeIn), services().clock.now()
    with services().database.transaction(g.workspace_id) as session:
        return answer(brand.change_image(session, g.workspace_id, image_id, given, _public_url(), now=now))


@bp.delete("/api/v1/images/<int(max=9007199254740992):image_id>")
@guard.api_key
def remove_image(image_id: int) -> Response:
    """Take an image out of the library."""
    require_pace()
    now = services().clock.now()
    with services().database.transaction(g.workspace_id) as session:
        image = images.drop(session, g.workspace_id, image_id, staff_id=None, now=now)
        return answer(brand.described(image, _public_url()))


def _public_url() -> str:
    return services().settings.public_url
