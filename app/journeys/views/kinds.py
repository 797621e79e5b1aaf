"""How each kind of step looks on pages: its name, its icon and its form; a new kind is listed here."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from app.journeys.forms import SendForm, StepForm, TaskForm, WaitForm


@dataclass(frozen=True)
class Kind:
    """A kind of step. Its fields are drawn by `journeys/steps/<kind>.html`, its sentence by `step_words.html`."""

    title: LazyString
    icon: str
    form: type[StepForm]


KINDS = {
    "send": Kind(_("Mail"), "mail", SendForm),
    "wait": Kind(_("Wait"), "clock", WaitForm),
    "task": Kind(_("Task"), "checkbox", TaskForm),
}
