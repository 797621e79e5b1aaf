"""People of whom a row stands in every table that can hold one, and what the tables of a workspace hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.consent import actions
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.models import Customer
from app.customers.relations import households, related
from app.customers.timeline import activities
from migrations import schema
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.customers import a_customer, a_member, a_purchase, a_response, an_organisation
from tests.factories.workspaces import WorkspaceForTests

# Rows as other processes write them, of the customer `c`; `n` tells people apart.
_ROWS = (
    """INSERT INTO carts (workspace_id, ref, customer_id, amount, currency, items, started_at, changed_at)
       VALUES (:w, 'cart-' || :n, :c, 5, 'EUR', 1, :now, :now)""",
    """INSERT INTO owned_items (workspace_id, customer_id, name, source, created_at, updated_at)
       VALUES (:w, :c, 'Teapot', 'staff', :now, :now)""",
    """INSERT INTO customer_costs (workspace_id, customer_id, kind, spent_on, minutes, currency, source, created_at)
       VALUES (:w, :c, 'service', '2026-02-01', 5, 'EUR', 'staff', :now)""",
    """INSERT INTO competitor_purchases (workspace_id, customer_id, what, currency, told_by, created_at)
       VALUES (:w, :c, 'Coffee', 'EUR', 'asked', :now)""",
    """INSERT INTO shop_records (workspace_id, connection_id, kind, external_id, row_id, told_at)
       VALUES (:w, 1, 'customer', 'shop-' || :n, :c, :now)""",
    """INSERT INTO webhook_deliveries (workspace_id, connection_id, ref, topic, body, received_at, state, due_at,
                                       finished_at)
       VALUES (:w, 1, 'delivery-' || :n, 'customer', convert_to('{"email": "' || :email || '"}', 'UTF8'), :now, 'done',
               :now, :now)""",
    """INSERT INTO refunds (workspace_id, order_id, ref, amount, refunded_at)
       SELECT :w, id, 'refund', 1, :now FROM orders WHERE customer_id = :c""",
    """INSERT INTO signup_requests (workspace_id, form_id, customer_id, address_digest, topic_ids, choices, language,
                                    network, personal, state, requested_at, expires_at)
       VALUES (:w, 1, :c, '', '{1}', '{}', 'en', '198.51.100.0', '{}', 'denied', :now, :now)""",
    """INSERT INTO messages (workspace_id, send_id, customer_id, occasion_id, state, reason, smtp_reply)
       VALUES (:w, 1, :c, 1000 + :c, 'refused', 'address', 'no such user ' || :email),
              (:w, 1, :c, 1, CASE WHEN :n % 2 = 1 THEN 'skipped' ELSE 'refused' END, 'no_address', NULL)""",
    """INSERT INTO message_decisions (workspace_id, message_id, send_id, at, answer, rule)
       SELECT :w, id, 1, :now, 'drop', 'no_address' FROM messages WHERE customer_id = :c AND occasion_id = 1""",
    """INSERT INTO message_hits (workspace_id, customer_id, message_id, kind, stored, beyond, latest_at)
       SELECT :w, :c, id, 'click', 1, 0, :now FROM messages WHERE customer_id = :c AND occasion_id = 1""",
    """INSERT INTO replies (workspace_id, customer_id, at, subject, excerpt, class)
       VALUES (:w, :c, :now, 'Hello', 'I am ' || :email, 'human')""",
    """INSERT INTO tasks (workspace_id, customer_id, source, title, due_on, created_at)
       VALUES (:w, :c, 'staff', 'Call', '2026-03-03', :now)""",
    """INSERT INTO customer_traits (workspace_id, customer_id, recency, frequency, monetary, value_tier, revenue_share,
                                    segment_label, inferred_at)
       VALUES (:w, :c, 1, 1, 1, 'rest', 0, 'new', :now)""",
    """INSERT INTO idempotency_keys (workspace_id, key, request_hash, status, body, created_at)
       VALUES (:w, 'key-' || :n, '', 200, '{"email": "' || :email || '"}', :now)""",
    """INSERT INTO imports (workspace_id, kind, file_name, sha256, size_bytes, source, created_at, encoding, delimiter)
       VALUES (:w, 'people', 'people.csv', '', 1, 'own', :now, 'utf-8', ',')""",
    """INSERT INTO import_changes (workspace_id, import_id, kind, row_id, before)
       SELECT :w, max(id), 'customer', :c, '{"city": ["Rome", null]}' FROM imports WHERE workspace_id = :w""",
    """INSERT INTO import_errors (workspace_id, import_id, row, reason, cells)
       SELECT :w, max(id), 1, 'bad', ARRAY['Ada', :email] FROM imports WHERE workspace_id = :w""",
    """INSERT INTO journeys (workspace_id, id, name, state, version, trigger_kind, trigger_id, topic_id, identity_id,
                             created_at)
       VALUES (:w, 1, 'Welcome', 'live', 1, 'topic', :topic, :topic, :identity, :now) ON CONFLICT DO NOTHING""",
    """INSERT INTO journey_versions (workspace_id, journey_id, version, graph, published_at)
       VALUES (:w, 1, 1, '{}', :now) ON CONFLICT DO NOTHING""",
    """INSERT INTO journey_steps (workspace_id, journey_id, version, step_id, number, kind)
       VALUES (:w, 1, 1, 's1', 1, 'wait') ON CONFLICT DO NOTHING""",
    """INSERT INTO customer_lists (workspace_id, id, name, created_at)
       VALUES (:w, 1, 'Guests', :now) ON CONFLICT DO NOTHING""",
    """INSERT INTO customer_list_members (workspace_id, list_id, customer_id, added_at, source)
       VALUES (:w, 1, :c, :now, 'hand')""",
    """INSERT INTO segments (workspace_id, id, name, rules, updated_at, evaluation_ms)
       VALUES (:w, 1, 'Everybody', '{}', :now, 0) ON CONFLICT DO NOTHING""",
    """INSERT INTO segment_members (workspace_id, segment_id, customer_id, since) VALUES (:w, 1, :c, :now)""",
    """INSERT INTO segment_moves (workspace_id, segment_id, customer_id, at, has_entered)
       VALUES (:w, 1, :c, :now, true)""",
    """INSERT INTO enrolments (workspace_id, journey_id, customer_id, run, version, step_id, due_at, state, entered_at)
       VALUES (:w, 1, :c, 1, 1, 's1', :now, 'active', :now)""",
)


def a_known_person(session: Session, workspace: WorkspaceForTests, number: int, **fields: Any) -> Customer:
    """Somebody of whom everything is known; `number` tells them from others."""
    email = f"person{number}@example.com"
    values = {"first_name": f"First{number}", "city": f"City{number}", "tags": [f"t{number}"]}
    values |= {"external_ref": f"C-{number}"}
    person = consented_customer(session, workspace.id, email=email, purposes=("profiling",), **(values | fields))
    changes.add(session, person, NewAddress("phone", f"+4930123456{number:02d}", "work"), source="staff:1", now=NOON)
    a_purchase(session, person, order_ref=f"order-{workspace.id}-{number}")
    activities.record_hits(session, workspace.id, [a_response(person.id, at=NOON)], version=1, now=NOON)
    organisation = an_organisation(session, workspace.id)
    a_member(session, person, organisation)
    friend = a_customer(session, workspace.id)
    related.relate(session, person, friend, "friend", now=NOON)
    households.put_together(session, workspace.id, [person, friend], now=NOON)
    actions.withdraw(session, workspace.id, person.id, purpose="profiling", evidence=a_yes(), now=NOON)
    binds = {"w": workspace.id, "c": person.id, "n": number, "email": email, "now": NOON}
    for statement in _ROWS:
        session.execute(text(statement), {**binds, "topic": workspace.topic_id, "identity": workspace.identity_id})
    session.flush()
    return person


def contents(session: Session, workspace_id: int, *, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Every row of the workspace, as text, by table."""
    session.flush()
    found = {}
    for table in schema.import_models().sorted_tables:
        if "workspace_id" in table.columns and table.name not in without:
            query = text(f"SELECT CAST(to_jsonb(t) AS text) FROM {table.name} t WHERE workspace_id = :w ORDER BY 1")
            found[table.name] = list(session.scalars(query, {"w": workspace_id}))
    return found
