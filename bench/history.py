"""Runs a real shop's purchase log through import, segments and a campaign.

    python -m bench.history FILE     # columns: customer_id, purchased_on, items, amount

Dates are moved so that the last purchase was ten days ago; addresses and consent are made up, four in five say yes.
The segment "two or more purchases and over 50 spent in total" is counted by Assent and in plain Python.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.campaigns import compose
from app.campaigns.drafts import ContentDraft, Draft
from app.campaigns.launch import launching
from app.conditions.condition_types import ConditionTypes
from app.consent.ledger import verification
from app.delivery.sending import send_queries, worker
from app.kernel import extensions
from app.segments import codec, preview, segments
from app.segments.rules import Rule
from app.segments.segments import SegmentChange
from bench import ground, imports

RULES = {
    "type": "all",
    "rules": [
        {"type": "greater_than", "field": "orders", "value": 1},
        {"type": "greater_than", "field": "spent", "value": 50},
    ],
}
_SOURCE = "# Music for you\n\nDear listener, [here is what is new](https://shop.example/new)."


def main(path: Path) -> int:
    """Import, count and send; return 0 when every count agrees."""
    rows = list(csv.DictReader(path.read_text().splitlines()))
    shift = date.today() - timedelta(days=10) - max(date.fromisoformat(row["purchased_on"]) for row in rows)
    ids = sorted({row["customer_id"] for row in rows})
    wanted = _wanted(rows)
    agreed = {customer for number, customer in enumerate(ids) if number % 5}
    with ground.prepared() as place, TemporaryDirectory() as folder:
        _timed("people imported", lambda: imports.take_over(place, _people(ids, agreed), "people"), len(ids))
        _timed("purchases imported", lambda: imports.take_over(place, _purchases(rows, shift), "purchases"), len(rows))
        found = _timed("segment counted", lambda: _count(place), len(wanted))
        dump = Path(folder) / "dump"
        with _sink(dump) as url:
            arrived = _timed("mails in the sink", lambda: _send(place, url, dump), len(wanted & agreed))
        problems = verification.verify_ledger(place.services.database, place.workspace_id)
        print(f"{'ledger problems':<22}{len(problems):>10}")
    return 0 if found and arrived and not problems else 1


def _wanted(rows: list[dict[str, str]]) -> set[str]:
    orders, spent = Counter[str](), Counter[str]()
    for row in rows:
        orders[row["customer_id"]] += 1
        spent[row["customer_id"]] += int(Decimal(row["amount"]) * 100)
    return {customer for customer in orders if orders[customer] >= 2 and spent[customer] > 5000}


def _timed(name: str, work: Callable[[], int], expected: int) -> bool:
    began = time.perf_counter()
    got = work()
    seconds = time.perf_counter() - began
    print(f"{name:<22}{got:>10,} of {expected:>7,}   {seconds:6.2f} s   {got / seconds:>10,.0f}/s")
    return bool(got == expected)


@contextmanager
def _sink(dump: Path) -> Iterator[str]:
    """A mail server that keeps only a line about each mail; yields its URL."""
    command = [sys.executable, "-m", "bench.sink", "--port", "0", "--dump", str(dump)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield f"smtp://127.0.0.1:{int(process.stdout.readline())}?tls=none"
    finally:
        process.kill()
        process.wait()


def _address(customer: str) -> str:
    return f"c{customer}@listeners.example"


def _people(ids: list[str], agreed: set[str]) -> bytes:
    header = ("email", "external_ref", "consent", "consented_at", "consent_method", "consent_wording", "consent_topic")
    proof = ("yes", datetime(2026, 1, 5, tzinfo=UTC).isoformat(), "web form", "Yes, write to me about music.", "news")
    none = ("", "", "", "", "")
    rows = ((_address(customer), customer, *(proof if customer in agreed else none)) for customer in ids)
    return imports.as_csv(header, rows)


def _purchases(rows: list[dict[str, str]], shift: timedelta) -> bytes:
    header = ("order_ref", "email", "purchased_at", "amount", "currency", "items")
    lines = (
        (
            *(f"order-{number}", _address(row["customer_id"])),
            *((date.fromisoformat(row["purchased_on"]) + shift).isoformat(), row["amount"], "USD", row["items"]),
        )
        for number, row in enumerate(rows)
    )
    return imports.as_csv(header, lines)


def _rule(session: Session) -> Rule:
    return codec.load(RULES, extensions.of(session, ConditionTypes))


def _count(place: ground.Ground) -> int:
    with place.services.database.transaction(place.workspace_id, reading=True) as session:
        matches = segments.matches_query(session, place.workspace_id, _rule(session), now=place.now)
        return preview.count(session, matches)


def _send(place: ground.Ground, url: str, dump: Path) -> int:
    services, now = place.sending_to(url), place.now
    with services.database.transaction(place.workspace_id) as session:
        segment = segments.save(
            session,
            place.workspace_id,
            SegmentChange("Regulars", _rule(session)),
            staff_id=None,
            now=now,
        )
        draft = Draft(
            name="Regulars",
            segment_id=segment.id,
            is_for_everyone=False,
            topic_id=place.topic_id,
            identity_id=None,
            language="en",
        )
        preheader = "What is new this week, for people who listen to a lot."
        said = ContentDraft("markdown", "Music for regulars", preheader, _SOURCE)
        campaign = compose.create(session, place.workspace_id, draft, said, staff_id=None, now=now)
        launching.launch(session, place.workspace_id, campaign.id, now=now, public_url=services.settings.public_url)
        (send_id,) = launching.send_ids(session, place.workspace_id, campaign.id)
        lanes = list(session.scalars(text("SELECT DISTINCT lane_id FROM batches WHERE state <> 'done'")))
    for lane_id in lanes:
        worker.run(services, place.workspace_id, lane_id)
    with services.database.transaction(place.workspace_id) as session:
        progress = send_queries.progress_of(session, place.workspace_id, send_id)
    print(f"{'':<22}{progress}")
    arrived = [line.split("\t")[1] for line in dump.read_text().splitlines()]
    return len(set(arrived)) if len(set(arrived)) == len(arrived) else -1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
