"""Sample values for the style page's components."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FileField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from app.web.components import charts
from app.web.forms import LineField, PublicForm, RadioField, SelectField, SelectMultipleChecks, TextField, required

MAIL = """<!doctype html><html lang="en"><body style="margin:0;background:#f4f4f4;font-family:Georgia,serif">
<table role="presentation" width="100%" style="max-width:560px;margin:24px auto;background:#fff"><tr>
<td style="padding:32px;color:#222;line-height:1.6">
<h1 style="margin:0 0 12px;font-size:24px">The new roast is here</h1>
<p>Dear Ada, the first bags left the drum this morning.</p></td></tr></table></body></html>"""
TEMPLATE = """<h1>Good morning, {{ customer.first_name|default("friend") }}</h1>
{% if purchases %}
  <p>Your last order was {{ purchases[0].product }}.</p>
{% endif %}
<a href="https://shop.example/new">See what is new</a>"""
DAYS, SENT = 30, 2390


@dataclass(frozen=True)
class Job:
    """A piece of long work, as ui.progress wants it."""

    url: str
    done: int
    total: int
    sentence: str
    is_finished: bool = True
    rate: str | None = None
    left: str | None = None
    errors: list[tuple[str, int]] = field(default_factory=list)
    tone: str | None = None


class SampleForm(PublicForm):
    """One field of every kind."""

    name = LineField("Campaign name", [required], description="Only your team sees this.")
    subject = LineField("Subject", [Optional()])
    broken = LineField("Reply address", [required])
    topic = SelectField("Topic", choices=[SelectChoice("news", "News"), SelectChoice("offers", "Offers")])
    text = TextField("Notes", [Optional()])
    file = FileField("File", [Optional()])
    purposes = SelectMultipleChecks(
        "Ask for", choices=[SelectChoice("open", "Counting opens"), SelectChoice("click", "Counting clicks")]
    )
    format = RadioField(
        "Format", choices=[SelectChoice("html", "HTML"), SelectChoice("markdown", "Markdown")], default="html"
    )
    is_quiet = BooleanField("Respect quiet hours", description="Nobody is written to between 21:00 and 8:00.")
    source = TextField("Template", [Optional()])


def values(now: datetime) -> dict[str, Any]:
    """Return everything the style page shows."""
    form = SampleForm(
        formdata=MultiDict(),
        data={"name": "Autumn news", "purposes": ["click"], "is_quiet": True, "source": TEMPLATE},
    )
    form.broken.errors = ["This address is not complete. Write it as name@example.org."]
    days = [date(2026, 2, 1) + timedelta(days=step) for step in range(DAYS)]
    mailable = [1800 + step * 21 - (step % 5) * 9 for step in range(DAYS)]
    clicks = [0.041, 0.038, 0.052, 0.047]
    return {
        "now": now,
        "ago": lambda hours: now - timedelta(hours=hours),
        "form": form,
        "jobs": [
            Job("/style/a", 1240, 4000, "Importing customers", rate="310 a second", left="9 seconds left"),
            Job("/style/b", 2390, 2390, "All 2,390 messages have left", tone="success"),
            Job(
                "/style/c",
                870,
                2390,
                "Paused: the mail server defers",
                tone="warning",
                errors=[("The server refused too many messages at once", 14)],
            ),
        ],
        "area": charts.data(days, [charts.line("May be mailed", mailable)]),
        "interval": charts.data(
            ["May", "June", "July", "August"],
            [charts.line("Human clicks", clicks, low=[v - 0.008 for v in clicks], high=[v + 0.009 for v in clicks])],
            unit="percent",
        ),
        "stacked": charts.data(
            ["Mon", "Tue", "Wed", "Thu", "Fri"],
            [
                charts.line("Person", [40, 52, 31, 44, 60]),
                charts.line("Mail proxy", [30, 28, 25, 33, 31]),
                charts.line("Scanner", [8, 21, 5, 9, 12]),
            ],
        ),
        "money": charts.data(
            ["A", "B", "C"], [charts.line("Revenue", [82000, 31000, 9400])], unit="money", currency="EUR"
        ),
        "waterfall": [
            ("Match the rules", 2618, "start"),
            ("No permission for this topic", 187, "minus", "#"),
            ("Suppressed", 0, "minus"),
            ("Can be mailed", 2431, "total"),
        ],
        "states": [
            "confirmed",
            "pending",
            "withdrawn",
            "expired",
            "draft",
            "scheduled",
            "sending",
            "paused",
            "sent",
            "in_doubt",
            "skipped",
            "human",
            "proxy",
            "owner",
        ],
        "trend": [3, 5, 4, 6, 8, 7, 9, 12, 11, 14],
        "sent": SENT,
    }
