"""Fills a database with made-up customers and their sums for the segment benchmarks.

The sums stand for about twenty activities each: what counts is that a segment's question never reads the activities.
"""

from __future__ import annotations

import psycopg

from bench.ground import Ground

_STATEMENTS = (
    """
    INSERT INTO customers (workspace_id, id, address_id, email, email_key, address_digest, provider, first_name,
                           last_name, language, country, city, time_zone, tags, created_at, updated_at)
    SELECT %(workspace_id)s, nextval('customers_id_seq'), nextval('addresses_id_seq'), mail, mail,
           sha256(mail::bytea), 'other', 'Ada', 'Lovelace ' || n, 'en',
           (ARRAY['DE','GB','US','CN','FR','ES','PL','JP','GR','AU','IT','NL','SE','NO','DK','AT','CH','BE','PT','IE'])
               [1 + abs(hashint4(n)) %% 20],
           'Leeds', 'UTC', ARRAY['tag' || abs(hashint4(n + 1)) %% 50, 'tag' || (50 + abs(hashint4(n + 2)) %% 50)],
           %(now)s, %(now)s
    FROM (SELECT n, 'person' || n || '@host' || n %% 97 || '.example' AS mail FROM generate_series(1, %(people)s) n) s
    """,
    """
    INSERT INTO addresses (workspace_id, customer_id, id, kind, value, key, digest, provider, is_primary, provenance,
                           created_at)
    SELECT workspace_id, id, address_id, 'email', email, email_key, address_digest, provider, true, '["bench", 0]',
           created_at
    FROM customers WHERE workspace_id = %(workspace_id)s
    """,
    """
    INSERT INTO customer_engagement (workspace_id, customer_id, sent_count, latest_sent_at, latest_open_at,
                                     latest_click_at, latest_human_at, open_count, click_count, orders, spent, items,
                                     first_purchase_at, latest_purchase_at)
    SELECT workspace_id, id, 20, %(now)s - abs(hashint8(id)) %% 30 * interval '1 day',
           CASE WHEN hashint8(id + 1) %% 3 <> 0 THEN %(now)s - abs(hashint8(id + 2)) %% 40 * interval '1 day' END,
           CASE WHEN hashint8(id + 3) %% 4 = 0 THEN %(now)s - abs(hashint8(id + 4)) %% 120 * interval '1 day' END,
           CASE WHEN hashint8(id + 1) %% 3 <> 0 THEN %(now)s - abs(hashint8(id + 2)) %% 40 * interval '1 day' END,
           abs(hashint8(id + 5)) %% 20, abs(hashint8(id + 6)) %% 5, abs(hashint8(id + 7)) %% 6,
           abs(hashint8(id + 8)) %% 400, abs(hashint8(id + 9)) %% 12,
           %(now)s - (200 + abs(hashint8(id + 10)) %% 300) * interval '1 day',
           CASE WHEN hashint8(id + 11) %% 5 <> 0 THEN %(now)s - abs(hashint8(id + 12)) %% 400 * interval '1 day' END
    FROM customers WHERE workspace_id = %(workspace_id)s
    """,
    """
    INSERT INTO consent_state (workspace_id, customer_id, purpose, topic_id, state, allowed, basis, method,
                               ledger_seq, since)
    SELECT workspace_id, id, purpose, topic_id, 'given', true, 'consent', 'bench', 1, %(now)s
    FROM customers,
         (VALUES ('marketing', %(topic_id)s), ('click_tracking', 0), ('open_tracking', 0)) AS said (purpose, topic_id)
    WHERE workspace_id = %(workspace_id)s AND hashint8(id + 13) %% 20 <> 0
    """,
    "VACUUM (ANALYZE) customers",
    "VACUUM (ANALYZE) addresses",
    "VACUUM (ANALYZE) customer_engagement",
    "VACUUM (ANALYZE) consent_state",
)


def fill(place: Ground, people: int) -> None:
    """Put this many customers into the workspace; nineteen in twenty may be written to, and tracked."""
    values = {
        "workspace_id": place.workspace_id,
        "topic_id": place.topic_id,
        "people": people,
        "now": place.now,
    }
    url = place.postgres.url_of("assent", role="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _STATEMENTS:
            connection.execute(statement.encode(), None if statement.startswith("VACUUM") else values)
