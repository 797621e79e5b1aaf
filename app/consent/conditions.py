"""The condition on what somebody consented to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import ChoiceInput, Control, FilledIn, Input, Option, whole
from app.conditions.limits import Day, Days, RowId
from app.conditions.periods import InPeriod, PeriodInput, days_long
from app.conditions.references import Reference
from app.consent import permission, topics
from app.kernel.translatable import N_


def _topic_names(session: Session, workspace_id: int) -> dict[int, str]:
    return {topic.id: topic.name for topic in topics.list_active(session, workspace_id)}


TOPIC = Reference("topic", _topic_names)
_OTHER_PURPOSES = (
    Option("open_tracking", N_("Seeing whether they open mail")),
    Option("click_tracking", N_("Seeing which links they follow")),
    Option("profiling", N_("Profiling")),
)


@dataclass(frozen=True)
class PurposeInput(Input):
    """A topic to be mailed about, or one of the other purposes."""

    @property
    def parts(self) -> tuple[str, ...]:
        return ("purpose", "topic")

    def controls(self, filled: FilledIn) -> list[Control]:
        names = filled.vocabulary.names_of(TOPIC)
        options = [Option(f"marketing:{topic_id}", name, is_name=True) for topic_id, name in names.items()]
        groups = ((N_("Mail about"), options), (N_("Other purposes"), _OTHER_PURPOSES))
        return [Control("subject", "choice", N_("Topic or purpose"), options=groups)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        purpose, _, topic = filled.word("subject").partition(":")
        return {"purpose": purpose, "topic": whole(topic or "0")}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        purpose, topic = values["purpose"], values.get("topic")
        return {"subject": f"{purpose}:{topic}" if topic else purpose}

    def control_of(self, _part: str) -> str:
        return "subject"

    def is_blank(self, filled: FilledIn) -> bool:
        return not filled.word("subject")


@dataclass(frozen=True)
class Permission(Condition):
    """What the customer consented to, as it stands now. Topic 0 is for purposes without topics."""

    type = "permission"
    subject = Subject("permission", N_("Permission"), "permission")
    questions = (
        Question("allowed", N_("was given for"), (PurposeInput(),), {"state": "allowed"}),
        Question("not_allowed", N_("was not given for"), (PurposeInput(),), {"state": "not_allowed"}),
    )
    help = N_("As it stands now: whoever withdrew or is suppressed has not given it.")
    shows_help = True
    example = {"purpose": "marketing", "topic": 1, "state": "allowed"}
    references = (TOPIC,)
    is_foreseen = True

    purpose: Literal["marketing", "open_tracking", "click_tracking", "profiling"]
    topic: RowId
    state: Literal["allowed", "not_allowed"]

    @property
    def changes_with_time(self) -> bool:
        """Consent may expire."""
        return True

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        context.lookups.count_other()
        allowed = permission.allowed_query(context.workspace_id, self.purpose, self.topic, context.now).subquery()
        inside = context.customer_id.in_(allowed.select().with_only_columns(allowed.c.customer_id))
        return inside if self.state == "allowed" else ~inside

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        place = (context.workspace_id, context.customer_id, self.purpose, self.topic)
        return permission.next_change(*place, now=context.now)

    def describe(self, description: Description) -> str:
        topic = description.name(TOPIC, self.topic)
        return description.text(_SENTENCES[self.purpose, self.state], topic=topic)


_SENTENCES = {
    ("marketing", "allowed"): N_("mailable for %(topic)s"),
    ("marketing", "not_allowed"): N_("not mailable for %(topic)s"),
    ("open_tracking", "allowed"): N_("they allowed us to see opens"),
    ("open_tracking", "not_allowed"): N_("they did not allow us to see opens"),
    ("click_tracking", "allowed"): N_("they allowed us to see clicks"),
    ("click_tracking", "not_allowed"): N_("they did not allow us to see clicks"),
    ("profiling", "allowed"): N_("they allowed profiling"),
    ("profiling", "not_allowed"): N_("they did not allow profiling"),
}
_STATE = ChoiceInput(
    "state",
    N_("Answer"),
    (
        Option("given", N_("given")),
        Option("pending", N_("asked for, not confirmed yet")),
        Option("refused", N_("refused")),
        Option("withdrawn", N_("withdrawn")),
        Option("expired", N_("expired")),
        Option("objected", N_("objected to")),
        Option("complained", N_("ended by a complaint")),
    ),
)


@dataclass(frozen=True)
class Answered(InPeriod, Condition):
    """The customer's latest answer about a topic or purpose is this one, and came in a period."""

    type = "answered"
    subject = Subject("answered", N_("Answer about consent"), "permission")
    questions = (Question("answered", N_("for"), (PurposeInput(), _STATE, PeriodInput())),)
    help = N_("The latest answer alone counts. Whether it lets you write to them, “Permission” says.")
    shows_help = True
    example = {"purpose": "marketing", "topic": 1, "state": "withdrawn", "days": 90}
    references = (TOPIC,)
    is_foreseen = True

    purpose: Literal["marketing", "open_tracking", "click_tracking", "profiling"]
    topic: RowId
    state: Literal["given", "pending", "refused", "withdrawn", "expired", "objected", "complained"]
    days: Days | None = None
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        context.lookups.count_other()
        place = (context.workspace_id, self.purpose, self.topic, self.state)
        found = permission.answered_query(*place, period=self.period.bounds(context), now=context.now)
        return context.customer_id.in_(found)

    @property
    def changes_with_time(self) -> bool:
        """What was given may expire, and every answer is so many days ago at some time."""
        return self.days is not None or self.state == "given"

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        place = (context.workspace_id, context.customer_id, self.purpose, self.topic)
        return permission.next_change(*place, now=context.now, stays=days_long(self.days))

    def describe(self, description: Description) -> str:
        about = description.name(TOPIC, self.topic)
        if self.purpose != "marketing":
            labels = {option.value: option.label for option in _OTHER_PURPOSES}
            about = description.value(description.language.translate(labels[self.purpose]))
        period = self.period.describe(description)
        return description.text(_ANSWERS[self.state], about=about, period=period)


_ANSWERS = {
    "given": N_("they consented to %(about)s %(period)s"),
    "pending": N_("they were asked to confirm %(about)s %(period)s and have not answered"),
    "refused": N_("they refused %(about)s %(period)s"),
    "withdrawn": N_("they withdrew %(about)s %(period)s"),
    "expired": N_("their consent to %(about)s expired %(period)s"),
    "objected": N_("they objected to %(about)s %(period)s"),
    "complained": N_("a complaint of theirs ended %(about)s %(period)s"),
}
