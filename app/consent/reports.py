"""Counts of permission for the consent overview: growth, legal basis and age."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import customer_queries

# One pass over the answers, whatever is counted; who is suppressed is looked up in a hash, not person by person.
_BASE = text(
    f"""
    WITH suppressed AS MATERIALIZED (
        SELECT person.id FROM suppressions AS held
        JOIN ({customer_queries.digests_sql(":workspace_id")}) AS person ON person.address_digest = held.address_digest
        WHERE held.workspace_id = :workspace_id
    ), mailable AS MATERIALIZED (
        SELECT customer_id, topic_id, basis, method,
            CASE WHEN since > :quarter THEN 0 WHEN since > :year THEN 1 WHEN since > :two_years THEN 2 ELSE 3 END AS age
        FROM consent_state
        WHERE workspace_id = :workspace_id AND purpose = 'marketing' AND topic_id > 0 AND allowed
            AND (expires_at IS NULL OR expires_at > :now) AND customer_id NOT IN (SELECT id FROM suppressed)
    )
    SELECT 'people' AS what, 0 AS number, '' AS basis, '' AS method, count(DISTINCT customer_id) FROM mailable
    UNION ALL SELECT 'topic', topic_id, '', '', count(*) FROM mailable GROUP BY topic_id
    UNION ALL SELECT 'age', age, '', '', count(*) FROM mailable GROUP BY age
    UNION ALL SELECT 'source', 0, basis, method, count(*) FROM mailable GROUP BY basis, method
    """
)
_STATES = text(
    """
    SELECT topic_id, state, count(*) FROM consent_state
    WHERE workspace_id = :workspace_id AND purpose = 'marketing' AND topic_id > 0 AND NOT allowed
    GROUP BY topic_id, state
    """
)
_FLOW = text(
    """
    SELECT CAST(date_trunc('week', recorded_at AT TIME ZONE :zone) AS date) AS week, event, count(*) FROM consent_ledger
    WHERE workspace_id = :workspace_id AND purpose = 'marketing' AND recorded_at > :since AND event IN
        ('given', 'imported', 'confirmed', 'renewed', 'withdrawn', 'objected', 'complained', 'expired')
    GROUP BY week, event
    """
)
_BOUNCED = text(
    """
    SELECT CAST(date_trunc('week', at AT TIME ZONE :zone) AS date) AS week, count(*) FROM suppressions
    WHERE workspace_id = :workspace_id AND reason = 'bounced' AND at > :since GROUP BY week
    """
)

GAINED = {"imported": "imported", "given": "given", "renewed": "given", "confirmed": "confirmed"}
LOST = ("withdrawn", "objected", "complained", "expired", "bounced")


@dataclass(frozen=True, slots=True)
class Base:
    """Who may be written to now, cut four ways. Ages are those of the latest yes: 90 days, a year, two years, older."""

    people: int
    by_topic: dict[int, int]
    not_allowed: dict[int, dict[str, int]]
    by_source: list[tuple[str, str, int]]
    by_age: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """Week by week: how many permissions were gained and lost, and why. Weeks begin on Mondays."""

    weeks: tuple[date, ...]
    gained: dict[str, tuple[int, ...]]
    lost: dict[str, tuple[int, ...]]

    @property
    def gained_total(self) -> int:
        """Count what people gave in these weeks; what was brought along by import they gave before."""
        return sum(sum(values) for name, values in self.gained.items() if name != "imported")

    @property
    def brought_total(self) -> int:
        return sum(self.gained["imported"])

    @property
    def lost_total(self) -> int:
        return sum(map(sum, self.lost.values()))


def base(session: Session, workspace_id: int, *, now: datetime) -> Base:
    """Count the base of permission as it stands."""
    spans = {"quarter": 90, "year": 365, "two_years": 730}
    since = {name: now - timedelta(days=count) for name, count in spans.items()}
    people, by_topic, ages = 0, {}, [0, 0, 0, 0]
    by_source: list[tuple[str, str, int]] = []
    for what, number, ground, method, count in session.execute(
        _BASE, {"workspace_id": workspace_id, "now": now} | since
    ):
        if what == "people":
            people = count
        elif what == "topic":
            by_topic[number] = count
        elif what == "age":
            ages[number] = count
        else:
            by_source.append((ground, method, count))
    not_allowed: dict[int, dict[str, int]] = {}
    for topic_id, state, count in session.execute(_STATES, {"workspace_id": workspace_id}):
        not_allowed.setdefault(topic_id, {})[state] = count
    by_source.sort(key=lambda row: -row[2])
    return Base(people, by_topic, not_allowed, by_source[:20], (ages[0], ages[1], ages[2], ages[3]))


def flow(session: Session, workspace_id: int, *, now: datetime, time_zone: str, weeks: int = 13) -> Flow:
    """Count what was gained and lost in each of the latest weeks."""
    here = {"workspace_id": workspace_id, "zone": time_zone, "since": now - timedelta(weeks=weeks)}
    latest = session.scalar(
        text("SELECT CAST(date_trunc('week', CAST(:now AS timestamptz) AT TIME ZONE :zone) AS date)"),
        {"now": now, "zone": time_zone},
    )
    assert isinstance(latest, date)
    names = tuple(latest - timedelta(weeks=back) for back in range(weeks - 1, -1, -1))
    counted: dict[str, dict[date, int]] = {}
    for week, event, count in session.execute(_FLOW, here):
        name = GAINED.get(event, event)
        counted.setdefault(name, {})[week] = counted.get(name, {}).get(week, 0) + count
    counted["bounced"] = {row[0]: row[1] for row in session.execute(_BOUNCED, here)}

    def line(name: str) -> tuple[int, ...]:
        return tuple(counted.get(name, {}).get(week, 0) for week in names)

    return Flow(
        names,
        {name: line(name) for name in dict.fromkeys(GAINED.values())},
        {name: line(name) for name in LOST},
    )
