"""The main job, visibly: from a shop's old files to campaigns that were sent, answered and learned from."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from rich.console import Console

from app.kernel.services import build
from app.wiring import extensions
from demo import acts, checks, circles, counter, files, mails, recipients, shop, waiting
from demo.acts import Story
from demo.recipients import Temper
from demo.stage import EMAIL, PASSWORD, NotCalm, Stage, open_shop
from demo.sums import Sums

PEOPLE = 5_000
SEED = 20_260_302
DAYS_AGO = 123
STUCK = 2
_TEMPER = Temper()


def open_stage(env: Mapping[str, str]) -> Stage:
    """Open the shop on a clock set back, and leave a note on how to log in."""
    console = Console(width=None if Console().is_terminal else 110)
    os.environ.update(env)
    stage = open_shop(build(extensions.build()), console, days_ago=DAYS_AGO)
    _note(stage, "The demonstration is playing now; every page shows how far it has got.\n")
    return stage


def main(stage: Stage, env: Mapping[str, str]) -> int:
    """Play all acts against the running installation; return 0 when every count adds up, STUCK if there is no end."""
    console, sums = stage.console, Sums()
    try:
        _play(stage, sums, env)
    except NotCalm as stuck:
        logs = stage.services.settings.var_dir / "log"
        console.print(f"[red]The demonstration is stuck: {stuck}. See the logs in {logs}.")
        return STUCK
    finally:
        stage.announcer.end()
    sums.show(console)
    _leave_note(stage)
    if sums.differing:
        console.print(f"[red]{len(sums.differing)} counts differ (what others did in the shop meanwhile counts, too).")
        return 1
    console.print(f"[green]All {sum(not isinstance(line, str) for line in sums.lines)} counts agree.")
    return 0


def _play(stage: Stage, sums: Sums, env: Mapping[str, str]) -> None:
    made = shop.open_for(PEOPLE, seed=SEED, today=stage.now.date())
    host, _, port = env["INTAKE_ADDRESS"].rpartition(":")
    story = Story(stage, made, sums, env["PUBLIC_URL"], (host, int(port)))
    story.before = len(recipients.arrived(stage.mail, after=0))
    stage.say(f"The clock is set back to {stage.now:%d %B %Y}, so that the story can end today.")

    stage.next_act()
    sums.head("Import")
    people, purchases = files.write(made, stage.services.settings.var_dir / "demo")
    acts.bring_in(story, "people", people)
    acts.bring_in(story, "purchases", purchases)
    counter.bring_catalogue(story, purchases.parent)

    stage.next_act()
    sums.head("First campaign")
    members = _buyers(made, stage.now)
    segment_id = acts.choose(story, "Bought within a year, for more than 25", acts.BUYERS, len(members))
    acts.choose(story, "Drinks green tea", acts.GREEN_TEA, len(_drink_green_tea(made)))
    circles.bring_together(story, members)
    allowed = story.allowed
    harvest = acts.send_campaign(
        story, "Harvest", "The new harvest is in", mails.AUTUMN, written_in="mjml", segment_id=segment_id
    )
    stage.advance(hours=20)  # until it has been daytime everywhere
    first = acts.react(story, _TEMPER)
    checks.first_campaign(story, harvest, members, allowed, first)

    stage.next_act()
    sums.head("Second campaign")
    stage.advance(days=1)
    allowed, returned = story.allowed, set(story.responses.returned)
    advent = acts.send_campaign(
        story,
        "Advent",
        "Twenty-four teas, one a day",
        mails.WINTER,
        written_in="markdown",
        segment_id=None,
        at=acts.tonight(stage),
    )
    stage.pass_a_day()  # until it has been daytime everywhere
    acts.progress(story, advent)
    early = acts.react(story, _TEMPER)
    stage.advance(days=6)
    stage.pass_a_day()
    acts.progress(story, advent)
    late = acts.react(story, _TEMPER)
    checks.second_campaign(story, advent, allowed - returned, first, early, late)

    stage.next_act()
    sums.head("A journey that waits")
    waiting.two_mails(story)

    stage.next_act()
    sums.head("Nurture")
    prospects_id = acts.choose(story, "Bought once, lately", acts.PROSPECTS, checks.count_prospects(story))
    journey_id = acts.nurture(story, prospects_id)
    checks.nurture(story, journey_id)

    acts.answer_people(story, but=4)
    stage.come_home()
    sums.head("At the counter")
    counter.open_today(story)
    sums.head("Altogether")
    checks.altogether(story)


def _buyers(made: shop.Shop, now: datetime) -> set[str]:
    """Return, in plain Python, whom the first segment should find."""
    spent: Counter[str] = Counter()
    latest: dict[str, datetime] = {}
    for purchase in made.purchases:
        spent[purchase.email] += round(float(purchase.amount) * 100)
        latest[purchase.email] = max(purchase.at, latest.get(purchase.email, purchase.at))
    return {email for email, cents in spent.items() if cents > 2500 and latest[email] >= now - timedelta(days=365)}


def _drink_green_tea(made: shop.Shop) -> set[str]:
    """Return, in plain Python, who bought anything of that category but no teaware."""
    had: dict[str, set[str]] = {}
    for purchase in made.purchases:
        had.setdefault(purchase.email, set()).update(shop.CATEGORY_OF[line.product] for line in purchase.lines)
    is_teaware = re.compile("Teaware( > .*)?").fullmatch
    return {email for email, bought in had.items() if "Tea > Green" in bought and not any(map(is_teaware, bought))}


def _leave_note(stage: Stage) -> None:
    """Keep what the next start should say about logging in."""
    note = "Look at   the home page, and any customer\n"
    note += "          the organisations: who decides there, and what they bought\n"
    note += "          the products: what each brings, and what is bought with it\n"
    note += "          the segment “Left a cart this week”, and what the best customers own, get and cost\n"
    note += "          the campaign “Advent”: who waited, who was skipped, and why\n"
    note += "          the journey “First steps with us”: who went how far, and why they stopped\n"
    _note(stage, note)


def _note(stage: Stage, more: str) -> None:
    login = f"Log in as {EMAIL} with the password: {PASSWORD}\n"
    (stage.services.settings.var_dir / "demo-login").write_text(login + more)
