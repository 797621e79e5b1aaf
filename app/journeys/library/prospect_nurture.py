"""The prospect nurture: the basic facts at once, then monthly mails, and a call as soon as somebody shows interest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.journeys import definitions, drafts, publishing
from app.journeys.definitions import Plan
from app.journeys.models import Journey
from app.journeys.steps.kinds import AnyStep
from app.journeys.steps.send import Send
from app.journeys.steps.wait import Wait
from app.kernel.translatable import N_

NAME = N_("First steps with us")
FIRST_WAIT_DAYS = 10
MONTH_DAYS = 30
INTEREST = N_("Get in touch: this person showed interest")

_HELLO = "Hello{% if customer.first_name %} {{ customer.first_name }}{% endif %},"
FACTS = f"""\
{_HELLO}

thank you for wanting to hear from us. Here are the basic facts, in one mail:

- what we make, and for whom,
- what it costs,
- how to reach a person who answers.

[Read the basic facts](https://shop.example/facts)

If you have a question, simply answer this mail.
"""
MONTHLY = (
    (
        N_("What others did with it"),
        f"""\
{_HELLO}

one story a month, and no more than three of them. This one is about a customer who began small.

[Read the story](https://shop.example/story)
""",
    ),
    (
        N_("The question we hear most"),
        f"""\
{_HELLO}

people ask us whether it is worth it for them. Here is how to find out in five minutes.

[Take the five minutes](https://shop.example/worth-it)
""",
    ),
    (
        N_("Our last mail in this series"),
        f"""\
{_HELLO}

this is the last of these mails. If you want to talk, answer it, and one of us will call you.

[See what is new](https://shop.example/new)
""",
    ),
)


def create(
    session: Session, workspace_id: int, *, segment_id: int, topic_id: int, staff_id: int, now: datetime
) -> Journey:
    """Make and publish the prospect nurture for a segment; `staff_id` gets the tasks. Everyone in it enters now."""
    plan = Plan(
        name=NAME,
        trigger_kind="segment",
        trigger_id=segment_id,
        topic_id=topic_id,
        interest_title=INTEREST,
        interest_owner_id=staff_id,
    )
    journey = definitions.create(session, workspace_id, plan, staff_id=staff_id, now=now)
    fill(session, journey)
    publishing.publish(session, workspace_id, journey.id, staff_id=staff_id, now=now)
    return journey


def fill(session: Session, journey: Journey) -> None:
    """Give an empty journey its steps, to be reworded."""
    for step in _flow():
        drafts.add(session, journey, step)


def _flow() -> list[AnyStep]:
    """Facts, then three monthly mails for those whose interest has not changed after ten days."""
    flow: list[AnyStep] = [Send(subject="The basic facts", source=FACTS), Wait(days=FIRST_WAIT_DAYS)]
    for subject, source in MONTHLY:
        flow += [Send(subject=subject, source=source), Wait(days=MONTH_DAYS)]
    return flow[:-1]
