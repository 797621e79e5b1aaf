"""Sign-up forms: make them, put them on a website, see what they bring, and end an attack on one."""

from __future__ import annotations

from datetime import timedelta

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from app.accounts import audit, workspaces
from app.consent import topics
from app.consent.asked_fields import asked, keeping
from app.consent.forms import PurgeForm, SignupFormForm
from app.consent.models import SignupForm
from app.consent.signup import abuse, signup_forms
from app.consent.views.blueprint import bp, tabs
from app.consent.views.profile_fields import controls
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell

_COUNTED_OVER = timedelta(days=90)


@bp.get("/consent/forms")
@guard.role("viewer")
def list_forms() -> ResponseReturnValue:
    """Show every form with what it brought in 90 days."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        found = signup_forms.list_all(session, g.workspace.id)
        counts = signup_forms.counts(session, g.workspace.id, now=now, within=_COUNTED_OVER)
        named = {topic.id: topic.name for topic in topics.list_all(session, g.workspace.id)}
        slug = workspaces.get(session, g.workspace.id).slug
    rows = [(form, counts.get(form.id), [named[each] for each in form.topic_ids if each in named]) for form in found]
    return shell.page("consent/forms.html", tabs=tabs(), rows=rows, slug=slug)


@bp.get("/consent/forms/new")
@guard.role("marketer")
def new_form() -> ResponseReturnValue:
    """Show an empty form about a form."""
    return _edit(None, SignupFormForm(formdata=None, language=g.workspace.language))


@bp.post("/consent/forms/new")
@guard.role("marketer")
def create_form() -> ResponseReturnValue:
    """Create a form and show it."""
    return _save(None)


@bp.get("/consent/forms/<int:form_id>")
@guard.role("viewer")
def show_form(form_id: int) -> ResponseReturnValue:
    """Show a form, its public address, the snippet for a website, and where its requests come from."""
    with services().database.transaction(g.workspace.id) as session:
        form = signup_forms.get(session, g.workspace.id, form_id)
    shown = SignupFormForm(formdata=None, obj=form)
    shown.show()
    return _edit(form, shown)


@bp.post("/consent/forms/<int:form_id>")
@guard.role("marketer")
def change_form(form_id: int) -> ResponseReturnValue:
    """Change a form; what its author left alone stays as it is on record."""
    return _save(form_id)


@bp.post("/consent/forms/<int:form_id>/purge")
@guard.role("marketer")
def purge_form(form_id: int) -> ResponseReturnValue:
    """Reject every unconfirmed request of an attack."""
    form, now = PurgeForm(), services().clock.now()
    hours = form.hours.data if form.validate() else 1
    with services().database.transaction(g.workspace.id) as session:
        count = abuse.purge(
            session,
            g.workspace.id,
            form_id,
            since=now - timedelta(hours=hours),
            until=now,
            staff_id=g.staff.id,
            now=now,
            from_network=form.network.data or None,
        )
        audit.record(
            session,
            g.workspace.id,
            staff_id=g.staff.id,
            action="signups.purged",
            subject_kind="signup_form",
            subject_id=form_id,
            details={"requests": count, "hours": hours, "network": form.network.data or ""},
            now=now,
        )
    message = ngettext("%(num)s request was rejected.", "%(num)s requests were rejected.", count)
    return shell.back(url_for("consent.show_form", form_id=form_id), message)


def _save(form_id: int | None) -> ResponseReturnValue:
    form, now = SignupFormForm(), services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        held = signup_forms.get(session, g.workspace.id, form_id) if form_id else None
        form.topic_ids.choices = [(topic.id, topic.name) for topic in topics.list_all(session, g.workspace.id)]
    if not form.validate():
        return _edit(held, form), 422
    try:
        with services().database.transaction(g.workspace.id) as session:
            if form_id is not None:
                form.rebase(SignupFormForm(formdata=None, obj=signup_forms.hold(session, g.workspace.id, form_id)))
            saved = signup_forms.save(
                session,
                g.workspace.id,
                form_id,
                signup_forms.FormDraft(
                    name=form.name.data or "",
                    slug=(form.slug.data or "").lower(),
                    introduction=form.introduction.data or "",
                    topic_ids=form.topic_ids.data or [],
                    asks=form.asks.data or [],
                    language=form.language.data,
                    is_open=form.is_open.data,
                ),
                now=now,
            )
            audit.record(
                session,
                g.workspace.id,
                staff_id=g.staff.id,
                action="signup_form.saved",
                subject_kind="signup_form",
                subject_id=saved.id,
                details={"name": saved.name, "slug": saved.slug},
                now=now,
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return _edit(held, form), 422
    return shell.back(url_for("consent.show_form", form_id=saved.id), _("The form is saved."))


def _edit(held: SignupForm | None, form: SignupFormForm) -> str:
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        form.topic_ids.choices = [(topic.id, topic.name) for topic in topics.list_all(session, g.workspace.id)]
        slug = workspaces.get(session, g.workspace.id).slug
        week = now - timedelta(days=7)
        networks = abuse.list_networks(session, g.workspace.id, held.id, since=week) if held else []
        counts = signup_forms.counts(session, g.workspace.id, now=now, within=_COUNTED_OVER)
        known = asked.offered(session, g.workspace.id)
        fields = keeping.of_form(session, held) if held else []
    path = url_for("consent.show_signup", workspace_slug=slug, form_slug=held.slug) if held else None
    url = services().settings.public_url + path if path else None
    return shell.page(
        "consent/form.html",
        tabs=tabs(),
        held=held,
        form=form,
        url=url,
        snippet=_snippet(held, url) if held and url else None,
        networks=networks,
        asked=[controls.label_of(each, known) for each in fields],
        counts=counts.get(held.id) if held else None,
        purge=PurgeForm(formdata=None),
        can_edit=g.role != "viewer",
        form_url=url_for("consent.change_form", form_id=held.id) if held else url_for("consent.create_form"),
    )


def _snippet(form: SignupForm, url: str) -> str:
    """Return HTML for any website: it asks for the address, and our page asks for everything else."""
    label, button = ("您的邮箱地址", "订阅") if form.language == "zh" else ("Your email address", "Sign up")
    return Markup(
        '<form action="{url}" method="post">\n'
        '  <label>{label} <input type="email" name="email" required></label>\n'
        "  <button>{button}</button>\n"
        "</form>"
    ).format(url=escape(url), label=label, button=button)
