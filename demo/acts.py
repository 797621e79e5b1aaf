"""The acts of the demonstration: each does something as staff or customers would, and counts it from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from app.cadence.decide import Why
from app.campaigns import compose
from app.campaigns.drafts import ContentDraft, Draft
from app.campaigns.launch import launching, ready, schedule
from app.campaigns.launch.audience import Audience
from app.campaigns.launch.schedule import Reviewed
from app.commerce.conditions.products import BoughtProduct
from app.conditions.on_fields.amounts import GreaterThan, LessThan
from app.conditions.on_fields.dates import WithinLast
from app.customers.imports import files, kinds, steps
from app.customers.imports.mapping import guessing, mapping
from app.delivery.sending import send_queries
from app.delivery.sending.send_queries import Progress
from app.followup import tasks
from app.journeys import definitions, positions
from app.journeys.library import prospect_nurture
from app.segments import segments
from app.segments.rules import AllOf, Rule
from app.segments.segments import SegmentChange
from app.tracking.replies import replies
from demo import recipients
from demo.files import BROKEN_PEOPLE, BROKEN_PURCHASES
from demo.recipients import Mail, Responses, Temper
from demo.shop import NUMBER_OF, Shop
from demo.stage import Stage
from demo.sums import Sums

BUYERS: Rule = AllOf((WithinLast("latest_purchase_at", 365), GreaterThan("spent", Decimal(25))))
GREEN_TEA: Rule = AllOf(
    (
        BoughtProduct("orders", Decimal(1), category="Tea > Green"),
        BoughtProduct("orders", Decimal(0), at_most=Decimal(0), category="Teaware"),
    )
)
PROSPECTS: Rule = AllOf((GreaterThan("recency", Decimal(3)), LessThan("orders", Decimal(2))))

_RULES = {Why.CAP: "later, frequency cap", Why.PROMISE: "later, topic's limit", Why.QUIET_HOURS: "later, quiet hours"}


@dataclass
class Story:
    """What later acts need to know of earlier ones."""

    stage: Stage
    shop: Shop
    sums: Sums
    public_url: str
    inbound: tuple[str, int]
    responses: Responses = field(default_factory=Responses)
    before: int = 0
    seen: int = 0

    def new_mails(self) -> list[Mail]:
        """Return what arrived since the last look."""
        found = recipients.arrived(self.stage.mail, after=self.before + self.seen)
        self.seen += len(found)
        return found

    @property
    def allowed(self) -> set[str]:
        """Return who can prove to have agreed and has not left since."""
        return {person.email for person in self.shop.people if person.has_evidence} - self.responses.left


def bring_in(story: Story, kind: str, path: Path) -> None:
    """Import one of the shop's files the way staff would: store, map, start; then wait for the worker."""
    stage = story.stage
    with stage.transaction() as session, path.open("rb") as file:
        found = files.store(
            session,
            stage.workspace_id,
            file,
            file_name=path.name,
            kind=kind,
            source="own",
            source_note="The shop's old system",
            staff_id=stage.staff_id,
            now=stage.now,
        )
        choices = kinds.get(session, kind).targets(session, stage.workspace_id)
        guessed = guessing.columns(found.header, choices)
        mapping.decide(session, found, guessed, mapping.Options(topic="news"))
        steps.start(session, found)
        import_id = found.id
    rows = sum(1 for _ in path.open(encoding="utf-8")) - 1
    stage.watch(f"Importing {path.name}", rows, lambda: _rows_done(stage, import_id, rows))
    with stage.transaction() as session:
        counts = steps.get(session, stage.workspace_id, import_id).counts
    taken = counts.get("created", 0) + counts.get("updated", 0)
    stage.say(f"{taken:,} {kind} from {path.name}, {counts.get('refused', 0)} rows rejected with reasons")
    _check_import(story, kind, counts)


def choose(story: Story, name: str, rule: Rule, members: int) -> int:
    """Save a segment and compare its count with one made in plain Python."""
    stage = story.stage
    with stage.transaction() as session:
        segment = segments.save(
            session, stage.workspace_id, SegmentChange(name, rule), staff_id=stage.staff_id, now=stage.now
        )
        segment_id = segment.id
    with stage.transaction(reading=True) as session:
        query = segments.members_query(session, stage.workspace_id, segment_id, stage.now)
        found = len(session.execute(query).all())
    stage.say(f"segment “{name}”: {found:,} people")
    story.sums.add(f"people in “{name}”", members, found)
    return segment_id


