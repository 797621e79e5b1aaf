"""Route guards: every view declares one, or is not registered at all.

Who the staff member is, accounts knows; wiring brings its `Authenticator` here with `connect`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.tokens import Token
from app.kernel.translatable import N_
from app.web.gateway import bodies
from app.web.gateway.gateway import Reach
from app.web.identity import ACCESSES, EXPORTED, MASKED, SHOWN, Authenticator, Identity
from app.web.requests import csrf, masking
from app.web.requests.characters import split_url

__all__ = ["EXPORTED", "MASKED", "SHOWN"]

RANKS = {"viewer": 1, "marketer": 2, "owner": 3}
# What a request of staff or of a program may hold; a view that takes files says so.
MOST_BYTES = 4 * 1024 * 1024
_EXTENSION = "assent.authenticator"
_LOGIN, _HOME = "accounts.login", "web.home"
View = TypeVar("View", bound=Callable[..., Any])


class RoleTooLow(Refusal):
    """The member's role does not reach this page."""

    status = 403
    message = N_("Your role in this workspace does not allow this. An owner can change it under Settings.")


class PersonalDataHidden(Refusal):
    """The membership does not reach so far into personal data."""

    status = 403
    message = N_(
        "Your membership shows personal data masked, so this cannot be done. An owner can change it under Team."
    )


class NotExportable(Refusal):
    """Personal data may be seen by this membership, and not leave in files."""

    status = 403
    message = N_("Your membership may not export personal data. An owner can change it under Team.")


class NoWorkspace(Refusal):
    """Somebody signed in is a member of no workspace."""

    status = 403
    message = N_("You are not a member of any workspace yet. Ask an owner to invite you.")


@dataclass(frozen=True)
class Guard:
    """The metadata on a view: `kind` role | staff | public | token | webhook | api_key, `detail` its role, reason or
    token.
    """

    kind: str
    detail: str
    checks_csrf: bool
    # How far into personal data whoever opens it must reach.
    personal_data: str = MASKED


def connect(app: Flask, authenticator: Authenticator) -> None:
    """Let this authenticator answer who is asking; called once by wiring."""
    app.extensions[_EXTENSION] = authenticator


def role(required: str, *, personal_data: str = MASKED) -> Callable[[View], View]:
    """Open to members of the workspace with at least this role; sets g.staff, g.workspace, g.role.

    What it answers is masked for whoever may not see personal data. Views that change it or hand it out in files say so
    in `personal_data`, and are closed to them.
    """
    rank = RANKS[required]

    def before(_values: dict[str, Any]) -> BaseResponse | None:
        identity = identify()
        if identity is None:
            return to_login()
        if identity.workspace is None or identity.role is None:
            raise NoWorkspace
        if RANKS[identity.role] < rank:
            raise RoleTooLow
        if not _reaches(identity.personal_data, personal_data):
            raise NotExportable if identity.personal_data == SHOWN else PersonalDataHidden
        return None

    return _guarded(Guard("role", required, checks_csrf=True, personal_data=personal_data), before)


def signed_in(view: View) -> View:
    """Open to anybody signed in, with or without a workspace (choosing one, own profile, signing out)."""
    return _guarded(
        Guard("staff", "signed in", checks_csrf=True), lambda values: to_login() if identify() is None else None
    )(view)


def public(why: str, *, checks_csrf: bool = False) -> Callable[[View], View]:
    """Open to everybody, for this reason. Forms that act for a browser's session ask for `checks_csrf`."""
    return _guarded(Guard("public", why, checks_csrf=checks_csrf), lambda values: None)


def token(kind: type[Token], *, checks_csrf: bool = False) -> Callable[[View], View]:
    """Open to who holds a token of this kind in the URL's `token`; sets g.token, g.workspace_id.

    A form that gives the browser a session asks for `checks_csrf`; customers' pages have no cookie to check.
    """

    def before(values: dict[str, Any]) -> None:
        now = services().clock.now()
        g.token = kind.decode(services().tokens, values["token"], now=now)
        g.workspace_id = g.token.workspace_id

    return _guarded(Guard("token", kind.__name__, checks_csrf=checks_csrf), before)


def webhook(kind: type[Token]) -> Callable[[View], View]:
    """Open to the program that holds a token of this kind and signs what it sends, which the view checks; sets g.token.

    No one reads its address but who was given it, so it may send as much as other programs.
    """

    def before(values: dict[str, Any]) -> None:
        g.token = kind.decode(services().tokens, values["token"], now=services().clock.now())
        g.workspace_id = g.token.workspace_id

    return _guarded(Guard("webhook", kind.__name__, checks_csrf=False), before, token=kind)


def api_key(view: View) -> View:
    """Open to programs with an API key; sets g.machine, g.workspace_id."""

    def before(_values: dict[str, Any]) -> None:
        g.machine = _authenticator().require_machine(request)
        if g.machine.personal_data == MASKED:
            masking.watch()
        g.workspace_id = g.machine.workspace_id

    return _guarded(Guard("api_key", "v1", checks_csrf=False), before)(view)


