"""Whoever responded to a campaign, by campaign, link and who did it: as SQL and as counted by hand."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from random import Random

import pytest
from sqlalchemy import text

from app.campaigns.conditions import WithCampaign
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.segments import segments, sentence
from app.segments.codec import RulesInvalid
from app.segments.rules import Not
from app.tracking.links import links
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch, send_of
from tests.factories.conditions import speaking_of
from tests.factories.consent import consented_customer
from tests.factories.journeys import let_mail_leave

NAMES = {"open": EventName.OPENED, "click": EventName.CLICKED, "reply": EventName.REPLIED}
SOURCES = {"open": Source.TRACKING, "click": Source.TRACKING, "reply": Source.DELIVERY}
URLS = ("https://shop.example/Roses", "https://shop.example/tea")


@pytest.fixture
def mailing(session, workspace):
    """Two campaigns to ten people, and what these did with them: (person, kind, campaign, url, verdict, days ago)."""
    random = Random(3)
    people = [consented_customer(session, workspace.id, email=f"p{n}@example.com").id for n in range(10)]
    sends, campaigns = {}, []
    for name in ("Spring", "Summer"):
        campaign = a_campaign(session, workspace, name=name)
        launch(session, workspace, campaign.id)
        campaigns.append(campaign.id)
        sends[campaign.id] = send_of(session, campaign)
    let_mail_leave(session, workspace.id, now=NOON)
    made = {each: links.register(session, workspace.id, sends[each], URLS, now=NOON) for each in campaigns}
    seen = []
    for _ in range(60):
        kind, campaign, place = random.choice(list(NAMES)), random.choice(campaigns), random.randrange(2)
        one = (random.choice(people), kind, campaign, URLS[place] if kind == "click" else None,
               random.choice(("human", "scanner")), random.choice((1, 29, 31)))  # fmt: skip
        seen.append(one)
        who, _kind, _campaign, url, verdict, days = one
        row = ActivityRow(
            *(workspace.id, who, NOON - timedelta(days=days), NAMES[kind], SOURCES[kind]),
            send_id=sends[campaign],
            link_id=made[campaign][place].id if url else None,
            verdict=verdict if kind != "reply" else None,
        )
        activities.record_many(session, [row], now=NOON)
    return people, campaigns, seen


def test_rules_find_whom_one_finds_by_hand(session, workspace, mailing):
    people, campaigns, seen = mailing
    kinds, chosen = ("open", "click", "reply"), (None, *campaigns)
    for kind, campaign, link, verdict, days, times in product(
        kinds, chosen, (None, "ROSES"), ("human", "machine", "any"), (None, 30), ((1, None), (2, 3), (0, 0))
    ):
        if link and kind != "click":
            continue
        rule = WithCampaign(kind, campaign, link, verdict, times[0], days, at_most=times[1])
        counts = dict.fromkeys(people, 0)
        for who, did, of, url, by, ago in seen:
            is_by = verdict == "any" or kind == "reply" or (by == "human") == (verdict == "human")
            is_link = link is None or (url or "").lower().endswith("roses")
            if did == kind and campaign in (None, of) and is_by and is_link and (days is None or ago <= days):
                counts[who] += 1
        expected = {who for who, n in counts.items() if n >= times[0] and (times[1] is None or n <= times[1])}
        assert asked(session, workspace, rule) == expected, rule
        if times == (1, None) and verdict == "human":
            assert asked(session, workspace, Not(rule)) == set(people) - expected


def test_whom_a_campaign_was_sent_to(session, workspace, mailing):
    people, campaigns, _seen = mailing
    session.execute(text("UPDATE messages SET state = 'sent', sent_at = :now"), {"now": NOON})
    late = consented_customer(session, workspace.id, email="late@example.com").id

    assert asked(session, workspace, WithCampaign("sent", campaigns[0])) == set(people)
    assert asked(session, workspace, Not(WithCampaign("sent", campaigns[0]))) == {late}


@pytest.mark.parametrize(
    ("rule", "part"), [(WithCampaign("sent"), "campaign"), (WithCampaign("open", 1, "x"), "link")]
)
def test_what_asks_nothing_is_refused_at_its_place(session, workspace, rule, part):
    with pytest.raises(RulesInvalid) as refused:
        asked(session, workspace, rule)

    assert [problem.path for problem in refused.value.problems] == [(part,)]


def test_it_is_said_in_words():
    vocabulary = speaking_of({})
    rule = WithCampaign("click", None, "/roses", "machine", 2, 30)

    assert sentence.describe(rule, vocabulary) == (
        "Customers for whom they clicked a link with “/roses” in any mail at least 2 times in the last 30 days "
        "(by a machine)."
    )


def asked(session, workspace, rule):
    return set(session.scalars(segments.matches_query(session, workspace.id, rule, now=NOON)))