def send_campaign(
    story: Story,
    name: str,
    subject: str,
    source: str,
    *,
    written_in: str,
    segment_id: int | None,
    at: datetime | None = None,
) -> int:
    """Compose, check, launch and watch a campaign, at once or at its time; return its send."""
    stage = story.stage
    with stage.transaction() as session:
        draft = Draft(
            name=name,
            segment_id=segment_id,
            is_for_everyone=segment_id is None,
            topic_id=stage.news_id,
            identity_id=None,
            language="en",
            send_later=at is not None,
            scheduled_at=at,
        )
        said = ContentDraft(written_in, subject, "From Nightjar Tea in Hamburg", source)
        campaign = compose.create(
            session, stage.workspace_id, draft, said, staff_id=stage.staff_id, now=stage.now
        )
        campaign_id, reviewed = campaign.id, Reviewed(campaign.revision, story.public_url)
        counted, checks = ready.look(session, campaign, public_url=story.public_url, now=stage.now)
    if counted:
        stage.say(
            f"matched {counted.matched:,} − no permission {counted.no_permission:,}"
            f" − suppressed {counted.suppressed:,}"
            f" = {counted.mailable:,} may be mailed, {counted.later:,} of them later"
        )
    remarks = "".join(f"\n    {check.level}: {check.message}" for check in checks)
    stage.say(f"preflight: {len(checks)} remarks{remarks}")
    with stage.transaction() as session:
        schedule.plan(session, stage.workspace_id, campaign_id, reviewed, staff_id=stage.staff_id, now=stage.now)
    if at is None:
        stage.settle()
    else:
        _wait_until(story, campaign_id, at)
    with stage.transaction() as session:
        send_ids = launching.send_ids(session, stage.workspace_id, campaign_id)
    if not send_ids:
        raise SystemExit(f"The campaign “{name}” was not launched; its audit says why.")
    send_id = send_ids[0]
    found = progress(story, send_id)
    if counted:
        compare(story, counted, found)
    return send_id


def compare(story: Story, promised: Audience, happened: Progress) -> None:
    """Hold what the review promised beside what became of every message once the send had settled."""
    sums, reasons = story.sums, happened.reasons
    told = {rule: sum(wait.count for wait in promised.waits if wait.why is rule) for rule in _RULES}
    waiting = {rule: reasons.get(f"waiting:{rule}", 0) for rule in _RULES}
    at_once = happened.total - happened.skipped - sum(waiting.values())
    sums.add("promised by the review: at once", promised.now, at_once)
    for rule, name in _RULES.items():
        if told[rule] or waiting[rule]:
            sums.add(f"promised by the review: {name}", told[rule], waiting[rule])


def tonight(stage: Stage) -> datetime:
    """Return half past ten this evening where the shop is."""
    return stage.now.astimezone(ZoneInfo("Europe/Berlin")).replace(hour=22, minute=30, second=0, microsecond=0)


def _wait_until(story: Story, campaign_id: int, at: datetime) -> None:
    """Nothing leaves before the time that was kept with the draft; then it does, by itself."""
    stage, sums = story.stage, story.sums
    stage.settle()
    with stage.transaction() as session:
        planned = compose.get(session, stage.workspace_id, campaign_id)
        sums.add("state before its time", "scheduled", planned.state)
        kept = planned.scheduled_at.astimezone(at.tzinfo) if planned.scheduled_at else None
        sums.add("time kept with the draft", f"{at:%d %b %H:%M}", f"{kept:%d %b %H:%M}" if kept else "none")
    stage.advance(seconds=max(0.0, (at - stage.now).total_seconds()))


def progress(story: Story, send_id: int) -> Progress:
    """Say where the messages of a send stand."""
    stage = story.stage
    with stage.transaction() as session:
        found = send_queries.progress_of(session, stage.workspace_id, send_id)
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(found.reasons.items()))
    stage.say(
        f"{found.total:,} messages: {found.sent:,} sent, {found.refused:,} refused, {found.skipped:,} skipped,"
        f" {found.queued + found.waiting:,} waiting" + (f" ({reasons})" if reasons else "")
    )
    return found