def identify() -> Identity | None:
    """Return who is signed in, asked once per request; fills g.staff, g.workspace, g.role, g.memberships."""
    if "identity" not in g:
        authenticator = current_app.extensions.get(_EXTENSION)
        g.identity = authenticator.find_identity(request) if authenticator else None
        if g.identity:
            g.staff, g.workspace = g.identity.staff, g.identity.workspace
            g.role, g.memberships = g.identity.role, g.identity.memberships
            g.personal_data = g.identity.personal_data
            if g.personal_data == MASKED:
                masking.watch()
    return cast("Identity | None", g.identity)


def accepts_up_to(most_bytes: int) -> Callable[[View], View]:
    """Let this view's requests be so large, rather than what others may be. Stands above the guard."""

    def decorate(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return decorate


def reach(app: Flask, method: str, path: str) -> Reach:
    """Say who answers this address and how much may be sent to it.

    Pages open to whoever asks take small forms only; so does, for its error page, what does not exist.
    """
    try:
        endpoint, _values = app.url_map.bind("").match(path, method)
    except HTTPException:
        return Reach(is_for_visitors=True, most_bytes=bodies.SMALL)
    view: Any = app.view_functions[endpoint]
    is_for_visitors = view.guard.kind in ("public", "token")
    return Reach(is_for_visitors, bodies.SMALL if is_for_visitors else _most_bytes(view))


def allows(url: str, method: str = "GET") -> bool:
    """Say whether whoever asks now may open this address of ours, so that no page offers what is refused."""
    try:
        endpoint, _values = current_app.url_map.bind("").match(split_url(url).path, method)
    except HTTPException:
        return False
    mark: Guard | None = getattr(current_app.view_functions[endpoint], "guard", None)
    identity = identify()
    if mark is not None and mark.kind == "role":
        held = identity.role if identity else None
        reaches = identity is not None and _reaches(identity.personal_data, mark.personal_data)
        return held is not None and RANKS[held] >= RANKS[mark.detail] and reaches
    return mark is not None and (mark.kind in ("public", "token") or identity is not None)


def _reaches(held: str, needed: str) -> bool:
    return ACCESSES.index(held) >= ACCESSES.index(needed)


def limit_body() -> None:
    """Hold this request to its view's size; called before every request."""
    if request.endpoint:
        request.max_content_length = _most_bytes(current_app.view_functions[request.endpoint])


def knows(app: Flask, environ: dict[str, Any]) -> bool:
    """Say whether address and headers alone show who asks: a browser that is signed in, a program with a valid key, or
    a shop with a genuine address.
    """
    with app.request_context(environ):
        if _holds_token():
            return True
        if identify() is not None:
            return True
        try:
            return bool(_authenticator().require_machine(request))
        except Refusal:
            return False


def _holds_token() -> bool:
    """Say whether the address holds a genuine token of a program."""
    token = getattr(current_app.view_functions.get(request.endpoint or ""), "webhook_token", None)
    if token is None:
        return False
    try:
        token.decode(services().tokens, (request.view_args or {}).get("token", ""), now=services().clock.now())
    except Refusal:
        return False
    return True


def to_login() -> BaseResponse:
    """Send the browser to sign in and afterwards back to where it was."""
    here = request.full_path.rstrip("?") if request.method == "GET" else _referring_path()
    if request.headers.get("HX-Request"):
        here = _path_of(request.headers.get("HX-Current-URL", "/"))
        return Response(status=401, headers={"HX-Redirect": _login_url(here)})
    return redirect(_login_url(here))


def safe_next(value: str | None) -> str:
    """Return the path to go on to after signing in; anything but a path of our own becomes the home page."""
    if not value or not value.startswith("/") or value.startswith("//"):
        return "/"
    return "/" if any(mark in value for mark in "\\\r\n\t") else value


def require_guarded() -> None:
    """Refuse to run a view that does not say who may open it."""
    if request.endpoint and not hasattr(current_app.view_functions[request.endpoint], "guard"):
        raise LookupError(f"view {request.endpoint} has no guard")


def _guarded(
    mark: Guard, before: Callable[[dict[str, Any]], BaseResponse | None], *, token: type[Token] | None = None
) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            g.guard = mark
            answer = before(values)
            if answer is not None:
                return answer
            if mark.checks_csrf:
                csrf.check()
            return view(*args, **values)

        guarded.guard = mark  # type: ignore[attr-defined]
        guarded.webhook_token = token  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def _most_bytes(view: Callable[..., Any]) -> int:
    return int(getattr(view, "most_bytes", MOST_BYTES))


def _authenticator() -> Authenticator:
    return cast("Authenticator", current_app.extensions[_EXTENSION])


def _login_url(here: str) -> str:
    path = safe_next(here)
    return url_for(_LOGIN) if path == url_for(_HOME) else url_for(_LOGIN, next=path)


def _referring_path() -> str:
    parts = split_url(request.referrer or "/")
    return _path_of(request.referrer or "/") if parts.netloc in ("", request.host) else "/"


def _path_of(url: str) -> str:
    parts = split_url(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
