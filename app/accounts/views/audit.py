"""The page of the audit log, newest entries first."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts import audit
from app.accounts.views import audit_descriptions
from app.accounts.views.blueprint import bp, settings_tabs
from app.kernel import ids
from app.kernel.services import services
from app.web import guard, shell

PAGE = 50


@bp.get("/settings/audit")
@guard.role("owner")
def show_audit() -> ResponseReturnValue:
    """Show a page of entries; `before` is the id the next page starts below."""
    before = request.args.get("before", type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        entries = audit.list_entries(session, g.workspace.id, before=before, limit=PAGE)
    more = url_for("accounts.show_audit", before=entries[-1].id) if len(entries) == PAGE else None
    described = {entry.id: audit_descriptions.describe(entry.action) for entry in entries}
    about = {entry.id: audit_descriptions.details(entry.details) for entry in entries}
    told = {"entries": entries, "described": described, "about": about, "more": more}
    return shell.page("accounts/audit.html", **told, tabs=settings_tabs())
