"""The step that sends a mail."""

from __future__ import annotations

from typing import Literal, Self

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.profiles import fields
from app.delivery.launching.occasions import Occasion
from app.delivery.sending import sends
from app.delivery.sending.sends import Recipient
from app.journeys.steps.step import Arrival, Step, StepRefused, one_line
from app.kernel.translatable import N_
from app.rendering import brands
from app.rendering.language import syntax
from app.rendering.sources import templates
from app.rendering.sources.formats import Format


class Send(Step):
    """A mail. What it says is frozen into a send when its version is published; it is over when the mail has left."""

    kind: Literal["send"] = "send"
    subject: str
    preheader: str = ""
    format: Format = Format.MARKDOWN
    source: str

    def checked(self, session: Session, workspace_id: int) -> Self:
        """Raise StepRefused at the line that is wrong, SourceInvalid with the places in the source."""
        if not self.source.strip() or "\0" in self.source:
            raise StepRefused(N_("Write the mail."), field="source")
        lines = {"subject": one_line(self.subject, "subject"), "preheader": " ".join(self.preheader.split())}
        known = {field.key for field in fields.list_custom(session, workspace_id)}
        for field, text in lines.items():
            for problem in syntax.check(text, kind="line", known_fields=known):
                raise StepRefused(problem.msgid, field=field, **problem.values)
        workspace = workspaces.get(session, workspace_id)
        brand = brands.of_workspace(session, workspace, workspace.language)
        problems = templates.problems_of(self.format, self.source, brand=brand, known_fields=known)
        if problems:
            raise templates.SourceInvalid(problems)
        return self.model_copy(update=lines)

    def perform(self, arrival: Arrival) -> int | None:
        """Queue the mail of those who have none yet: at most one a person and run, whatever the version."""
        send_id = arrival.send_id
        if send_id is None:
            return None
        new = [
            Recipient(each.customer_id, Occasion.journey_step(arrival.journey_id, arrival.step_id, each.run))
            for each in arrival.people
            if each.mail_at is None
        ]
        if new and sends.is_open(arrival.session, arrival.workspace_id, send_id):
            sends.add(arrival.session, arrival.workspace_id, send_id, new, now=arrival.now)
        return send_id
