"""API keys: issue, show once, revoke."""

from __future__ import annotations

from flask import g, make_response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import api_keys
from app.accounts.forms import ApiKeyForm
from app.accounts.views.blueprint import bp, settings_tabs
from app.kernel.services import services
from app.web import guard, shell
from app.web.identity import MASKED, SHOWN


@bp.get("/settings/keys")
@guard.role("owner")
def show_keys() -> ResponseReturnValue:
    """Show which keys there are, never what they say."""
    return _page(ApiKeyForm(formdata=None))


@bp.post("/settings/keys")
@guard.role("owner")
def create_key() -> ResponseReturnValue:
    """Issue a key and show it this once."""
    form = ApiKeyForm()
    if not form.validate():
        return _page(form, status=422)
    with services().database.transaction(g.workspace.id) as session:
        _key, text = api_keys.create(
            session,
            g.workspace.id,
            name=form.name.data or "",
            personal_data=MASKED if form.is_masked.data else SHOWN,
            staff_id=g.staff.id,
            now=services().clock.now(),
        )
    response = make_response(_page(ApiKeyForm(formdata=None), secret=text))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/settings/keys/<int:key_id>/revoke")
@guard.role("owner")
def revoke_key(key_id: int) -> ResponseReturnValue:
    """End a key at once."""
    with services().database.transaction(g.workspace.id) as session:
        again = api_keys.revoke(session, g.workspace.id, key_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("accounts.show_keys"), _("The key no longer works."), undo=again)


def _page(form: ApiKeyForm, secret: str | None = None, status: int = 200) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id) as session:
        keys = api_keys.list_keys(session, g.workspace.id)
    return shell.page("accounts/keys.html", form=form, keys=keys, secret=secret, tabs=settings_tabs()), status
