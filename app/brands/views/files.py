"""Serves the files of images to whoever shows a mail: without a cookie, and without the database."""

from __future__ import annotations

from flask import Response, abort

from app.brands import media
from app.brands.pictures import MEDIA_TYPES
from app.brands.views.blueprint import bp
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/i/<file_name>")
@guard.public("Mailboxes show the pictures of mails to people who are not signed in.")
def show_file(file_name: str) -> Response:
    """Answer with the file of this name."""
    if not media.is_name(file_name):
        abort(404)
    try:
        data = media.read_held(services().settings.media, file_name)
    except FileNotFoundError:
        abort(404)
    return shell.public_file(data, MEDIA_TYPES[file_name.rpartition(".")[2]], name=file_name)
