"""What staff fill in about a journey and its steps."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.fields.core import Field
from wtforms.validators import InputRequired, Length, NumberRange

from app.conditions.events import COMPARISONS
from app.journeys import event_trigger
from app.journeys.definitions import Plan
from app.journeys.event_trigger import EventTrigger
from app.journeys.steps.send import Send
from app.journeys.steps.task import Task
from app.journeys.steps.wait import LONGEST_WAIT, Wait
from app.rendering.sources.formats import Format
from app.web.edits import EditForm
from app.web.forms import Form, LineField, SelectField, TextField, WholeNumberField, required

FORMATS = [("markdown", _l("Text in our layout (Markdown)")), ("mjml", _l("MJML")), ("html", _l("HTML"))]
Choices = Sequence[tuple[str, str]]
EVENT = "event:"


def _property() -> LineField:
    return LineField(_l("Property"), [Length(max=100)])


def _comparison() -> SelectField:
    return SelectField(_l("Comparison"), choices=[(each.value, _l(each.label)) for each in COMPARISONS], default="is")


def _value() -> LineField:
    return LineField(_l("Value"), [Length(max=200)])


class PlanForm(EditForm):
    """Who enters, about what it writes, and who hears of interest."""

    name = LineField(_l("Name"), [required, Length(max=120)])
    way_in = SelectField(_l("Trigger"))
    event_name = LineField(_l("Name of the event"), [Length(max=100)])
    property1, compare1, value1 = _property(), _comparison(), _value()
    property2, compare2, value2 = _property(), _comparison(), _value()
    property3, compare3, value3 = _property(), _comparison(), _value()
    topic_id = SelectField(_l("Topic it writes about"), coerce=int)
    identity_id = SelectField(_l("Sender"), coerce=int)
    interest_title = LineField(_l("Task when somebody clicks or answers"), [Length(max=200)])
    interest_owner_id = SelectField(_l("Who gets the task?"), coerce=int)
    # Names of events that were reported, offered while one is typed.
    offered_events: Sequence[str] = ()
    is_from_library = BooleanField(_l("Begin with a template: the basic facts, ten days later one mail a month"))

    def offer(self, *, ways_in: Choices, topics: Choices, senders: Choices, people: Choices) -> None:
        """Fill in what can be chosen."""
        self.way_in.choices = list(ways_in)
        self.topic_id.choices = list(topics)
        self.identity_id.choices = list(senders)
        self.interest_owner_id.choices = [("0", _l("Nobody in particular")), *people]

    def plan(self) -> Plan:
        """Return what was filled in; raise EventRefused."""
        kind, _colon, number = self.way_in.data.partition(":")
        return Plan(
            name=self.name.data or "",
            trigger_kind=kind,
            trigger_id=int(number) if number else None,
            trigger_event=self._event() if self.way_in.data == EVENT else None,
            topic_id=self.topic_id.data,
            identity_id=self.identity_id.data,
            interest_title=self.interest_title.data or None,
            interest_owner_id=self.interest_owner_id.data or None,
        )


    def rows(self) -> list[tuple[Field, Field, Field]]:
        """Return the fields of each comparison of a property."""
        return [(self[f"property{number}"], self[f"compare{number}"], self[f"value{number}"]) for number in ROWS]

    def _event(self) -> EventTrigger:
        told = [(one.data or "", how.data or "", value.data or "") for one, how, value in self.rows()]
        return event_trigger.read(self.event_name.data or "", told)


ROWS = (1, 2, 3)


def event_words(event: EventTrigger) -> dict[str, str]:
    """Return what the fields say that stand for an event."""
    words = {"event_name": event.name}
    for number, test in zip(ROWS, event.where, strict=False):
        words |= {f"property{number}": test.property, f"compare{number}": test.compare}
        words |= {f"value{number}": test.value or ""}
    return words


class SendForm(Form):
    """What a mail says."""

    subject = LineField(_l("Subject"), [required])
    preheader = LineField(_l("Preview text"), description=_l("The line many mailboxes show behind the subject."))
    format = SelectField(_l("Format"), choices=FORMATS)
    source = TextField(_l("Mail"), [required])

    def step(self) -> Send:
        """Return what was filled in."""
        return Send(
            subject=self.subject.data or "",
            preheader=self.preheader.data or "",
            format=Format(self.format.data),
            source=self.source.data or "",
        )


class WaitForm(Form):
    """How long nothing happens."""

    days = WholeNumberField(_l("Days"), [InputRequired(), NumberRange(1, LONGEST_WAIT)], default=7)

    def step(self) -> Wait:
        """Return what was filled in."""
        return Wait(days=self.days.data or 0)


class TaskForm(Form):
    """What one of the staff is to do about everybody who comes this far."""

    title = LineField(_l("What is to be done?"), [required, Length(max=200)])
    owner_id = SelectField(_l("By whom?"), coerce=int)

    def offer(self, people: Choices) -> None:
        """Fill in who can be chosen."""
        self.owner_id.choices = [("0", _l("Nobody in particular")), *people]

    def step(self) -> Task:
        """Return what was filled in."""
        return Task(title=self.title.data or "", owner_id=self.owner_id.data or None)


StepForm = SendForm | WaitForm | TaskForm
