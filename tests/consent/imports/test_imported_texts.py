"""An import keeps the ledger for as short as it can: what many rows share is stored before, in a few statements."""

from __future__ import annotations

from sqlalchemy import event, func, select, text

from app.consent.imports import imported_texts
from app.consent.imports.file_answers import LedgerKeeper
from app.consent.ledger import ledger
from app.consent.models import ConsentText
from app.customers.imports import running
from app.customers.imports.evidence import ImportedEvidence
from app.kernel.clock import FixedClock
from tests.factories import NOON
from tests.factories.application.extending import carrying
from tests.factories.customers import an_uploaded_file, outcome_of
from tests.factories.workspaces import a_workspace

HEAD = "email,subscribed,consented_at,method,wording,topic\n"


def proofs(texts, people=300):
    rows = (f"p{n}@example.com,yes,2025-05-01 10:00,web form,Text {n % texts},news\n" for n in range(people))
    return HEAD + "".join(rows)


def statements_under_the_ledger(database, workspace_id, content):
    """How many statements an import sends from taking the lock to the end of that transaction."""
    sent, is_held = [], []

    class Taking(LedgerKeeper):
        def lock_answers(self, session, workspace_id):
            super().lock_answers(session, workspace_id)
            is_held.append(True)

    def noted(*args):
        if is_held:
            sent.append(args[2])

    def over(*_):
        is_held.clear()

    engine = database.engine
    event.listen(engine, "before_cursor_execute", noted)
    event.listen(engine, "commit", over)
    try:
        import_id = an_uploaded_file(database, workspace_id, content)
        running.run(carrying(database, ImportedEvidence(Taking())), FixedClock(NOON), workspace_id, import_id)
    finally:
        event.remove(engine, "before_cursor_execute", noted)
        event.remove(engine, "commit", over)
    assert outcome_of(database, workspace_id, import_id).counts["consent_granted"] == 300
    return len(sent)


def test_statements_under_the_ledger_do_not_grow_with_the_texts_of_a_file(database):
    few, many = (a_workspace(database, name="Texts", now=NOON).id for _ in range(2))

    counted = statements_under_the_ledger(database, few, proofs(1))
    assert 0 < counted == statements_under_the_ledger(database, many, proofs(300))


def test_another_workspace_waits_for_no_import(database, workspace):
    """In the middle of a batch, somebody else's ledger is free."""
    other = a_workspace(database, name="Other", now=NOON).id
    reached = []

    class Meanwhile(LedgerKeeper):
        def record(self, session, workspace_id, import_ref, rows, *, now):
            with database.transaction(other) as theirs:
                theirs.execute(text("SET LOCAL lock_timeout = '2s'"))
                ledger.hold(theirs, other)
                imported_texts.store(theirs, other, ["Our own words"], language="en", now=now)
                reached.append(len(rows))
            return super().record(session, workspace_id, import_ref, rows, now=now)

    import_id = an_uploaded_file(database, workspace.id, proofs(3, people=5))
    running.run(carrying(database, ImportedEvidence(Meanwhile())), FixedClock(NOON), workspace.id, import_id)

    assert reached == [5]


def test_each_text_is_stored_once_in_versions_without_gaps(database, workspace):
    with database.transaction(workspace.id) as session:
        first = imported_texts.store(session, workspace.id, ["A", " B ", "A", "", "  "], language="en", now=NOON)
        again = imported_texts.store(session, workspace.id, ["C", "B"], language="en", now=NOON)
        stored = select(ConsentText.version).where(ConsentText.kind == "imported").order_by(ConsentText.version)
        versions = session.scalars(stored).all()
        number = session.scalar(select(func.count()).select_from(ConsentText).where(ConsentText.kind == "imported"))

    assert (set(first), again["B"], versions, number) == ({"A", "B"}, first["B"], [1, 2, 3], 3)
