"""The frame's own pages: home, search, what it looks like, language and theme, built files."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from app.kernel.services import services
from app.web import files, guard, language, navigation, panels, shell
from app.web.components import announcement, showcase

bp = Blueprint("web", __name__, template_folder="templates")
THEMES = ("auto", "light", "dark")
A_YEAR = 365 * 24 * 3600
SHORTEST_SEARCH = 2


@bp.get("/")
@guard.role("viewer")
def home() -> ResponseReturnValue:
    """Show what needs somebody today: the rooms' panels."""
    return shell.page("web/home.html", drawn=services().extensions.get(panels.HomePanels).render(None))


@bp.get("/announcement")
@guard.role("viewer")
def show_announcement() -> ResponseReturnValue:
    """Show what the operator tells everybody; a page that shows work under way hears that it went on."""
    response = make_response(shell.page("web/announcement.html"))
    said = announcement.current()
    share = "" if said is None or said.share is None else str(said.share)
    if request.args.get("was", "") != share:
        response.headers["HX-Trigger"] = "work-went-on"
    return response


@bp.get("/search")
@guard.role("viewer")
def search() -> ResponseReturnValue:
    """Answer the search box with pages, actions and records."""
    text = request.args.get("q", "").strip()[:100]
    hits: list[navigation.Found] = []
    if len(text) >= SHORTEST_SEARCH:
        with services().database.transaction(g.workspace.id) as session:
            hits = navigation.find(session, g.workspace.id, text)
    values = {"text": text, "places": navigation.matching(text), "hits": hits}
    return shell.page("web/search_hits.html" if shell.is_live() else "web/search.html", **values)


@bp.get("/more")
@guard.role("viewer")
def more() -> ResponseReturnValue:
    """Show the places that do not fit into a phone's bar."""
    return shell.page("web/more.html")


@bp.get("/style")
@guard.role("viewer")
def style() -> ResponseReturnValue:
    """Show every component in every state."""
    return shell.page("web/style.html", **showcase.values(services().clock.now()))


@bp.get("/style/preview")
@guard.role("viewer")
def style_preview() -> ResponseReturnValue:
    """Show a mail as a preview frame does."""
    return shell.framed(showcase.MAIL)


@bp.post("/language")
@guard.public("Everybody may read in their own language.")
def choose_language() -> ResponseReturnValue:
    """Remember the language in this browser."""
    return _remembered(language.COOKIE, request.form.get("language", ""), tuple(language.LANGUAGES))


@bp.post("/theme")
@guard.public("Light or dark is nobody's secret.")
def choose_theme() -> ResponseReturnValue:
    """Remember light, dark or as the system says in this browser."""
    return _remembered("theme", request.form.get("theme", ""), THEMES)


@bp.get("/assets/<path:name>")
@guard.public("Style sheets and scripts hold nothing private.")
def asset_file(name: str) -> ResponseReturnValue:
    """Send a built file."""
    return files.send(name)


def _remembered(cookie: str, value: str, known: tuple[str, ...]) -> Response:
    response = make_response(redirect(guard.safe_next(request.form.get("next")), 303))
    if value in known:
        secure = services().settings.is_secure
        response.set_cookie(cookie, value, max_age=A_YEAR, samesite="Lax", secure=secure, httponly=True)
    return response
