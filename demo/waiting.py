"""A journey whose first mail has to wait for the frequency cap: the second never comes before it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.conditions.on_fields.equality import Is
from app.journeys import definitions, drafts, positions, publishing, versions
from app.journeys.definitions import Plan
from app.journeys.models import Journey
from app.journeys.steps.send import Send
from app.journeys.steps.wait import Wait
from app.segments.rules import Rule
from demo import acts
from demo.acts import Story
from demo.recipients import Mail

NAME = "Two mails from the garden"
FIRST, SECOND = "A letter from the garden", "What the garden is like in the rain"
CITY = "Hamburg"
NEIGHBOURS: Rule = Is("city", CITY)
_MAIL = "Hello{% if customer.first_name %} {{ customer.first_name }}{% endif %},\n\n%s\n"
_FIRST_TEXT = _MAIL.replace("%s", "the bushes are in flower, and we picked the first leaves on Monday.")
_SECOND_TEXT = _MAIL.replace("%s", "it has rained for three days, and everything smells of earth and tea.")


def two_mails(story: Story) -> int:
    """Write to people who had a mail this week; a day lies between the mails. Return the journey."""
    stage = story.stage
    neighbours = sum(person.city == CITY for person in story.shop.people)
    segment_id = acts.choose(story, f"Lives in {CITY}", NEIGHBOURS, neighbours)
    with stage.transaction() as session:
        journey_id = _begin(session, story, segment_id).id
    # A sender asks the gate about each of them; whose mail left goes on at the next look, the others stay.
    for _ in range(2):
        stage.advance(minutes=2)
    _check_wait(story, journey_id)
    mails: list[Mail] = []
    for days in (1, 1, 5, 1, 6, 1):
        stage.advance(days=days - 1)
        stage.pass_a_day()
        mails += story.new_mails()
    with stage.transaction() as session:
        counts = positions.count(session, definitions.get(session, stage.workspace_id, journey_id))
    stage.say(f"{stage.now:%d %b}: {len(mails):,} mails; {counts.done:,} have had both, {counts.active:,} wait")
    _check_order(story, journey_id, mails)
    return journey_id


def _begin(session: Session, story: Story, segment_id: int) -> Journey:
    stage = story.stage
    plan = Plan(name=NAME, trigger_kind="segment", trigger_id=segment_id, topic_id=stage.news_id)
    journey = definitions.create(session, stage.workspace_id, plan, staff_id=stage.staff_id, now=stage.now)
    for step in (Send(subject=FIRST, source=_FIRST_TEXT), Wait(days=1), Send(subject=SECOND, source=_SECOND_TEXT)):
        drafts.add(session, journey, step)
    publishing.publish(session, stage.workspace_id, journey.id, staff_id=stage.staff_id, now=stage.now)
    return journey


def _check_wait(story: Story, journey_id: int) -> None:
    """Who had a mail within the week waits for the first mail, and stays where it was asked for."""
    stage = story.stage
    with stage.transaction() as session:
        journey = definitions.get(session, stage.workspace_id, journey_id)
        start = versions.latest(session, journey).in_order()[0].id
        waiting = positions.waiting(session, journey).get(start, [])
        counts = positions.count(session, journey)
    for group in waiting:
        stage.say(f"{group.count:,} first mails wait ({group.reason}), the first until {group.first_at:%d %b}")
    held_back = sum(group.count for group in waiting)
    story.sums.add("people whose first mail waits, at that step", held_back, counts.at.get(start, 0))
    ahead = (
        "SELECT count(*) FROM enrolments e JOIN journey_steps s ON s.workspace_id = e.workspace_id"
        " AND s.journey_id = e.journey_id AND s.version = e.version"
        " JOIN journey_steps at ON at.workspace_id = e.workspace_id AND at.journey_id = e.journey_id"
        " AND at.version = e.version AND at.step_id = e.step_id AND s.number < at.number"
        " JOIN messages m ON m.workspace_id = e.workspace_id AND m.customer_id = e.customer_id"
        " AND m.send_id = s.send_id"
        " WHERE e.workspace_id = :w AND e.journey_id = :j AND m.state IN ('queued', 'handed')"
    )
    story.sums.add("people ahead of their mail", 0, stage.count(ahead, j=journey_id))


def _check_order(story: Story, journey_id: int, mails: list[Mail]) -> None:
    """By the mailboxes: nobody had the second mail first, and whoever went to the end had both."""
    had: dict[str, list[str]] = {}
    for mail in mails:
        had.setdefault(mail.to, []).append(mail.subject)
    sums = story.sums
    sums.add("second mails before the first", 0, sum(got[0] != FIRST for got in had.values()))
    both = sum(got == [FIRST, SECOND] for got in had.values())
    sums.add("mails that came twice", 0, sum(len(got) != len(set(got)) for got in had.values()))
    taken = (
        "SELECT count(*) FROM (SELECT customer_id FROM messages m JOIN journey_steps s"
        " ON s.workspace_id = m.workspace_id AND s.send_id = m.send_id"
        " WHERE m.workspace_id = :w AND s.journey_id = :j AND m.state = 'sent'"
        " GROUP BY customer_id HAVING count(*) = 2) AS pairs"
    )
    sums.add("people who had both", both, story.stage.count(taken, j=journey_id))
    done = "SELECT count(*) FROM enrolments WHERE workspace_id = :w AND journey_id = :j AND state = 'active'"
    sums.add("people still on the way", 0, story.stage.count(done, j=journey_id))
