"""The condition on what somebody did with a campaign's messages, by campaign, link and who did it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.campaigns.models import Campaign, CampaignSend
from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.counts import Often, TimesInput
from app.conditions.description import Description
from app.conditions.inputs import ChoiceInput, Control, FilledIn, OneInput, Option, whole
from app.conditions.limits import Day, Days, RowId, Text, TimesOrNone
from app.conditions.lookups import Lookup
from app.conditions.periods import InPeriod, PeriodInput, days_long
from app.conditions.references import Reference
from app.customers.timeline import activities, activity_queries
from app.customers.timeline.event_names import EventName
from app.delivery.sending import send_queries
from app.kernel.translatable import N_
from app.tracking.links import links

_OFFERED = 500
_ANY_MAIL = "any"
_WHO = ChoiceInput(
    "verdict",
    N_("Who did it"),
    (
        Option("human", N_("by a person")),
        Option("machine", N_("by a machine")),
        Option("any", N_("by anybody or a machine")),
    ),
)


def _campaign_names(session: Session, workspace_id: int) -> Mapping[int, str]:
    query = (
        select(Campaign.id, Campaign.name)
        .where(Campaign.workspace_id == workspace_id, Campaign.launched_at.is_not(None))
        .order_by(Campaign.launched_at.desc())
        .limit(_OFFERED)
    )
    return {row.id: row.name for row in session.execute(query)}


CAMPAIGN = Reference("campaign", _campaign_names)


@dataclass(frozen=True)
class CampaignInput(OneInput):
    """A campaign that was sent; with `offers_any` any mail at all may be meant."""

    name: str = "campaign"
    label: str = N_("Campaign")
    offers_any: bool = True

    def controls(self, filled: FilledIn) -> list[Control]:
        names = filled.vocabulary.names_of(CAMPAIGN)
        options = [Option(str(row_id), name, is_name=True) for row_id, name in names.items()]
        if not self.offers_any:
            return [Control(self.name, "choice", self.label, options=(("", options),))]
        groups = (("", [Option(_ANY_MAIL, N_("any mail"))]), (N_("Campaigns"), options))
        return [Control(self.name, "choice", self.label, options=groups, default=_ANY_MAIL)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        word = filled.word(self.name)
        return {} if self.offers_any and word in ("", _ANY_MAIL) else {self.name: whole(word)}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {self.name: str(values.get(self.name) or _ANY_MAIL)}

    def is_blank(self, filled: FilledIn) -> bool:
        return not self.offers_any and filled.word(self.name) in ("", _ANY_MAIL)


@dataclass(frozen=True)
class LinkInput(OneInput):
    """A part of the address a link leads to; left empty, any link is meant."""

    name: str = "link"
    label: str = N_("Link contains")

    def controls(self, _filled: FilledIn) -> list[Control]:
        return [Control(self.name, "text", self.label, N_("link contains"), placeholder=N_("any link"), chars=14)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        word = filled.word(self.name)
        return {self.name: word} if word else {}

    def is_blank(self, _filled: FilledIn) -> bool:
        return False


_OFTEN = (TimesInput(), PeriodInput())


def _question(kind: str, label: str, *more: OneInput) -> Question:
    return Question(kind, label, (CampaignInput(), *more, *_OFTEN), {"kind": kind})


@dataclass(frozen=True)
class WithCampaign(InPeriod, Often, Condition):
    """A campaign's message was sent to the customer, or something happened with it so often in a period."""

    type = "campaign_message"
    subject = Subject("campaign_message", N_("Messages by campaign"), "engagement")
    questions = (
        Question("sent", N_("were sent"), (CampaignInput(offers_any=False),), {"kind": "sent"}),
        _question("open", N_("opened"), _WHO),
        _question("click", N_("clicked"), LinkInput(), _WHO),
        _question("reply", N_("replied")),
        _question("bounce", N_("had mail bounce")),
        _question("unsubscribe", N_("unsubscribed")),
        _question("complaint", N_("complained")),
    )
    help = N_("What happened with the messages of one campaign, or of any.")
    example = {"kind": "click", "campaign": 1, "link": "/spring", "at_least": 1, "days": 30}
    references = (CAMPAIGN,)
    is_foreseen = True

    kind: Literal["sent", "open", "click", "reply", "bounce", "unsubscribe", "complaint"]
    campaign: RowId | None = None
    link: Text | None = None
    verdict: Literal["human", "machine", "any"] = "human"
    at_least: TimesOrNone = 1
    days: Days | None = None
    at_most: TimesOrNone | None = field(default=None, kw_only=True)
    since: Day | None = field(default=None, kw_only=True)
    until: Day | None = field(default=None, kw_only=True)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        if self.link is not None and self.kind != "click":
            raise ConditionInvalid(N_("Only clicks have a link."), part="link")
        if self.kind == "sent":
            return self._was_sent(context)
        self.times.require_range()
        return self.times.holds(context.lookups.of(Responses).number(self._asked(context)))

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime] | None:
        if self.kind == "sent":
            return None
        return context.lookups.of(Responses).next_change(self._asked(context), stays=days_long(self.days))

    def _asked(self, context: ConditionContext) -> ResponseQuestion:
        since, before = self.period.bounds(context)
        verdict = self.verdict if self.kind in _JUDGED else "any"
        return ResponseQuestion(_EVENTS[self.kind], self.campaign, self.link, verdict, since, before)

    def _was_sent(self, context: ConditionContext) -> ColumnElement[bool]:
        if not self.campaign:
            raise ConditionInvalid(N_("Choose a campaign."), part="campaign")
        context.lookups.count_other()
        sends = _sends_query(context.workspace_id, self.campaign)
        return context.customer_id.in_(send_queries.recipients_query(context.workspace_id, sends, until=context.now))

    def needs_activities_since(self, now: datetime, zone: tzinfo) -> datetime | None:
        since, _until = self.period.bounds_at(now, zone)
        return None if self.kind == "sent" else since or activities.EARLIEST

    def describe(self, description: Description) -> str:
        mail = description.name(CAMPAIGN, self.campaign) if self.campaign else description.text(N_("any mail"))
        if self.kind == "sent":
            return description.text(N_("they were sent %(mail)s"), mail=mail)
        if self.link:
            link = description.value(self.link)
            mail = description.text(N_("a link with %(link)s in %(mail)s"), link=link, mail=mail)
        once, often, never = _SAID[self.kind]
        values = {"mail": mail, "period": self.period.describe(description)}
        if self.times.is_never:
            said = description.text(never, **values)
        elif self.times.is_once:
            said = description.text(once, **values)
        else:
            said = description.text(often, times=self.times.describe(description), **values)
        if self.kind not in _JUDGED or self.verdict == "human":
            return said
        by = N_("%(said)s (by a machine)") if self.verdict == "machine" else N_("%(said)s (machines included)")
        return description.text(by, said=said)


