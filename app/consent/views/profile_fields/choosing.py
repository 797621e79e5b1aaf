"""Staff choose what sign-up forms and the preference page ask for: which fields, in which order and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.consent.asked_fields import asked, keeping
from app.consent.asked_fields.asked import MOST, AskedField, Offered
from app.consent.asked_fields.keeping import PageFields
from app.consent.signup import signup_forms
from app.consent.views.blueprint import bp, tabs
from app.customers.words import LABELS
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import errors, guard, shell

_SAVE = "save"
Show = Callable[[list[AskedField], str], ResponseReturnValue]


@bp.get("/consent/forms/<int:form_id>/fields")
@guard.role("marketer")
def edit_form_fields(form_id: int) -> ResponseReturnValue:
    """Show what a form asks for."""
    with services().database.transaction(g.workspace.id) as session:
        chosen = keeping.of_form(session, signup_forms.get(session, g.workspace.id, form_id))
    return _form_page(form_id, chosen)


@bp.post("/consent/forms/<int:form_id>/fields")
@guard.role("marketer")
def change_form_fields(form_id: int) -> ResponseReturnValue:
    """Move, add or take out a field on the page, or save them all."""
    chosen, step = _posted(), request.form.get("step", _SAVE)
    if step != _SAVE:
        return _form_page(form_id, _moved(chosen, step))
    try:
        with services().database.transaction(g.workspace.id) as session:
            keeping.save_of_form(
                session, g.workspace.id, form_id, chosen, staff_id=g.staff.id, now=services().clock.now()
            )
    except Refusal as refusal:
        return _form_page(form_id, chosen, errors.say(refusal)), refusal.status
    return shell.back(url_for("consent.show_form", form_id=form_id), _("The form is saved."))


@bp.get("/consent/preference-page")
@guard.role("marketer")
def edit_preference_page() -> ResponseReturnValue:
    """Show what the preference page shows of a person and asks them."""
    with services().database.transaction(g.workspace.id) as session:
        return _preference_page(keeping.of_page(session, g.workspace.id))


@bp.post("/consent/preference-page")
@guard.role("marketer")
def change_preference_page() -> ResponseReturnValue:
    """Move, add or take out a field on the page, or save them all."""
    chosen, step = _posted(), request.form.get("step", _SAVE)
    typed = request.form.get("questions_at_once", "")
    wanted = PageFields(chosen, _number(typed))
    if step != _SAVE:
        return _preference_page(replace(wanted, fields=_moved(chosen, step)), typed=typed)
    try:
        with services().database.transaction(g.workspace.id) as session:
            keeping.save_of_page(session, g.workspace.id, wanted, staff_id=g.staff.id, now=services().clock.now())
    except Refusal as refusal:
        return _preference_page(wanted, errors.say(refusal), typed), refusal.status
    return shell.back(url_for("consent.edit_preference_page"), _("Changes saved."))


def _posted() -> list[AskedField]:
    """Return the fields as the page holds them, saved or not; whatever else is posted, they are few."""
    found = []
    for number in range(MOST + 1):
        name = request.form.get(f"name-{number}")
        if name:
            label, more = request.form.get(f"label-{number}", ""), request.form.get(f"help-{number}", "")
            is_required = bool(request.form.get(f"required-{number}"))
            found.append(AskedField(name[:60], is_required, label[: asked.LONGEST_LABEL], more[: asked.LONGEST_HELP]))
    return found


def _number(typed: str) -> int:
    """Return how many questions were typed; what is no number is none that can be kept."""
    clean = typed.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) < 4 else -1


def _moved(chosen: list[AskedField], step: str) -> list[AskedField]:
    """Return the fields after a button was pressed: up, down or out with a number, or the field chosen to be added."""
    kind, _between, place = step.partition(":")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else -1
    rest = [each for number, each in enumerate(chosen) if number != at]
    added = request.form.get("added", "")
    if kind == "add" and added and added not in {each.name for each in chosen} and len(chosen) < MOST:
        return [*chosen, AskedField(added[:60])]
    if not 0 <= at < len(chosen) or kind not in ("up", "down", "out"):
        return chosen
    if kind != "out":
        rest.insert(max(at - 1, 0) if kind == "up" else at + 1, chosen[at])
    return rest


def _form_page(form_id: int, chosen: list[AskedField], problem: str = "") -> str:
    with services().database.transaction(g.workspace.id) as session:
        form, known = signup_forms.get(session, g.workspace.id, form_id), asked.offered(session, g.workspace.id)
    return shell.page(
        "consent/asked_fields.html",
        **_shown(chosen, known),
        problem=problem,
        tabs=tabs(),
        page=None,
        title=_("Fields of “%(form)s”", form=form.name),
        context=_("What the form asks for beside the address. Answers are believed once the address is confirmed."),
        back=(form.name, url_for("consent.show_form", form_id=form_id)),
    )


def _preference_page(page: PageFields, problem: str = "", typed: str | None = None) -> str:
    with services().database.transaction(g.workspace.id) as session:
        known = asked.offered(session, g.workspace.id)
    return shell.page(
        "consent/asked_fields.html",
        **_shown(list(page.fields), known),
        problem=problem,
        tabs=tabs(),
        page=page,
        questions=page.questions_at_once if typed is None else typed,
        title=_("Preference page"),
        context=_(
            "What people see and correct of themselves by the link in their mails. "
            "They are asked only for what is not known yet, or old."
        ),
        back=None,
    )


def _shown(chosen: list[AskedField], known: dict[str, Offered]) -> dict[str, object]:
    labels = {name: each.label if each.custom else _(LABELS[name]) for name, each in known.items()}
    used = {each.name for each in chosen}
    return {
        "chosen": [each for each in chosen if each.name in known],
        "labels": labels,
        "addable": [(name, label) for name, label in labels.items() if name not in used],
        "most": MOST,
    }
