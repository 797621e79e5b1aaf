"""The mail of a send step, as written and as a preview."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import identities
from app.journeys.models import Journey
from app.journeys.steps.send import Send
from app.rendering import brands, compiler, sample_people, senders
from app.rendering.compiler import Shown
from app.rendering.content import Content
from app.rendering.sources import templates


def content_of(session: Session, workspace_id: int, step: Send) -> Content:
    """Return the mail with its merge fields; raise SourceInvalid."""
    workspace = workspaces.get(session, workspace_id)
    brand = brands.of_workspace(session, workspace, workspace.language)
    html = templates.to_html(step.format, step.source, brand)
    text = templates.to_text(html)
    return Content(step.subject, step.preheader, html, text, workspace.language)


def show(session: Session, journey: Journey, step: Send, *, public_url: str) -> Shown:
    """Return the mail as an invented person would read it, with links that lead nowhere; raise a Refusal."""
    workspace = workspaces.get(session, journey.workspace_id)
    identity = identities.get(session, journey.workspace_id, journey.identity_id)
    stream = senders.preview(workspace, identity, public_url=public_url)
    content = content_of(session, journey.workspace_id, step)
    return compiler.compile_content(content, stream=stream).show(sample_people.SAMPLE, sample_people.SLOTS)
