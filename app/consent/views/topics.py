"""Topics and what each promises."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import audit
from app.consent import topics
from app.consent.forms import TopicForm
from app.consent.texts import wording
from app.consent.topics import TopicInfo
from app.consent.views.blueprint import bp, tabs
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, language, shell


@bp.get("/consent/topics")
@guard.role("viewer")
def list_topics() -> ResponseReturnValue:
    """Show every topic and its promise."""
    with services().database.transaction(g.workspace.id) as session:
        found = topics.list_all(session, g.workspace.id)
    rows = [(topic, wording.describe_promise(topic.promise, language.current())) for topic in found]
    return shell.page("consent/topics.html", tabs=tabs(), rows=rows)


@bp.get("/consent/topics/new")
@guard.role("marketer")
def new_topic() -> ResponseReturnValue:
    """Show an empty topic."""
    return _edit(None, TopicForm(formdata=None))


@bp.post("/consent/topics/new")
@guard.role("marketer")
def create_topic() -> ResponseReturnValue:
    """Add a topic."""
    return _save(None)


@bp.get("/consent/topics/<int:topic_id>")
@guard.role("viewer")
def show_topic(topic_id: int) -> ResponseReturnValue:
    """Show a topic to be changed."""
    with services().database.transaction(g.workspace.id) as session:
        topic = topics.get(session, g.workspace.id, topic_id)
    form = _filled(topic)
    form.show()
    return _edit(topic, form)


@bp.post("/consent/topics/<int:topic_id>")
@guard.role("marketer")
def change_topic(topic_id: int) -> ResponseReturnValue:
    """Change a topic; people keep the promise made to them."""
    return _save(topic_id)


def _save(topic_id: int | None) -> ResponseReturnValue:
    form = TopicForm()
    with services().database.transaction(g.workspace.id) as session:
        held = topics.get(session, g.workspace.id, topic_id) if topic_id else None
    if not form.validate():
        return _edit(held, form), 422
    try:
        with services().database.transaction(g.workspace.id) as session:
            if topic_id is not None:
                form.rebase(_filled(topics.hold(session, g.workspace.id, topic_id)))
            values = {
                "name": form.name.data,
                "description": form.description.data or "",
                "promised_limit": form.promised_limit.data,
                "promised_days": form.promised_days.data,
            }
            if topic_id is None:
                saved = topics.create(session, g.workspace.id, **values)
            else:
                saved = topics.change(session, g.workspace.id, topic_id, is_active=form.is_active.data, **values)
            audit.record(
                session,
                g.workspace.id,
                staff_id=g.staff.id,
                action="topic.saved",
                subject_kind="topic",
                subject_id=saved.id,
                details=values,
                now=services().clock.now(),
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return _edit(held, form), 422
    return shell.back(url_for("consent.list_topics"), _("The topic is saved."))


def _filled(topic: TopicInfo) -> TopicForm:
    values = {"promised_limit": topic.promise.limit, "promised_days": topic.promise.days}
    return TopicForm(formdata=None, obj=topic, data=values)


def _edit(held: TopicInfo | None, form: TopicForm) -> str:
    return shell.page("consent/topic.html", tabs=tabs(), held=held, form=form, can_edit=g.role != "viewer")
