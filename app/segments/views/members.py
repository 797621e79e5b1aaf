"""Adds people to a list and takes them off it: from its own page, a customer's page and a segment's page."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.segments import segments
from app.segments.lists import adding, lists
from app.segments.lists.adding import HAND, Origin
from app.segments.views.blueprint import bp
from app.segments.views.lists import list_page
from app.web import errors, guard, shell


@bp.post("/segments/lists/<int:list_id>/paste")
@guard.role("marketer")
def paste(list_id: int) -> ResponseReturnValue:
    """Add those whose addresses were pasted, and say whom nobody was found for."""
    text, now = request.form.get("addresses", ""), services().clock.now()
    try:
        with services().database.transaction(g.workspace.id) as session:
            done = adding.add_pasted(session, g.workspace.id, list_id, text, staff_id=g.staff.id, now=now)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return list_page(list_id, refused={"addresses": errors.say(refusal)}, typed={"addresses": text}), refusal.status
    return list_page(list_id, pasted=done)


@bp.post("/segments/lists/<int:list_id>/from-segment")
@guard.role("marketer")
def add_segment(list_id: int) -> ResponseReturnValue:
    """Add everybody who is in a segment now."""
    segment_id, now = request.form.get("segment_id", type=ids.read), services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        added = adding.add_segment(session, g.workspace.id, list_id, segment_id or 0, staff_id=g.staff.id, now=now)
    return _added(list_id, added)


@bp.post("/segments/lists/<int:list_id>/from-import")
@guard.role("marketer")
def add_import(list_id: int) -> ResponseReturnValue:
    """Add everybody whom an import added or changed."""
    import_id, now = request.form.get("import_id", type=ids.read), services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        added = adding.add_import(session, g.workspace.id, list_id, import_id or 0, staff_id=g.staff.id, now=now)
    return _added(list_id, added)


@bp.post("/segments/<int:segment_id>/snapshot")
@guard.role("marketer")
def keep_as_list(segment_id: int) -> ResponseReturnValue:
    """Make a list of everybody who is in the segment now."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        segment = segments.get(session, g.workspace.id, segment_id)
        name = request.form.get("name", "").strip() or segment.name
        made = lists.create(session, g.workspace.id, name, staff_id=g.staff.id, now=now)
        added = adding.add_segment(session, g.workspace.id, made.id, segment_id, staff_id=g.staff.id, now=now)
        list_id = made.id
    return _added(list_id, added)


@bp.post("/segments/lists/<int:list_id>/remove")
@guard.role("marketer")
def remove_member(list_id: int) -> ResponseReturnValue:
    """Take one person off the list."""
    customer_id = request.form.get("customer_id", type=ids.read) or 0
    with services().database.transaction(g.workspace.id) as session:
        name = lists.get(session, g.workspace.id, list_id).name
        now = services().clock.now()
        again = adding.remove(session, g.workspace.id, list_id, [customer_id], staff_id=g.staff.id, now=now)
    return shell.back(_there(list_id), _("Taken off “%(name)s”.", name=name), undo=again)


@bp.post("/customers/<int:customer_id>/lists")
@guard.role("marketer")
def add_customer(customer_id: int) -> ResponseReturnValue:
    """Put one customer on a list."""
    list_id, now = request.form.get("list_id", type=ids.read) or 0, services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        name, origin = lists.get(session, g.workspace.id, list_id).name, Origin(HAND)
        adding.add(session, g.workspace.id, list_id, [customer_id], origin, staff_id=g.staff.id, now=now)
    there = url_for("customers.show_customer", customer_id=customer_id)
    return shell.back(there, _("Added to “%(name)s”.", name=name))


def _added(list_id: int, added: int) -> ResponseReturnValue:
    said = ngettext("%(num)s person added.", "%(num)s people added.", added)
    return shell.back(url_for("segments.show_list", list_id=list_id), said)


def _there(list_id: int) -> str:
    """Return the page the wish came from: a customer's, or the list's."""
    customer_id = request.form.get("back_to", type=ids.read)
    if customer_id:
        return url_for("customers.show_customer", customer_id=customer_id)
    return url_for("segments.show_list", list_id=list_id)
