"""The pages of lists: all of them, one with its people, and the ways to add to it and take off it."""

from __future__ import annotations

import json
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import personal_reads, staff
from app.customers.imports import steps
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.segments import segments, used_in
from app.segments.conditions import OnList
from app.segments.lists import lists
from app.segments.lists.adding import Pasted
from app.segments.models import CustomerList
from app.segments.segments import StillUsed
from app.segments.views.blueprint import bp
from app.web import errors, guard, shell

# So many of the words that found nobody are shown.
SHOWN_WORDS = 200
OFFERED_IMPORTS = 30


@bp.get("/segments/lists")
@guard.role("viewer")
def list_lists() -> str:
    """Show the workspace's lists, each with how many people are on it."""
    return _index()


@bp.post("/segments/lists")
@guard.role("marketer")
def add_list() -> ResponseReturnValue:
    """Make an empty list."""
    name = request.form.get("name", "")
    try:
        with services().database.transaction(g.workspace.id) as session:
            made = lists.create(session, g.workspace.id, name, staff_id=g.staff.id, now=services().clock.now())
    except Refusal as refusal:
        return _index(name, errors.say(refusal)), refusal.status
    return shell.back(url_for("segments.show_list", list_id=made.id), _("“%(name)s” is saved.", name=made.name))


@bp.get("/segments/lists/<int:list_id>")
@guard.role("viewer")
def show_list(list_id: int) -> ResponseReturnValue:
    """Show one list with its people, the newest customers first, from `after` on."""
    return list_page(list_id)


@bp.post("/segments/lists/<int:list_id>/rename")
@guard.role("marketer")
def rename_list(list_id: int) -> ResponseReturnValue:
    """Give the list another name."""
    name = request.form.get("name", "")
    try:
        with services().database.transaction(g.workspace.id) as session:
            lists.rename(session, g.workspace.id, list_id, name)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return list_page(list_id, refused={"name": errors.say(refusal)}, typed={"name": name}), refusal.status
    return shell.back(url_for("segments.show_list", list_id=list_id), _("Changes saved."))


@bp.post("/segments/lists/<int:list_id>/delete")
@guard.role("marketer")
def delete_list(list_id: int) -> ResponseReturnValue:
    """Delete a list that no segment names."""
    with services().database.transaction(g.workspace.id) as session:
        name = lists.get(session, g.workspace.id, list_id).name
        if used_in.list_uses_of_list(session, g.workspace.id, list_id):
            raise StillUsed
        again = lists.remove(session, g.workspace.id, list_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("segments.list_lists"), _("“%(name)s” is deleted.", name=name), undo=again)


def list_page(
    list_id: int,
    *,
    pasted: Pasted | None = None,
    refused: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> str:
    """Return the page of a list, with what became of a paste or what was wrong."""
    after, now = request.args.get("after", type=ids.read), services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        personal_reads.remaining(session, g.workspace.id, g.staff.id, now=now)
        found = lists.get(session, g.workspace.id, list_id)
        listed, more = lists.page(session, g.workspace.id, list_id, after=after)
        personal_reads.note(session, g.workspace.id, g.staff.id, len(listed), now=now)
        added_by = {each.member.added_by for each in listed if each.member.added_by}
        values: dict[str, Any] = {
            "list": found,
            "staff": staff.names(session, added_by),
            "count": lists.count(session, g.workspace.id, list_id),
            "listed": listed,
            "uses": used_in.list_uses_of_list(session, g.workspace.id, list_id),
            **_sources(session, found),
        }
    return shell.page(
        "segments/list.html",
        more=url_for("segments.show_list", list_id=list_id, after=more) if more else None,
        rules=json.dumps({"type": OnList.type, "list": list_id}),
        pasted=pasted,
        shown_words=SHOWN_WORDS,
        refused=refused or {},
        typed=typed or {},
        **values,
    )


def _sources(session: Session, found: CustomerList) -> dict[str, Any]:
    """Return what people can be added from."""
    kept = segments.list_all(session, found.workspace_id)
    imports = steps.list_latest(session, found.workspace_id, limit=OFFERED_IMPORTS)
    return {
        "segments": [(segment.id, segment.name) for segment in kept],
        "imports": [(each.id, each.file_name) for each in imports if each.state == "done" and each.kind == "people"],
    }


def _index(name: str = "", problem: str = "") -> str:
    with services().database.transaction(g.workspace.id) as session:
        rows = lists.list_all(session, g.workspace.id)
    return shell.page("segments/lists.html", rows=rows, name=name, problem=problem)
