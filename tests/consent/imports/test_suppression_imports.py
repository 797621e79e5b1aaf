"""A file of suppressed addresses keeps mail from them: previewed, taken over once, exported alike, and undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.accounts import workspaces
from app.consent import suppression
from app.consent.exporting import tables
from app.customers.addresses import emails
from app.customers.exporting.formats import FORMATS
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests, a_workspace

FILE = (
    "Email,Reason,Date,Stream\n"
    "ada@example.com,Hard bounce,2026-01-02 10:00,all\n"
    "Bob@Example.com,spam complaint,,\n"
    "nobody,bounced,,\n"
    "cy@example.com,moody,,\n"
    "dee@example.com,,2030-01-01,\n"
    "eve@example.com,,,newsletter\n"
    "ADA@example.com,manual,,\n"
    ",bounced,,\n"
)
NAMES = ("created", "updated", "unchanged", "refused", "repeated")


def listed(database: Database, workspace_id: int) -> list[Any]:
    with database.transaction(workspace_id) as session:
        statement = "SELECT * FROM suppressions WHERE workspace_id = :w ORDER BY address_digest"
        return [tuple(row) for row in session.execute(text(statement), {"w": workspace_id})]


def told(database: Database, workspace_id: int) -> list[Any]:
    return [row[1:3] + row[4:5] for row in listed(database, workspace_id)]


def find(database: Database, workspace_id: int, email: str) -> suppression.SuppressionInfo | None:
    with database.transaction(workspace_id) as session:
        return suppression.find(session, workspace_id, digest_of(session, workspace_id, email))


def digest_of(session: Any, workspace_id: int, email: str) -> bytes:
    return emails.digest(emails.normalise(email).key, workspaces.get(session, workspace_id).digest_key)


def exported(database: Database, workspace_id: int, form: str = "csv") -> bytes:
    return b"".join(FORMATS[form].write(tables.rows(database, workspace_id, 0, NOON)))


def test_addresses_are_suppressed_as_the_preview_said_and_bad_rows_are_refused(
    database: Database, workspace: WorkspaceForTests
) -> None:
    done = looked_through(database, workspace.id, FILE, kind="suppressions")

    assert done.counts == done.rehearsal["counts"]
    assert [done.counts.get(name, 0) for name in NAMES] == [2, 0, 0, 5, 1]
    assert [(each["row"], each["reason"]) for each in done.rehearsal["errors"]] == [
        (4, "address"), (5, "suppression"), (6, "future"), (7, "scope"), (9, "nobody"),
    ]
    ada, bob = (find(database, workspace.id, email) for email in ("ada@example.com", "bob@example.com"))
    assert ada
    assert bob
    assert (ada.reason, ada.at.year) == ("manual", 2026)
    assert (bob.reason, bob.at, bob.source) == ("complained", NOON, f"import {done.id}, people.csv")


@pytest.mark.parametrize("rows", [1, 1000])
def test_an_undo_takes_off_the_list_what_the_file_alone_had_put_there(
    database: Database, workspace: WorkspaceForTests, rows: int
) -> None:
    import_file(database, workspace.id, "email,reason\nold@example.com,complaint\n", kind="suppressions")
    before = listed(database, workspace.id)
    content = "email\nold@example.com\nnew@example.com\nnewer@example.com\n"
    done = looked_through(database, workspace.id, content, kind="suppressions", rows=rows)
    assert (done.counts["created"], done.counts["unchanged"]) == (2, 1)

    undone = undo_import(database, workspace.id, done.id, now=NOON)
    assert undone.undo["counts"] == {"suppressions_removed": 2, "kept_suppressions": 1}
    assert listed(database, workspace.id) == before


def test_what_others_say_too_stays_after_the_undo(database: Database, workspace: WorkspaceForTests) -> None:
    """A complaint since, another file, or the list of before: an undone file lets nobody be mailed who said no."""
    with database.transaction(workspace.id) as session:
        own = digest_of(session, workspace.id, "own@example.com")
        suppression.add(session, workspace.id, address_digest=own, reason="manual", source="Ann: no", now=NOON)
    content = "email\nown@example.com\ncomplained@example.com\ntwice@example.com\nonce@example.com\n"
    first = import_file(database, workspace.id, content, kind="suppressions")
    second = import_file(database, workspace.id, "email\ntwice@example.com\n", kind="suppressions")
    with database.transaction(workspace.id) as session:
        digest = digest_of(session, workspace.id, "complained@example.com")
        later = NOON + timedelta(days=1)
        suppression.add(
            session, workspace.id, address_digest=digest, reason="complained", source="message 5", now=later
        )
    undo_import(database, workspace.id, first.id, now=NOON)

    left = {name: find(database, workspace.id, f"{name}@example.com") is not None
            for name in ("own", "complained", "twice", "once")}
    assert left == {"own": True, "complained": True, "twice": True, "once": False}
    undo_import(database, workspace.id, second.id, now=NOON)
    assert find(database, workspace.id, "twice@example.com") is None


def test_an_erasure_that_is_taken_back_frees_nobody_whom_a_file_names(
    database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        digest = digest_of(session, workspace.id, "ada@example.com")
        suppression.add(session, workspace.id, address_digest=digest, reason="erased", source="erasure", now=NOON)
    done = import_file(database, workspace.id, "email\nada@example.com\n", kind="suppressions")
    with database.transaction(workspace.id) as session:
        suppression.end_silence(session, workspace.id, [digest])

    assert find(database, workspace.id, "ada@example.com")
    undo_import(database, workspace.id, done.id, now=NOON)
    assert find(database, workspace.id, "ada@example.com") is None


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_exported_comes_back_alike(database: Database, workspace: WorkspaceForTests, form: str) -> None:
    """Addresses of people we know by themselves, those of the erased by their hash."""
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com")
        for name, reason in (("ada", "bounced"), ("gone", "erased"), ("odd", "unconfirmed")):
            digest = digest_of(session, workspace.id, f"{name}@example.com")
            suppression.add(session, workspace.id, address_digest=digest, reason=reason, source="x", now=NOON)
    before, content = told(database, workspace.id), exported(database, workspace.id, form)
    assert content.count(b"ada@example.com") == 1 or form == "xlsx"
    with database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM suppressions WHERE workspace_id = :w"), {"w": workspace.id})

    assert import_file(database, workspace.id, content, kind="suppressions").counts == {"created": 3}
    assert told(database, workspace.id) == before
    assert import_file(database, workspace.id, content, kind="suppressions").counts == {"unchanged": 3}


def test_an_address_and_its_hash_are_one_and_hashes_of_elsewhere_are_refused(
    database: Database, workspace: WorkspaceForTests
) -> None:
    other = a_workspace(database, name="Other", now=NOON).id
    with database.transaction(workspace.id) as session:
        digest = digest_of(session, workspace.id, "ada@example.com")
        suppression.add(session, workspace.id, address_digest=digest, reason="erased", source="x", now=NOON)
    hashed = exported(database, workspace.id).decode("utf-8-sig").splitlines()[1].split(",")[1]
    content = f"email,hash\nada@example.com,\n,{hashed}\n,{'a' * 32}\n"

    foreign = looked_through(database, other, content, kind="suppressions")
    assert [each["reason"] for each in foreign.rehearsal["errors"]] == ["foreign_hash", "hash"]
    with database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM suppressions WHERE workspace_id = :w"), {"w": workspace.id})
    done = looked_through(database, workspace.id, content, kind="suppressions")
    assert done.counts == {"created": 1, "repeated": 1, "refused": 1}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,6}", fullmatch=True),
        st.tuples(st.sampled_from(suppression.REASONS), st.integers(0, 10**8), st.booleans()),
        max_size=6,
    ),
    st.sampled_from(sorted(FORMATS)),
)
def test_import_of_an_export_is_the_same_list(
    database: Database, workspace: WorkspaceForTests, people: dict[str, tuple[str, int, bool]], form: str
) -> None:
    clear = "DELETE FROM suppressions WHERE workspace_id = :w"
    with database.transaction(workspace.id) as session:
        session.execute(text(clear), {"w": workspace.id})
        for name, (reason, age, is_known) in people.items():
            if is_known:
                a_customer(session, workspace.id, f"{name}@example.org")
            digest, at = digest_of(session, workspace.id, f"{name}@example.org"), NOON - timedelta(seconds=age)
            suppression.add(session, workspace.id, address_digest=digest, reason=reason, source="x", now=at)
    before, content = told(database, workspace.id), exported(database, workspace.id, form)
    with database.transaction(workspace.id) as session:
        session.execute(text(clear), {"w": workspace.id})
    if people:
        import_file(database, workspace.id, content, kind="suppressions")

    assert told(database, workspace.id) == before


def test_an_erasure_that_is_taken_back_leaves_a_file_its_say(database: Database, workspace: WorkspaceForTests) -> None:
    """Whom the file had suppressed before the erasure was asked for, its undo lets be mailed again."""
    done = import_file(database, workspace.id, "email,reason\nada@example.com,bounced\n", kind="suppressions")
    before = listed(database, workspace.id)
    with database.transaction(workspace.id) as session:
        digest = digest_of(session, workspace.id, "ada@example.com")
        suppression.add(session, workspace.id, address_digest=digest, reason="erased", source="erasure", now=NOON)
        suppression.end_silence(session, workspace.id, [digest])

    assert [row[2] for row in listed(database, workspace.id)] == [row[2] for row in before]
    undo_import(database, workspace.id, done.id, now=NOON)
    assert find(database, workspace.id, "ada@example.com") is None


def test_what_staff_say_is_theirs_whatever_they_are_called(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        digest = digest_of(session, workspace.id, "ada@example.com")
        said = {"reason": "manual", "source": "import team: asked by phone", "now": NOON}
        suppression.add(session, workspace.id, address_digest=digest, **said)
    done = import_file(database, workspace.id, "email\nada@example.com\n", kind="suppressions")
    undo_import(database, workspace.id, done.id, now=NOON)

    assert find(database, workspace.id, "ada@example.com")
