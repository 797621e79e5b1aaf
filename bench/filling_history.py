"""Fills a workspace with the history of years for benchmarks: what people bought, what they were sent and did.

For each customer: two orders and a half with two lines each, twenty activities over ten months, ten messages of fifty
campaigns. All by set-based statements, so that a million customers take minutes.
"""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
from sqlalchemy import select, text

from app.campaigns.models import Campaign
from app.campaigns.reports import kept
from bench import filling
from bench.ground import Ground

PRODUCTS = 2_000
CATEGORIES = 40
CAMPAIGNS = 50
# Campaigns go out every six days, each to one person in five.
DAYS_BETWEEN, SHARE = 6, 5

_PRODUCTS = """
INSERT INTO products (workspace_id, ref, name, category, price, currency, created_at, updated_at)
SELECT %(w)s, 'SKU-' || n,
       (ARRAY['Rose','Tulip','Spade','Rake','Pot','Bench','Seed','Lamp'])[1 + n %% 8] || ' No ' || n,
       'Category ' || n %% %(categories)s, 5 + n %% 90, 'EUR', %(now)s, %(now)s
FROM generate_series(1, %(products)s) n
"""
_PREPARE = (
    "CREATE TABLE bench_people AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM customers"
    " WHERE workspace_id = %(w)s",
    "ANALYZE bench_people",
)
_ORDERS = """
WITH made AS (
    SELECT nextval('orders_id_seq') AS id, p.id AS customer_id, p.n, part,
           %(now)s - (abs(hashint8(p.n * 3 + part)) %% 400) * interval '1 day' AS at
    FROM bench_people p, generate_series(0, 2) part WHERE part < 2 OR p.n %% 2 = 0),
placed AS (
    INSERT INTO orders (workspace_id, id, customer_id, order_ref, purchased_at, amount, currency, items)
    SELECT %(w)s, id, customer_id, 'bench-' || id, at, 30, 'EUR', 3 FROM made)
INSERT INTO order_lines (workspace_id, order_id, number, product_id, customer_id, purchased_at, currency, quantity,
                         amount)
SELECT %(w)s, id, line, %(first_product)s + abs(hashint8(id * 2 + line)) %% %(products)s, customer_id, at, 'EUR', line,
       10 * line
FROM made, generate_series(1, 2) line
"""
_SENDS = (
    """
    INSERT INTO occasions (workspace_id, id, kind, source_id, part, number, launched_at)
    SELECT %(w)s, nextval('occasions_id_seq'), 'campaign', k, '', 1, %(now)s FROM generate_series(1, %(campaigns)s) k
    """,
    """
    INSERT INTO campaigns (workspace_id, id, name, is_for_everyone, topic_id, identity_id, language, state, launched_at,
                           created_at, updated_at)
    SELECT %(w)s, nextval('campaigns_id_seq'), 'Campaign ' || k, true, %(topic)s, %(identity)s, 'en', 'sent', at, at, at
    FROM generate_series(1, %(campaigns)s) k,
         LATERAL (SELECT %(now)s - (%(campaigns)s - k + 1) * %(days)s * interval '1 day' AS at) launched
    """,
    """
    INSERT INTO campaign_variants (workspace_id, id, campaign_id, key, name, weight)
    SELECT workspace_id, nextval('campaign_variants_id_seq'), id, 'A', 'A', 100 FROM campaigns
    WHERE workspace_id = %(w)s
    """,
    """
    INSERT INTO campaign_contents (workspace_id, id, variant_id, language, format, subject, preheader, source,
                                   updated_at)
    SELECT workspace_id, nextval('campaign_contents_id_seq'), id, 'en', 'markdown', 'News', '',
           E'# News\\n\\n[Look](https://shop.example/new)', %(now)s FROM campaign_variants WHERE workspace_id = %(w)s
    """,
    """
    INSERT INTO sends (workspace_id, id, kind, source_id, occasion_id, topic_id, purpose, identity_id, subject,
                       preheader, html, text, language, state, launched_at, finished_at, created_at)
    SELECT c.workspace_id, nextval('sends_id_seq'), 'campaign', c.id, o.id, c.topic_id, 'marketing', c.identity_id,
           'News', '', '<p>News</p>', 'News', 'en', 'done', c.launched_at, c.launched_at, c.created_at
    FROM campaigns c JOIN occasions o ON o.workspace_id = c.workspace_id AND o.source_id = c.id AND o.kind = 'campaign'
    WHERE c.workspace_id = %(w)s ORDER BY c.id
    """,
    """
    INSERT INTO campaign_sends (workspace_id, send_id, campaign_id, occurrence, variant_id, content_id)
    SELECT s.workspace_id, s.id, s.source_id, 1, v.id, b.id
    FROM sends s JOIN campaign_variants v ON v.workspace_id = s.workspace_id AND v.campaign_id = s.source_id
    JOIN campaign_contents b ON b.workspace_id = v.workspace_id AND b.variant_id = v.id WHERE s.workspace_id = %(w)s
    """,
    """
    INSERT INTO links (workspace_id, id, send_id, position, url, created_at)
    SELECT workspace_id, nextval('links_id_seq'), id, place, 'https://shop.example/' || place, created_at
    FROM sends, generate_series(0, 9) place WHERE workspace_id = %(w)s
    """,
)
_OF_SEND = "SELECT id, occasion_id, launched_at FROM sends WHERE workspace_id = %(w)s ORDER BY id"
_MESSAGES = """
INSERT INTO messages (workspace_id, id, send_id, customer_id, occasion_id, state, reason, attempt, permission_seq,
                      contact_at, handed_at, sent_at, smtp_code)
SELECT %(w)s, %(first_message)s + n, %(send)s, id, %(occasion)s,
       CASE WHEN was_sent THEN 'sent' ELSE 'skipped' END, CASE WHEN NOT was_sent THEN 'no_permission' END,
       CASE WHEN was_sent THEN 1 ELSE 0 END, 1, CASE WHEN was_sent THEN at END, CASE WHEN was_sent THEN at END,
       CASE WHEN was_sent THEN at END, CASE WHEN was_sent THEN 250 END
FROM bench_people, LATERAL (SELECT hashint8(n + %(send)s) %% 20 <> 0 AS was_sent, %(at)s::timestamptz AS at) sent
WHERE n %% %(share)s = %(turn)s
"""
_ACTIVITIES = """
INSERT INTO activities (workspace_id, customer_id, at, recorded_at, name, source, message_id, send_id, link_id, verdict,
                        verdict_version, facts)
SELECT %(w)s, id, at, at, CASE WHEN name = 'clicked' AND chance %% 4 <> 0 THEN 'viewed' ELSE name END,
       CASE WHEN name = 'clicked' AND chance %% 4 <> 0 THEN 'api' ELSE 'tracking' END,
       CASE WHEN name = 'opened' OR chance %% 4 = 0 THEN %(first_message)s + n END,
       CASE WHEN name = 'opened' OR chance %% 4 = 0 THEN %(send)s END,
       CASE WHEN name = 'clicked' AND chance %% 4 = 0 THEN %(first_link)s + chance %% 10 END,
       CASE WHEN name = 'opened' OR chance %% 4 = 0 THEN CASE WHEN chance %% 3 = 0 THEN 'proxy' ELSE 'human' END END,
       CASE WHEN name = 'opened' OR chance %% 4 = 0 THEN 1 END,
       CASE WHEN name = 'clicked' AND chance %% 4 <> 0 THEN '{"page": "/garden"}'::jsonb ELSE '{}' END
FROM (SELECT id, n, name, chance, %(at)s::timestamptz + chance %% 1440 * interval '1 minute' AS at
      FROM bench_people, (VALUES ('opened'), ('clicked')) AS done (name),
           LATERAL (SELECT abs(hashint8(n + %(send)s)) AS chance) drawn
      WHERE n %% %(share)s = %(turn)s) hits
"""
_RECIPIENTS = text(
    "SELECT count(*) FROM messages JOIN campaign_sends USING (workspace_id, send_id)"
    " WHERE workspace_id = :w AND campaign_id = :id"
)
_FURNISHING = (
    """
    INSERT INTO suppressions (workspace_id, address_digest, reason, source, at)
    SELECT %(w)s, sha256(('gone' || n)::bytea), 'bounced', 'bench', %(now)s - n * interval '1 minute'
    FROM generate_series(1, %(people)s / 20) n
    """,
    """
    INSERT INTO audit_entries (workspace_id, at, action, subject_kind, subject_id, details)
    SELECT %(w)s, %(now)s - n * interval '1 minute', 'campaign.changed', 'campaign', 1 + n %% 50, '{}'
    FROM generate_series(1, %(people)s / 10) n
    """,
    """
    INSERT INTO tasks (workspace_id, customer_id, source, title, due_on, created_at)
    SELECT %(w)s, id, 'staff', 'Call back', (%(now)s + n %% 60 * interval '1 day')::date, %(now)s
    FROM bench_people WHERE n %% 50 = 0
    """,
    """
    INSERT INTO replies (workspace_id, customer_id, at, subject, excerpt, class)
    SELECT %(w)s, id, %(now)s - n * interval '1 second', 'Re: News', 'Thank you', 'human'
    FROM bench_people WHERE n %% 100 = 0
    """,
)
_TABLES = (
    *("products", "orders", "order_lines", "messages", "activities", "sends", "campaigns", "suppressions"),
    *("audit_entries", "tasks", "replies"),
)


