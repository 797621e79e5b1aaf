"""Ways a view responds: a page, a redirect with a message, a side panel, a framed preview."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, flash, get_flashed_messages, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from app.kernel.page_links import PageLink
from app.web import language
from app.web.requests import masking, security

framed = security.framed
public_file = security.public_file
canvas = security.canvas


def page(template: str, **values: Any) -> str:
    """Return a page (its template extends web/shell.html or web/public.html)."""
    return render_template(template, **values)


def public_page(template: str, *, sender: str, language_code: str | None = None, **values: Any) -> str:
    """Return a customer's page: in their language, under the sender's name."""
    language.use(language_code)
    return render_template(template, sender=sender, **values)


def side_panel(template: str, *, behind: str, title: str, **values: Any) -> str:
    """Return the inside of the side panel, or a whole page when the URL is opened by itself.

    `template` holds `{% call ui.panel(...) %}` only; `behind` is the list's URL, where closing leads.
    """
    inside = Markup(render_template(template, **values))  # noqa: S704 - rendered, hence escaped
    if is_live():
        return inside
    return render_template("web/panel_page.html", inside=inside, behind=behind, title=title)


def address(link: PageLink | str) -> str:
    """Return where a page is in this installation; an address stays what it is."""
    return link if isinstance(link, str) else url_for(link.endpoint, **link.values)


def back(
    there: PageLink | str, message: Any = None, *, tone: str = "success", undo: PageLink | str | None = None
) -> BaseResponse:
    """Lead on to a page and say there what was done; `undo` takes it back when posted to."""
    if message:
        toast(message, tone=tone, undo=undo)
    if is_live():
        return Response(status=204, headers={"HX-Redirect": address(there)})
    return redirect(address(there), 303)


def toast(message: Any, *, tone: str = "info", undo: PageLink | str | None = None) -> None:
    """Say this on the next page shown."""
    said = {"message": masking.text(str(message)), "tone": tone, "undo": address(undo) if undo else None}
    flash(said, "toast")  # type: ignore[arg-type]


def toasts() -> list[dict[str, Any]]:
    """Return what is to be said now; each is said once."""
    return [cast("dict[str, Any]", item) for item in get_flashed_messages(category_filter=["toast"])]


def is_live() -> bool:
    """Say whether htmx asks for a piece, rather than the browser for a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"
