"""The queue of customers who may be one person: side by side with what speaks for it, decided one after the other."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import undo
from app.customers.duplicates import finding, reviewing
from app.customers.duplicates.models import DuplicatePair
from app.customers.duplicates.reviewing import DISTINCT, LATER, OPEN, THRESHOLDS
from app.customers.merging import merge, undoing
from app.customers.merging.merge import Decision
from app.customers.profiles import people
from app.customers.views.blueprint import bp
from app.customers.views.merging import side_by_side
from app.customers.views.merging.choices import chosen
from app.customers.words import LABELS
from app.kernel import ids
from app.kernel.refusals import NotFound
from app.kernel.services import services
from app.kernel.translatable import N_
from app.web import errors, guard, shell

# What linkage and the search for shared numbers say of a field, as message ids.
WORDS = {
    "same": N_("the same"),
    "similar": N_("similar"),
    "somewhat similar": N_("somewhat similar"),
    "different": N_("different"),
    "swapped": N_("first and last name swapped"),
    "one digit apart": N_("one digit apart"),
    "day and month swapped": N_("day and month swapped"),
    "same year": N_("the same year"),
    "same mailbox elsewhere": N_("the same mailbox name elsewhere"),
    "same end": N_("the same last digits"),
}
_FIELDS = {"phone": N_("Phone"), "organisation": N_("Organisation"), "street": N_("Street"), "email": N_("Email")}


@bp.get("/customers/duplicates")
@guard.role("viewer")
def review_duplicates() -> ResponseReturnValue:
    """Show the next pair, or the one asked for, and those that wait after it."""
    return _page()


@bp.post("/customers/duplicates/<int:pair_id>")
@guard.role("marketer", personal_data=guard.SHOWN)
def decide_duplicate(pair_id: int) -> ResponseReturnValue:
    """Merge the pair, note that they are not the same, or leave it for later; then show the next one."""
    decision, now = request.form.get("decision", ""), services().clock.now()
    here = url_for("customers.review_duplicates", state=LATER if request.form.get("state") == LATER else None)
    if decision in (DISTINCT, LATER):
        with services().database.transaction(g.workspace.id) as session:
            again = reviewing.decide(session, g.workspace.id, pair_id, decision, staff_id=g.staff.id, now=now)
        said = _("Noted: they are not the same.") if decision == DISTINCT else _("Left for later.")
        return shell.back(here, said, undo=again)
    if decision != "merge":
        raise NotFound
    try:
        with services().database.transaction(g.workspace.id) as session:
            pair = reviewing.get(session, g.workspace.id, pair_id)
            survivor_id, former_id = _order(pair)
            asked = Decision(survivor_id, former_id, staff_id=g.staff.id, choices=chosen())
            made = merge.merge(session, g.workspace.id, asked, now=now)
            values = {"merge_id": made.id}
            kind = undoing.UNDO_MERGE.kind
            again = undo.keep(session, g.workspace.id, kind=kind, values=values, staff_id=g.staff.id, now=now)
    except (merge.MergedAlready, merge.ToBeErased, merge.RelationsInACircle) as refusal:
        return shell.back(here, errors.say(refusal), tone="danger")
    return shell.back(here, _("They are one customer now."), undo=again)


@bp.post("/customers/duplicates/search")
@guard.role("marketer")
def search_duplicates() -> ResponseReturnValue:
    """Have duplicates looked for now."""
    with services().database.transaction(g.workspace.id) as session:
        reviewing.ask_for_search(session, g.workspace.id)
    return shell.back(url_for("customers.review_duplicates"), _("Duplicates are being looked for."))


@bp.post("/customers/duplicates/rule")
@guard.role("owner")
def set_duplicate_rule() -> ResponseReturnValue:
    """Say how sure it has to be before pairs are merged without asking."""
    wanted = next((each for each in THRESHOLDS if str(each) == request.form.get("merged_from")), None)
    if wanted is None:
        raise NotFound
    with services().database.transaction(g.workspace.id) as session:
        reviewing.set_merged_from(
            session, g.workspace.id, wanted or None, staff_id=g.staff.id, now=services().clock.now()
        )  # fmt: skip
    return shell.back(url_for("customers.review_duplicates"), _("Changes saved."))


def duplicates_panel(session: Session, workspace_id: int, subject: None, now: datetime) -> str:
    """Draw on the home page how many pairs wait."""
    number = reviewing.count_open(session, workspace_id)
    return render_template("customers/duplicates_panel.html", number=number) if number else ""


def _page() -> str:
    state = LATER if request.args.get("state") == LATER else OPEN
    with services().database.transaction(g.workspace.id) as session:
        waiting = reviewing.list_waiting(session, g.workspace.id, state=state)
        pair_id = request.args.get("pair", 0, type=ids.read) or (waiting[0].id if waiting else 0)
        pair = reviewing.get(session, g.workspace.id, pair_id) if pair_id else None
        both, names = None, ("", "")
        if pair:
            survivor, former = (people.get(session, g.workspace.id, each) for each in _order(pair))
            both, names = side_by_side.read(session, survivor, former), side_by_side.names_of(survivor, former)
        values = {
            "pair": pair,
            "both": both,
            "names": names,
            "evidence": _evidence(pair) if pair else [],
            "waiting": [each for each in waiting if each.id != pair_id],
            "number": reviewing.count_open(session, g.workspace.id),
            "merged_from": reviewing.merged_from(session, g.workspace.id) or Decimal(0),
            "links": finding.may_link(session, g.workspace.id),
        }
    return shell.page("customers/duplicates.html", state=state, thresholds=THRESHOLDS, **values)


def _order(pair: DuplicatePair) -> tuple[int, int]:
    """Return who stays and who becomes part of them: whom we have known longer, unless staff swapped them."""
    is_swapped = request.values.get("survivor", 0, type=ids.read) == pair.other_id
    return (pair.other_id, pair.one_id) if is_swapped else (pair.one_id, pair.other_id)


def _evidence(pair: DuplicatePair) -> list[tuple[str, str]]:
    """Return (field, how far it agrees), in words."""
    known = {*_FIELDS, *LABELS}
    return [
        (_(_FIELDS.get(name) or LABELS[name]) if name in known else name, _(WORDS[word]) if word in WORDS else word)
        for name, word in sorted(pair.evidence.items())
    ]
