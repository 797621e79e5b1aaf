"""Data quality: what is filled in, what is old, who cannot be reached, what to collect next, and lists to ask again."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.customers.forms import QualityRulesForm
from app.customers.profiles import fields
from app.customers.quality import asking, counting, measures, problems, reach, report, rules
from app.customers.quality.measures import EVERY
from app.customers.quality.problems import EXPIRED, MISSING, SILENT, STALE, Problem
from app.customers.quality.rules import Rules
from app.customers.sources import catalogue
from app.customers.views.blueprint import bp
from app.customers.words import LABELS
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.translatable import N_
from app.web import errors, guard, shell

# What brought people, where no source of the catalogue did.
SOURCES = {
    measures.FILE: N_("Files without a source"),
    "form": N_("Sign-up forms"),
    "preferences": N_("Preference page"),
    "shop": N_("Connected shops"),
    "staff": N_("Your team"),
    "api": N_("API"),
    measures.OTHER: N_("Other"),
    measures.REST: N_("Further sources"),
}
_REACHED_BY = {"phone": N_("Phone"), "postal": N_("Postal address")}


@bp.get("/customers/quality")
@guard.role("viewer")
def show_quality() -> ResponseReturnValue:
    """Show the figures that were counted last, as of when, and what can be done about each."""
    with services().database.transaction(g.workspace.id) as session:
        judged = rules.read(session, g.workspace.id)
    form = QualityRulesForm(formdata=None, stale_months=judged.stale_months, silent_months=judged.silent_months)
    return _page(form)


@bp.post("/customers/quality/count")
@guard.role("marketer")
def count_quality() -> ResponseReturnValue:
    """Have everything counted now instead of at night."""
    with services().database.transaction(g.workspace.id) as session:
        counting.ask(session, g.workspace.id, now=services().clock.now())
    return shell.back(url_for("customers.show_quality"), _("The data is being counted. The page follows by itself."))


@bp.post("/customers/quality/rules")
@guard.role("marketer")
def set_quality_rules() -> ResponseReturnValue:
    """Judge by other rules, and count by them at once."""
    form = QualityRulesForm()
    try:
        if form.validate():
            wanted, now = Rules(form.stale_months.data or 0, form.silent_months.data or 0), services().clock.now()
            with services().database.transaction(g.workspace.id) as session:
                rules.save(session, g.workspace.id, wanted, staff_id=g.staff.id, now=now)
                counting.ask(session, g.workspace.id, now=now)
            return shell.back(
                url_for("customers.show_quality"), _("Rules saved. Everything is being counted by them.")
            )
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(form), 422


@bp.post("/customers/quality/list")
@guard.role("marketer")
def list_problem() -> ResponseReturnValue:
    """Make a list of exactly the people one figure is about, now."""
    now = services().clock.now()
    try:
        with services().database.transaction(g.workspace.id) as session:
            problem = problems.read(session, g.workspace.id, request.form.get("problem", ""))
            name = _named(session, problem)
            asked = asking.make_list(session, g.workspace.id, problem, name, staff_id=g.staff.id, now=now)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        return shell.back(url_for("customers.show_quality"), errors.say(refusal), tone="danger")
    if asked.people is None:
        said = _("The list is being filled; that takes a moment.")
    else:
        said = ngettext("List of %(num)s person made.", "List of %(num)s people made.", asked.people)
    return shell.back(asked.made.page, said, undo=asked.made.undo)


def _page(form: QualityRulesForm) -> str:
    with services().database.transaction(g.workspace.id) as session:
        found = report.read(session, g.workspace.id, now=services().clock.now())
        labels = _labels(session)
        values = {
            "found": found,
            "labels": labels,
            "sources": _sources(session),
            "reasons": reach.reasons(session),
            "judged": rules.read(session, g.workspace.id),
        }
    aged = [(name, fill) for name in labels if (fill := found.fill(name)).stale or fill.expired]
    known = {name: label for name, label in labels.items() if found.fill(name).people}
    unknown = {name: label for name, label in labels.items() if name not in known}
    shares = [found.fill(name).people for name in labels]
    average = sum(shares) / (len(shares) * found.everyone) if found.everyone else None
    return shell.page(
        "customers/quality.html",
        form=form,
        aged=aged,
        average=average,
        every=EVERY,
        known=known,
        unknown=unknown,
        **values,
    )


def _labels(session: Session) -> dict[str, str]:
    """Return the measured fields and what they are called."""
    own = {f"{measures.CUSTOM}{each.key}": each.label for each in fields.list_custom(session, g.workspace.id)}
    built_in = {name: _(LABELS[name]) for name in measures.BUILT_IN}
    return {**built_in, **{name: _(label) for name, label in _REACHED_BY.items()}, **own}


def _sources(session: Session) -> Mapping[str, str]:
    """Return what brought people, and what it is called."""
    own = {f"source:{each.id}": each.name for each in catalogue.list_all(session, g.workspace.id)}
    return {**{name: _(label) for name, label in SOURCES.items()}, **own}


def _named(session: Session, problem: Problem) -> str:
    """Return what a list of those concerned is called."""
    if problem.kind == SILENT:
        return str(_("Silent addresses"))
    if problem.kind == problems.UNREACHABLE:
        return str(_("Cannot be mailed: %(reason)s", reason=_(reach.reasons(session)[problem.about])))
    field = _labels(session)[problem.about]
    said = {
        MISSING: _("%(field)s is missing", field=field),
        STALE: _("%(field)s is old", field=field),
        EXPIRED: _("%(field)s has expired", field=field),
    }[problem.kind]
    return said if problem.source == EVERY else f"{said} · {_sources(session).get(problem.source, problem.source)}"
