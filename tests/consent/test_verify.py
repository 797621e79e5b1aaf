"""Golden case 6: what was agreed can be proven from the ledger alone, and nothing in it can be changed unnoticed."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from app.consent import actions, deadlines, health, record, verify
from app.consent.evidence import Evidence
from app.customers import people
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer

# `{own}` becomes "workspace_id = ..." of the test's workspace.
TAMPERING = {
    "one byte of a record": "UPDATE consent_ledger SET record = overlay(record PLACING '6' FROM 9)"
    " WHERE {own} AND seq = 2",
    "a letter outside ASCII": "UPDATE consent_ledger SET record = record || 'é' WHERE {own} AND seq = 2",
    "text that is no record": "UPDATE consent_ledger SET record = '[]' WHERE {own} AND seq = 3",
    "a hash": "UPDATE consent_ledger SET hash = set_byte(hash, 5, get_byte(hash, 5) # 1) WHERE {own} AND seq = 2",
    "a previous hash": "UPDATE consent_ledger SET prev_hash = set_byte(prev_hash, 0, 1) WHERE {own} AND seq = 1",
    "a column": "UPDATE consent_ledger SET customer_id = customer_id + 1 WHERE {own} AND seq = 2",
    "a time": "UPDATE consent_ledger SET recorded_at = recorded_at + interval '1 microsecond' WHERE {own} AND seq = 2",
    "a missing record": "DELETE FROM consent_ledger WHERE {own} AND seq = 2",
    "the first record missing": "DELETE FROM consent_ledger WHERE {own} AND seq = 1",
    "the order": "UPDATE consent_ledger SET seq = 99 WHERE {own} AND seq = 2",
    "the end cut off": "DELETE FROM consent_ledger WHERE {own} AND seq = 5",
    "personal values": "UPDATE consent_evidence SET personal = replace(personal, 'ada', 'eve') WHERE {own} AND seq = 1",
    "the key of personal values": "UPDATE consent_evidence SET salt = set_byte(salt, 0, get_byte(salt, 0) # 1)"
    " WHERE {own}",
    "personal values removed": "DELETE FROM consent_evidence WHERE {own} AND seq = 1",
    "personal values added": "INSERT INTO consent_evidence SELECT workspace_id, 99, salt, personal"
    " FROM consent_evidence WHERE {own} AND seq = 1",
    "a state": "UPDATE consent_state SET allowed = true, state = 'given' WHERE {own} AND state = 'withdrawn'",
    "a state out of reach": "UPDATE consent_state SET allowed = true, ledger_seq = 1000000"
    " WHERE {own} AND state = 'withdrawn'",
    "a state removed": "DELETE FROM consent_state WHERE {own} AND state = 'withdrawn'",
    "a state added": "INSERT INTO consent_state SELECT workspace_id, 999999, purpose, topic_id, state, allowed, basis,"
    " method, ledger_seq, notice_id, promised_limit, promised_days, expires_at, since FROM consent_state"
    " WHERE {own} LIMIT 1",
    "a wording": "UPDATE notices SET text = text || '.' WHERE {own}",
    "a wording and its digest": "UPDATE notices SET text = 'x', sha256 = encode(sha256('x'), 'hex') WHERE {own}",
    "the head": "UPDATE consent_heads SET seq = seq - 1 WHERE {own}",
}

HEAD_BACK = """
UPDATE consent_heads SET seq = 4, hash = (SELECT hash FROM consent_ledger WHERE {own} AND seq = 4) WHERE {own}
"""


@pytest.fixture
def recorded(database, workspace):
    """A ledger of five records about two people, committed."""
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, purposes=("profiling",))
        consented_customer(session, workspace.id, email="bob@example.com", purposes=("profiling",))
        actions.withdraw(session, workspace.id, ada.id, evidence=Evidence(method="one_click"), now=NOON)
    return workspace


@pytest.fixture
def tamper(settings, recorded):
    """Change rows of this workspace as only the server's superuser can: past every trigger and policy."""

    def run(*statements):
        with psycopg.connect(settings.database_url.replace("assent@", "postgres@")) as console:
            console.execute("SET session_replication_role = replica")
            for statement in statements:
                console.execute(statement.format(own=f"workspace_id = {recorded.id}"))

    return run


