"""No table is forgotten when two customers become one, or one is erased: each says what becomes of its rows."""

from __future__ import annotations

from app.customers.merging.person_tables import PersonTables
from migrations import schema

# Tables that hold nothing about a customer: what a workspace is, makes and counts. A table that is neither here nor
# among the rooms' person tables (`wiring/extensions.py`) is a new one: say there how its rows move in a merge and go in
# an erasure; `moving(Model)` is enough where they only name their customer.
NOTHING_ABOUT_CUSTOMERS = {
    *("workspaces", "staff", "memberships", "staff_sessions", "invitations", "mail_allowances", "api_keys"),
    *("personal_reads", "set_up_answers"),
    *("brand_kits", "images"),
    *("sending_identities", "outbox", "cron_ticks", "heartbeats", "outages", "handled_outages"),
    *("custom_fields", "customer_mixes", "customer_cards", "duplicate_rules"),
    *("sources", "source_outcomes", "value_coverage", "life_cycle_rules", "life_cycle_counts"),
    *("life_cycle_runs", "member_updates"),
    *("quality_rules", "quality_counts", "field_fill", "reach_counts", "field_uses"),
    *("expired_send_responses", "expired_link_clicks"),
    *("organisations", "products", "shop_connections", "cost_rates"),
    *("topics", "consent_texts", "consent_heads", "ledger_checks", "signup_forms", "preference_pages"),
    *("cadence_policies", "segments"),
    *("segment_sizes", "customer_lists"),
    *("links", "spool_positions", "untracked_hits", "websites", "website_reports", "reported_events"),
    *("occasions", "sends", "lanes", "batches", "staff_mails"),
    *("campaigns", "campaign_variants", "campaign_contents", "campaign_sends", "campaign_results"),
    *("journeys", "journey_drafts", "journey_versions", "journey_steps"),
}
# They may name a customer in what they keep, and are seen to elsewhere: the audit log holds numbers alone and is never
# changed, undo steps go with the person and after a day, raw files after the days that the workspace says.
SEEN_TO_ELSEWHERE = {"audit_entries", "undo_steps", "import_files"}
_NAMES_A_CUSTOMER = {"customer_id", "related_id", "survivor_id", "former_id"}


def test_every_table_says_what_becomes_of_a_customers_rows(extensions):
    known = {each.table.name for each in extensions.get(PersonTables).known}
    tables = set(schema.import_models().tables)

    assert sorted(tables - known - NOTHING_ABOUT_CUSTOMERS - SEEN_TO_ELSEWHERE) == []
    assert sorted((known | NOTHING_ABOUT_CUSTOMERS | SEEN_TO_ELSEWHERE) - tables) == []
    assert sorted(known & NOTHING_ABOUT_CUSTOMERS) == []


def test_no_table_that_names_a_customer_is_said_to_hold_nothing_about_them():
    naming = {
        table.name
        for table in schema.import_models().sorted_tables
        if _NAMES_A_CUSTOMER & set(table.columns.keys())
        or any(key.column.table.name == "customers" for key in table.foreign_keys)
    }

    assert sorted(naming & NOTHING_ABOUT_CUSTOMERS) == []
    assert len(naming) > 20


def test_what_is_hidden_from_an_export_is_there(extensions):
    unknown = [
        f"{each.table.name}.{name}"
        for each in extensions.get(PersonTables).known
        for name in each.hidden
        if name not in each.table.columns
    ]

    assert unknown == []


def test_every_row_that_refers_to_a_customer_moves_before_the_customer_goes(extensions):
    """A foreign key would delete what is still the former one's: such tables have a way to move their rows."""
    left = [
        each.table.name
        for each in extensions.get(PersonTables).known
        if any(key.column.table.name == "customers" for key in each.table.foreign_keys) and each.merge is None
    ]

    assert left == []
