"""Golden case 6: what was agreed can be proven from the ledger alone, and nothing in it can be changed unnoticed."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import exc, text

from app.consent import actions
from app.consent.ledger import checks, deadlines, record, verification
from app.consent.ledger.evidence import Evidence
from app.customers.profiles import people
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.workspaces import a_workspace

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
    " method, ledger_seq, consent_text_id, promised_limit, promised_days, expires_at, since FROM consent_state"
    " WHERE {own} LIMIT 1",
    "a wording": "UPDATE consent_texts SET text = text || '.' WHERE {own}",
    "a wording and its digest": "UPDATE consent_texts SET text = 'x', sha256 = encode(sha256('x'), 'hex') WHERE {own}",
    "the head": "UPDATE consent_heads SET seq = seq - 1 WHERE {own}",
    "the head moved back to an earlier record": "UPDATE consent_heads SET seq = 4,"
    " hash = (SELECT hash FROM consent_ledger WHERE {own} AND seq = 4) WHERE {own}",
    "the head removed": "DELETE FROM consent_heads WHERE {own}",
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
def tamper(superuser_url, recorded):
    """Change rows of this workspace as only the server's superuser can: past every trigger and policy."""

    def run(*statements):
        with psycopg.connect(superuser_url) as console:
            console.execute("SET session_replication_role = replica")
            for statement in statements:
                console.execute(statement.format(own=f"workspace_id = {recorded.id}"))

    return run


def test_a_whole_ledger_has_no_problems(database, recorded):
    assert verification.verify_ledger(database, recorded.id) == []


@pytest.mark.parametrize("what", TAMPERING)
def test_whatever_was_changed_is_found(database, recorded, tamper, what):
    tamper(TAMPERING[what])

    assert verification.verify_ledger(database, recorded.id)


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
        exported = verification.find_head(session, recorded.id)
    tamper(
        "DELETE FROM consent_ledger WHERE {own} AND seq = 5",
        HEAD_BACK,
        "UPDATE consent_state SET state = 'given', allowed = true, ledger_seq = 1, method = 'web_form' WHERE {own}",
    )

    problems = verification.verify_ledger(database, recorded.id, exported=[(recorded.id, exported)])
    assert any("cut off" in problem.what for problem in problems)


def test_a_nightly_look_is_held_to_the_one_before(database, recorded, tamper):
    with database.transaction(recorded.id) as session:
        assert checks.run_check(session, recorded.id, now=NOON).is_whole
    tamper(
        "DELETE FROM consent_ledger WHERE {own} AND seq = 5",
        HEAD_BACK,
    )

    with database.transaction(recorded.id) as session:
        checkup = checks.run_check(session, recorded.id, now=NOON)
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
    assert verification.check(session, workspace.id) == []


def head_of(database, workspace):
    with database.transaction(workspace.id) as session:
        return verification.find_head(session, workspace.id)


def test_every_head_given_is_held_not_only_the_last(database, recorded, tamper):
    """Of two heads for one workspace the last one won, so a violated one went unnoticed."""
    good = head_of(database, recorded)
    bad = verification.Head(3, "ab" * 32)

    for given in ([bad, good], [good, bad]):
        problems = verification.verify_ledger(database, exported=[(recorded.id, head) for head in given])
        assert [problem.seq for problem in problems if problem.workspace_id == recorded.id] == [3]


def test_a_head_of_a_workspace_that_is_not_looked_at_fails(database, recorded):
    """`--workspace 2` with the head of 1 said that all was well."""
    other = a_workspace(database, name="Other", now=NOON)
    problems = verification.verify_ledger(database, other.id, exported=[(recorded.id, head_of(database, recorded))])

    assert [(problem.workspace_id, problem.what) for problem in problems] == [
        (recorded.id, "a head of it was given, and it was not looked at")
    ]


def test_a_head_of_a_workspace_that_is_gone_fails(database, recorded):
    problems = verification.verify_ledger(database, exported=[(999_999, head_of(database, recorded))])

    assert "a head of it was given, and the workspace is gone" in [problem.what for problem in problems]
    assert verification.verify_ledger(database, 999_999)


def test_a_wiped_ledger_is_found_by_what_the_nightly_looks_noted(database, recorded, tamper):
    with database.transaction(recorded.id) as session:
        checks.run_check(session, recorded.id, now=NOON)
    tamper(
        *(f"DELETE FROM {table} WHERE {{own}}" for table in ("consent_ledger", "consent_evidence", "consent_state")),
        "UPDATE consent_heads SET seq = 0, hash = decode(repeat('00', 32), 'hex') WHERE {own}",
    )

    assert any("cut off" in problem.what for problem in verification.verify_ledger(database, recorded.id))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_heads SET seq = seq - 1",
        "UPDATE consent_heads SET seq = 0, hash = decode(repeat('00', 32), 'hex')",
        "UPDATE consent_heads SET hash = decode(repeat('00', 32), 'hex')",
        "DELETE FROM consent_heads",
    ],
)
@pytest.mark.parametrize("role", ["the application", "the owner"])
def test_nobody_moves_the_end_of_a_chain_back(database, recorded, owner_url, statement, role):
    """The application's role could, and a chain cut there looked whole."""
    with pytest.raises((exc.ProgrammingError, psycopg.errors.InsufficientPrivilege)):
        if role == "the application":
            with database.transaction(recorded.id) as session:
                session.execute(text(statement))
        else:
            with psycopg.connect(owner_url) as console:
                console.execute("ALTER TABLE consent_heads NO FORCE ROW LEVEL SECURITY")
                console.execute(statement)


def verify_by_command(settings, tmp_path, *words):
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "verify-ledger", *words],
        env={**os.environ, "DATABASE_URL": settings.database_url, "PYTHONPATH": str(Path.cwd())},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("is_damaged", "status"), [(False, 0), (True, 1)])
def test_an_operator_verifies_from_the_command_line(database, recorded, tamper, settings, tmp_path, is_damaged, status):
    """`assent verify-ledger` prints what is wrong and ends with a status that a nightly script understands."""
    (tmp_path / "head.json").write_text(verification.export(recorded.id, head_of(database, recorded), now=NOON))
    if is_damaged:
        tamper("DELETE FROM consent_ledger WHERE {own} AND seq = 5", HEAD_BACK)

    done = verify_by_command(settings, tmp_path, "--workspace", str(recorded.id), "--head", "head.json")

    assert done.returncode == status, done.stderr
    assert ("cut off" in done.stdout) == is_damaged
    assert "NO OUTSIDE HEAD" not in done.stdout


def test_it_is_said_loudly_when_no_head_from_outside_was_given(recorded, settings, tmp_path):
    """Without one a rewritten, cut or wiped chain passes; the last line alone promised more."""
    done = verify_by_command(settings, tmp_path, "--workspace", str(recorded.id))

    assert done.returncode == 0, done.stderr
    assert f"NO OUTSIDE HEAD was given for workspace {recorded.id}" in done.stdout


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"workspace_id": 1, "seq": 3, "hash": "x"}', "[" * 100_000])
def test_a_file_that_is_no_head_is_refused(content):
    with pytest.raises(verification.HeadUnreadable):
        verification.read_export(content)