def fill(place: Ground, people: int, *, with_messages: bool = True) -> None:
    """Put this many customers with their history into the workspace, unless it was filled before."""
    url = place.postgres.url_of("assent", role="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        # Written last: a filling that was cut off is begun anew by throwing the folder away.
        if connection.execute("SELECT to_regclass('bench_filled')").fetchone() != (None,):
            return
        filling.fill(place, people)
        _fill(connection, place, people, with_messages=with_messages)
        for table in _TABLES:
            connection.execute(f"VACUUM (ANALYZE) {table}".encode())
        if with_messages:
            count_results(place)
        connection.execute("CREATE TABLE bench_filled ()")


def count_results(place: Ground) -> None:
    """Count what came of each campaign, as the job does after a launch."""
    with place.services.database.transaction(place.workspace_id) as session:
        sent = select(Campaign).where(Campaign.workspace_id == place.workspace_id, Campaign.launched_at.is_not(None))
        for campaign in session.scalars(sent):
            recipients = session.scalar(_RECIPIENTS, {"w": place.workspace_id, "id": campaign.id})
            kept.begin(session, campaign, recipients=recipients or 0, now=place.now)
            kept.recount(session, place.workspace_id, campaign.id, now=place.now)


def _fill(connection: psycopg.Connection, place: Ground, people: int, *, with_messages: bool) -> None:
    values = {
        "w": place.workspace_id,
        "now": place.now,
        "people": people,
        "topic": place.topic_id,
        "identity": place.identity_id,
        "products": PRODUCTS,
        "categories": CATEGORIES,
        "campaigns": CAMPAIGNS,
        "days": DAYS_BETWEEN,
        "share": SHARE,
    }
    for statement in (*_PREPARE, _PRODUCTS):
        connection.execute(statement.encode(), values if "%(" in statement else None)
    first_product = connection.execute("SELECT min(id) FROM products WHERE workspace_id = %(w)s", values).fetchone()
    connection.execute(_ORDERS.encode(), values | {"first_product": first_product and first_product[0]})
    _make_months(connection, place.now.date())
    for statement in _SENDS:
        connection.execute(statement.encode(), values)
    for turn, (send_id, occasion_id, at) in enumerate(connection.execute(_OF_SEND.encode(), values).fetchall()):
        link = connection.execute("SELECT min(id) FROM links WHERE send_id = %s", [send_id]).fetchone()
        of_send = values | {
            "send": send_id,
            "occasion": occasion_id,
            "at": at,
            "turn": turn % SHARE,
            "first_message": 1 + turn * people,
            "first_link": link and link[0],
        }
        if with_messages:
            connection.execute(_MESSAGES.encode(), of_send)
        connection.execute(_ACTIVITIES.encode(), of_send)
    connection.execute("SELECT setval('messages_id_seq', %s)", [1 + CAMPAIGNS * people])
    for statement in _FURNISHING:
        connection.execute(statement.encode(), values)


def _make_months(connection: psycopg.Connection, today: date) -> None:
    """Make the partitions of the months that the history touches."""
    month = (today - timedelta(days=CAMPAIGNS * DAYS_BETWEEN + 31)).replace(day=1)
    while month <= today:
        name = f"activities_{month:%Y_%m}"
        if connection.execute("SELECT to_regclass(%s)", [name]).fetchone() == (None,):
            connection.execute("SET ROLE assent")
            connection.execute("SELECT create_activity_partition(%s)", [month])
            connection.execute("RESET ROLE")
        month = (month + timedelta(days=32)).replace(day=1)
