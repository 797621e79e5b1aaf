"""The map of facts and the jobs they start."""

from __future__ import annotations

import importlib

from app.consent.facts import ConfirmationRequested, ConsentGiven, ConsentsImported, ConsentWithdrawn
from app.customers.facts import PurchaseRecorded, PurchasesImported
from app.kernel.queueing import outbox
from app.tracking.facts import HumanResponded

HEARS: dict[type[outbox.Fact], list[str]] = {
    ConfirmationRequested: ["delivery.send_confirmation"],
    ConsentGiven: ["journeys.join_topic"],
    ConsentsImported: ["journeys.join_imported"],
    ConsentWithdrawn: ["delivery.drop_withdrawn", "journeys.stop_withdrawn", "insight.forget"],
    HumanResponded: ["journeys.hear_response"],
    PurchaseRecorded: ["journeys.hear_purchase"],
    PurchasesImported: ["journeys.hear_purchases"],
}

# Rooms whose jobs recur; the relay must know them to start them.
ROOMS_WITH_JOBS = (
    *("accounts", "consent", "customers", "segments", "insight", "tracking"),
    *("delivery", "campaigns", "journeys", "api"),
)


def connect() -> None:
    """Let every fact reach its listeners."""
    outbox.LISTENERS.update(HEARS)


def import_jobs() -> None:
    """Fill the registry with every room's jobs."""
    for room in ROOMS_WITH_JOBS:
        importlib.import_module(f"app.{room}.jobs")
