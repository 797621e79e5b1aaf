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
from demo import acts, checks, files, mails, recipients, shop, waiting
from demo.acts import Story
from demo.recipients import Temper
from demo.stage import EMAIL, PASSWORD, NotCalm, Stage, open_shop
from demo.sums import Sums

PEOPLE = 5_000
SEED = 20_260_302
DAYS_AGO = 123
_TEMPER = Temper()


def main(env: Mapping[str, str]) -> int:
    """Play all acts against the running installation; return 0 when every count adds up."""
    console = Console(width=None if Console().is_terminal else 110)
    os.environ.update(env)
    services = build(extensions.build())
    try:
        stage = open_shop(services, console, days_ago=DAYS_AGO)
        sums = Sums()
        _play(stage, sums, env)
    except NotCalm as stuck:
        console.print(f"[red]The demonstration is stuck: {stuck}. See the logs in {services.settings.var_dir}/log.")
        return 1
    sums.show(console)
    _leave_note(stage)
    if sums.differing:
        console.print(f"[red]{len(sums.differing)} counts differ.")
        return 1
    console.print(f"[green]All {sum(not isinstance(line, str) for line in sums.lines)} counts agree.")
    return 0


def _play(stage: Stage, sums: Sums, env: Mapping[str, str]) -> None:
    made = shop.open_for(PEOPLE, seed=SEED, today=stage.now.date())
    host, _, port = env["INTAKE_ADDRESS"].rpartition(":")
    story = Story(stage, made, sums, env["PUBLIC_URL"], (host, int(port)))
    story.before = len(recipients.arrived(stage.mail, after=0))
    stage.say(f"The clock is set back to {stage.now:%d %B %Y}, so that the story can end today.")

    stage.act("1  A small shop brings its customers")
    sums.head("Import")
    people, purchases = files.write(made, stage.services.settings.var_dir / "demo")
    acts.bring_in(story, "people", people)
    acts.bring_in(story, "purchases", purchases)

    stage.act("2  A segment, and a first campaign to it")
    sums.head("First campaign")
    members = _buyers(made, stage.now)
    segment_id = acts.choose(story, "Bought within a year, for more than 25", acts.BUYERS, len(members))
    acts.choose(story, "Drinks green tea", acts.GREEN_TEA, len(_drink_green_tea(made)))
    allowed = story.allowed
    harvest = acts.send_campaign(
        story, "Harvest", "The new harvest is in", mails.AUTUMN, written_in="mjml", segment_id=segment_id
    )
    stage.advance(hours=20)  # until it has been daytime everywhere
    first = acts.react(story, _TEMPER)
    checks.first_campaign(story, harvest, members, allowed, first)

    stage.act("3  A second campaign, to everybody, scheduled for the next night")
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

    stage.act("4  Two mails to people who had a mail this week")
    sums.head("A journey that waits")
    waiting.two_mails(story)

    stage.act("5  Twelve weeks with those who bought once, lately")
    sums.head("Nurture")
    prospects_id = acts.choose(story, "Bought once, lately", acts.PROSPECTS, checks.count_prospects(story))
    journey_id = acts.nurture(story, prospects_id)
    checks.nurture(story, journey_id)

    acts.answer_people(story, but=4)
    stage.come_home()
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
    note = f"Log in as {EMAIL} with the password: {PASSWORD}\n"
    note += "Look at   the home page, and any customer\n"
    note += "          the products: what each brings, and what is bought with it\n"
    note += "          the campaign “Advent”: who waited, who was skipped, and why\n"
    note += "          the journey “First steps with us”: who went how far, and why they stopped\n"
    (stage.services.settings.var_dir / "demo-login").write_text(note)