def test_a_whole_ledger_has_no_problems(database, recorded):
    assert verify.verify_ledger(database, recorded.id) == []


@pytest.mark.parametrize("what", TAMPERING)
def test_whatever_was_changed_is_found(database, recorded, tamper, what):
    tamper(TAMPERING[what])

    assert verify.verify_ledger(database, recorded.id)


def test_any_bit_flipped_anywhere_in_a_record_breaks_the_seal():
    text = record.canonical({"event": "given", "customer_id": 12, "note": "é"})
    seal = record.chain(record.GENESIS, text)
    flipped = [
        text[:at] + chr(ord(letter) ^ 1 << bit) + text[at + 1 :] for at, letter in enumerate(text) for bit in range(7)
    ]

    assert all(record.chain(record.GENESIS, other) != seal for other in flipped)


def test_an_end_cut_off_with_its_head_is_found_by_the_exported_head(database, recorded, tamper):
    """Whoever can rewrite the head as well is found out by the head that was kept elsewhere."""
    with database.transaction(recorded.id) as session:
        exported = verify.find_head(session, recorded.id)
    tamper(
        "DELETE FROM consent_ledger WHERE {own} AND seq = 5",
        HEAD_BACK,
        "UPDATE consent_state SET state = 'given', allowed = true, ledger_seq = 1, method = 'web_form' WHERE {own}",
    )

    problems = verify.verify_ledger(database, recorded.id, exported={recorded.id: exported})
    assert any("cut off" in problem.what for problem in problems)


def test_a_nightly_look_is_held_to_the_one_before(database, recorded, tamper):
    with database.transaction(recorded.id) as session:
        assert health.look_over(session, recorded.id, now=NOON).is_whole
    tamper(
        "DELETE FROM consent_ledger WHERE {own} AND seq = 5",
        HEAD_BACK,
    )

    with database.transaction(recorded.id) as session:
        checkup = health.look_over(session, recorded.id, now=NOON)
    assert any("cut off" in problem for problem in checkup.problems)


def test_a_permission_that_ran_out_gets_its_own_record(session, workspace):
    ada = people.upsert(session, workspace.id, email="ada@example.com", fields={}, source="test", now=NOON)
    day = NOON + timedelta(days=1)
    actions.grant(
        session,
        workspace.id,
        ada.id,
        topic_id=workspace.topic_id,
        evidence=a_yes(),
        now=NOON,
        expires_at=day,
        expires_rule="a day",
    )

    assert deadlines.expire_due(session, workspace.id, now=NOON) == 0
    assert deadlines.expire_due(session, workspace.id, now=day) == 1
    assert deadlines.expire_due(session, workspace.id, now=day) == 0
    assert verify.check(session, workspace.id) == []


@pytest.mark.parametrize(("is_damaged", "status"), [(False, 0), (True, 1)])
def test_an_operator_verifies_from_the_command_line(database, recorded, tamper, settings, tmp_path, is_damaged, status):
    """`assent verify-ledger` prints what is wrong and ends with a status that a nightly script understands."""
    with database.transaction(recorded.id) as session:
        kept = verify.export(recorded.id, verify.find_head(session, recorded.id), now=NOON)
    (tmp_path / "head.json").write_text(kept)
    if is_damaged:
        tamper("DELETE FROM consent_ledger WHERE {own} AND seq = 5", HEAD_BACK)

    done = subprocess.run(
        [*(sys.executable, "-m", "app.cli", "verify-ledger", "--workspace"), str(recorded.id), "--head", "head.json"],
        env={**os.environ, "DATABASE_URL": settings.database_url, "PYTHONPATH": str(Path.cwd())},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == status, done.stderr
    assert ("cut off" in done.stdout) == is_damaged