# What machines do as well, so that it is judged.
_JUDGED = ("open", "click")
_EVENTS = {
    "open": EventName.OPENED,
    "click": EventName.CLICKED,
    "reply": EventName.REPLIED,
    "bounce": EventName.BOUNCED,
    "unsubscribe": EventName.UNSUBSCRIBED,
    "complaint": EventName.COMPLAINED,
}
# Said of once or more, of so many times, and of never.
_SAID = {
    "open": (
        N_("they opened %(mail)s %(period)s"),
        N_("they opened %(mail)s %(times)s %(period)s"),
        N_("they did not open %(mail)s %(period)s"),
    ),
    "click": (
        N_("they clicked %(mail)s %(period)s"),
        N_("they clicked %(mail)s %(times)s %(period)s"),
        N_("they did not click %(mail)s %(period)s"),
    ),
    "reply": (
        N_("they replied to %(mail)s %(period)s"),
        N_("they replied to %(mail)s %(times)s %(period)s"),
        N_("they did not reply to %(mail)s %(period)s"),
    ),
    "bounce": (
        N_("%(mail)s bounced %(period)s"),
        N_("%(mail)s bounced %(times)s %(period)s"),
        N_("%(mail)s did not bounce %(period)s"),
    ),
    "unsubscribe": (
        N_("they unsubscribed from %(mail)s %(period)s"),
        N_("they unsubscribed from %(mail)s %(times)s %(period)s"),
        N_("they did not unsubscribe from %(mail)s %(period)s"),
    ),
    "complaint": (
        N_("they complained about %(mail)s %(period)s"),
        N_("they complained about %(mail)s %(times)s %(period)s"),
        N_("they did not complain about %(mail)s %(period)s"),
    ),
}


class ResponseQuestion(NamedTuple):
    """How often an event happened with a campaign's messages (None: with any), from `since` on, before `before`."""

    name: EventName
    campaign: int | None
    link: str | None
    verdict: str
    since: datetime | None
    before: datetime | None


class Responses(Lookup[ResponseQuestion]):
    """How often people responded to messages."""

    name = "responses"

    def number(self, asked: ResponseQuestion) -> ColumnElement[int]:
        """Return how often, NULL where nothing that is asked about happened."""
        return self._asked(asked, BigInteger)

    def query(self) -> Select[Any]:
        row = activity_queries.activity_rows().c
        changes = self._changes(row.at, lambda asked: [self._wanted(asked, row)])
        happened = (row.at <= self._until,)
        wanted = [self._wanted(asked, row) for asked in self._questions]
        counted = [
            func.count().filter(each, *(happened if changes else ())).label(f"n{number}")
            for number, each in enumerate(wanted)
        ]
        query = (
            select(row.customer_id, *counted, *changes)
            .where(row.workspace_id == self._workspace_id, *(() if changes else happened), or_(*wanted))
            .group_by(row.customer_id)
        )
        campaigns = {asked.campaign for asked in self._questions}
        if None not in campaigns:
            # Said once more of all questions together: the activities of a few sends are found by their index.
            sends = _sends_query(self._workspace_id, *(each for each in campaigns if each))
            query = query.where(row.send_id.in_(sends))
        begins = [asked.since for asked in self._questions]
        if None not in begins:
            query = query.where(row.at >= min(since for since in begins if since))
        return query

    def _wanted(self, asked: ResponseQuestion, row: Any) -> ColumnElement[bool]:
        found: list[ColumnElement[bool]] = [row.name == asked.name, row.send_id.is_not(None)]
        if asked.campaign:
            found.append(row.send_id.in_(_sends_query(self._workspace_id, asked.campaign)))
        if asked.link:
            found.append(row.link_id.in_(links.ids_query(self._workspace_id, asked.link)))
        if asked.verdict != "any":
            found.append(row.verdict == "human" if asked.verdict == "human" else row.verdict != "human")
        if asked.since is not None:
            found.append(row.at >= asked.since)
        if asked.before is not None:
            found.append(row.at < asked.before)
        return and_(*found)


def _sends_query(workspace_id: int, *campaign_ids: int) -> Select[int]:
    return select(CampaignSend.send_id).where(
        CampaignSend.workspace_id == workspace_id, CampaignSend.campaign_id.in_(campaign_ids)
    )
