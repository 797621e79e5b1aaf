"""Labels of consent methods and their sources, for every page that names them."""

from __future__ import annotations

from flask_babel import gettext as _

from app.consent import words
from app.consent.imports import consents
from app.consent.views.blueprint import bp


@bp.app_template_filter("how")
def say(name: str | None) -> str:
    """Return what a way or a source is called; what a file or a person named stays as they named it."""
    if not name:
        return ""
    if name.startswith(consents.BROUGHT):
        return str(_("Import: %(how)s", how=_(words.method(name.removeprefix(consents.BROUGHT)))))
    kind, _space, rest = name.partition(" ")
    number, _comma, file = rest.partition(", ")
    if kind == "import" and number.isdecimal() and file:
        return str(_("Import %(number)s, file %(file)s", number=number, file=file))
    if kind == "message" and rest.isdecimal():
        return str(_("Mail no. %(number)s", number=rest))
    return str(_(words.method(name)))