def react(story: Story, temper: Temper) -> list[Mail]:
    """Let scanners look at once, people later that day, and mail come back; then wait until all of it is taken in."""
    stage, responses = story.stage, story.responses
    mails = story.new_mails()
    with stage.console.status(f"{len(mails):,} mails arrive; scanners, people and servers react"):
        recipients.machines_first(mails, responses, temper, story.public_url)
        stage.advance(hours=3)
        recipients.people_later(mails, responses, temper, story.public_url)
        recipients.answer_by_mail(mails, responses, temper, story.inbound)
        stage.advance(minutes=5)
        recipients.leave(mails, responses, temper, story.public_url)
        stage.advance(minutes=5)
    return mails


def nurture(story: Story, segment_id: int) -> int:
    """Begin the reference nurture for a segment and play it to its end; return the journey."""
    stage = story.stage
    with stage.transaction() as session:
        journey = prospect_nurture.create(
            session,
            stage.workspace_id,
            segment_id=segment_id,
            topic_id=stage.news_id,
            staff_id=stage.staff_id,
            now=stage.now,
        )
        journey_id = journey.id
    stage.settle()
    temper = Temper(opens=40, clicks=7, replies=2, leaves=1, bounces=0, scanned=3)
    for days in (0, 10, 29, 29, 14):
        stage.advance(days=days)
        stage.pass_a_day()
        mails = react(story, temper)
        with stage.transaction() as session:
            counts = positions.count(session, definitions.get(session, stage.workspace_id, journey_id))
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.reasons.items())) or "nobody yet"
        stage.say(
            f"{stage.now:%d %b}: {len(mails):,} mails; {counts.active:,} on the way, {counts.done:,} at the end,"
            f" {counts.stopped:,} left ({reasons})"
        )
    return journey_id


def answer_people(story: Story, *, but: int) -> None:
    """Let staff answer all replies and do all tasks but the newest few, for an ordinary day."""
    stage = story.stage
    with stage.transaction() as session:
        while replies.count_waiting(session, stage.workspace_id) > but:
            oldest = replies.list_waiting(session, stage.workspace_id, limit=1)[0]
            replies.finish(session, stage.workspace_id, oldest.id, now=stage.now)
        for task in tasks.list_open(session, stage.workspace_id, limit=1000)[:-but]:
            tasks.finish(session, stage.workspace_id, task.id, staff_id=stage.staff_id, now=stage.now)


def _rows_done(stage: Stage, import_id: int, rows: int) -> int:
    with stage.transaction() as session:
        found = steps.get(session, stage.workspace_id, import_id)
        if found.state == "failed":
            raise SystemExit(f"The import failed: {found.failure}")
        return rows if found.state == "done" else min(found.rows_done, rows - 1)


def _check_import(story: Story, kind: str, counts: dict[str, int]) -> None:
    stage, shop, sums = story.stage, story.shop, story.sums
    if kind == "people":
        sums.add("people imported", len(shop.people), counts.get("created", 0))
        sums.add("rows rejected", len(BROKEN_PEOPLE), counts.get("refused", 0), "with a reason each")
        proven = sum(person.has_evidence for person in shop.people)
        sums.add("consents with proof", proven, counts.get("consent_granted", 0))
        claimed = sum(person.says_yes and not person.has_evidence for person in shop.people)
        sums.add("claims without proof", claimed, counts.get("claimed_only", 0), "they grant nothing")
        return
    if kind == "products":
        bought = {line.product for purchase in shop.purchases for line in purchase.lines}
        sums.add("products nobody has bought", len(NUMBER_OF) - len(bought), counts.get("created", 0))
        sums.add("products known by their orders", len(bought), counts.get("updated", 0), "price and stock added")
        return
    sums.add("purchases imported", len(shop.purchases), counts.get("created", 0))
    sums.add("rows rejected", len(BROKEN_PURCHASES), counts.get("refused", 0), "with a reason each")
    lines = sum(len(purchase.lines) for purchase in shop.purchases)
    sums.add("order lines", lines, stage.count("SELECT count(*) FROM order_lines WHERE workspace_id = :w"))
    cents = sum(round(float(purchase.amount) * 100) for purchase in shop.purchases)
    rolled_up = stage.count("SELECT (sum(spent) * 100)::bigint FROM customer_engagement WHERE workspace_id = :w")
    sums.add("revenue in cents", cents, rolled_up, "as summed up per customer")
