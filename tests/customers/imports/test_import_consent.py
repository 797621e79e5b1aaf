"""What a file says about consent reaches the room that keeps it, and a claim without proof grants nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.consent import permission
from app.consent.models import LedgerRecord
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.imports import running
from app.customers.imports.evidence import EvidenceRow, ImportedEvidence, PermissionKeeper
from app.customers.imports.mapping.mapping import MappingRefused
from app.kernel.clock import FixedClock
from tests.factories import NOON
from tests.factories.application.extending import carrying
from tests.factories.consent import switch_topic
from tests.factories.customers import a_customer, an_uploaded_file, import_file

HEADER = "email,subscribed,consented_at,method,wording,topic,purposes\n"
WORDS = "Yes please send me the news"
EVE_AGREED = f"eve@example.com,yes,2025-05-01 10:00,web form,{WORDS},news,\n"


class Listening(PermissionKeeper):
    """Keeps what it is told, instead of what consent makes of it."""

    def __init__(self) -> None:
        self.rows: list[EvidenceRow] = []

    def record(self, session, workspace_id, import_ref, rows, *, now):
        self.rows.extend(rows)
        return {"heard": len(rows)}


@pytest.fixture
def keeper():
    return Listening()


@pytest.fixture
def listening(database, keeper):
    """A database whose imports tell that keeper of permission."""
    return carrying(database, ImportedEvidence(keeper))


def mailable(database, workspace):
    query = permission.allowed_query(workspace.id, "marketing", workspace.topic_id, NOON)
    with database.transaction(workspace.id) as session:
        return len(session.execute(query).all())


def test_proof_makes_people_mailable_and_claims_do_not(database, workspace):
    done = import_file(
        database,
        workspace.id,
        HEADER
        + f"ada@example.com,yes,2025-05-01 10:00,web form,{WORDS},news,\n"
        + "bob@example.com,true,,,,news,\n"
        + "eve@example.com,no,,,,news,\n",
    )

    assert (done.counts["said_yes"], done.counts["claimed_only"], done.counts["said_no"]) == (1, 1, 1)
    assert done.counts["consent_granted"] == 1
    assert mailable(database, workspace) == 1


def test_the_same_proof_again_is_no_second_record(database, workspace):
    content = HEADER + f"ada@example.com,yes,2025-05-01 10:00,web form,{WORDS},news,\n"
    import_file(database, workspace.id, content)
    again = import_file(database, workspace.id, content)

    assert again.counts["consent_already_known"] == 1
    assert mailable(database, workspace) == 1


def test_a_no_outlives_every_later_file(database, workspace):
    """First the old unsubscribe list, then the subscribers with their proof: who never said yes here said no too."""
    left = import_file(database, workspace.id, HEADER + "eve@example.com,no,,,,,\n")
    after = import_file(database, workspace.id, HEADER + EVE_AGREED)

    assert (left.counts["consent_no_recorded"], after.counts["consent_said_no_here"]) == (1, 1)
    assert mailable(database, workspace) == 0


@pytest.mark.parametrize("rows", [1, 1000])
def test_a_no_counts_against_a_yes_of_the_same_file(database, workspace, rows):
    """Whether the two stand in one batch or in two."""
    content = HEADER + "eve@example.com,no,,,,,\nbob@example.com,,,,,,\n" + EVE_AGREED
    running.run(database, FixedClock(NOON), workspace.id, an_uploaded_file(database, workspace.id, content), rows=rows)

    assert mailable(database, workspace) == 0


def test_a_no_reaches_a_topic_that_is_closed_for_now(database, workspace):
    import_file(database, workspace.id, HEADER + EVE_AGREED)
    with database.transaction(workspace.id) as session:
        switch_topic(session, workspace.id, workspace.topic_id, is_active=False)
    told = import_file(database, workspace.id, HEADER + "eve@example.com,no,,,,,\n")
    with database.transaction(workspace.id) as session:
        switch_topic(session, workspace.id, workspace.topic_id, is_active=True)

    assert told.counts["consent_withdrawn"] == 1
    assert mailable(database, workspace) == 0


def test_a_no_said_twice_is_one_record(database, workspace):
    content = HEADER + "eve@example.com,no,,,,,marketing profiling\n"
    import_file(database, workspace.id, content)
    again = import_file(database, workspace.id, content)

    assert "consent_no_recorded" not in again.counts
    with database.transaction(workspace.id) as session:
        records = session.execute(select(LedgerRecord.event, LedgerRecord.purpose).order_by(LedgerRecord.seq)).all()
    assert records == [("withdrawn", "marketing"), ("withdrawn", "profiling")]


@pytest.mark.parametrize("repeats", ["merge", "first", "last"])
def test_what_joined_rows_say_is_said_of_the_address_of_each(listening, keeper, workspace, repeats):
    """Two rows name one customer by two emails: whichever row is heard, no answer moves to the other address."""
    with listening.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com")
        changes.add(session, ada, NewAddress(kind="email", value="work@example.com"), source="test", now=NOON)
    emails = ("work@example.com", "ada@example.com")
    rows = [f"{email},yes,2025-05-01 10:00,web form,{WORDS},news,\n" for email in emails]
    for content in (*rows, "".join(rows)):
        import_file(listening, workspace.id, HEADER + content, repeats=repeats)
    told = [(each.customer_id, each.address_digest) for each in keeper.rows]

    assert len(set(told[:2])) == 2
    assert sorted(told[2:]) == sorted(told[:2])


def test_proof_of_a_former_mailbox_is_none_for_the_present_one(database, workspace):
    """Two rows of one customer number: the first agreed, the second gives the address that counts."""
    done = import_file(
        database,
        workspace.id,
        f"customer id,{HEADER}7,old@example.com,yes,2025-05-01 10:00,web form,{WORDS},news,\n7,new@example.com,,,,,,\n",
        match_by="external_ref",
    )

    assert done.counts["consent_other_address"] == 1
    assert mailable(database, workspace) == 0


def test_every_answer_is_handed_on_with_its_own_row(listening, workspace, keeper):
    done = import_file(
        listening,
        workspace.id,
        HEADER
        + f"ada@example.com,yes,2025-05-01,web form,{WORDS},news,marketing profiling\n"
        + "ada@example.com,no,,,,,\nbob@example.com,,,,,,\nnobody,yes,,,,,\n",
        topic="offers",
    )

    assert [(row.row, row.is_yes, row.terms.topic) for row in keeper.rows] == [(2, True, "news"), (3, False, "offers")]
    assert keeper.rows[0].at == datetime(2025, 5, 1, 12, tzinfo=UTC)
    assert keeper.rows[0].terms.purposes == ("marketing", "profiling")
    assert keeper.rows[0].customer_id == keeper.rows[1].customer_id
    assert done.counts["consent_heard"] == 2


def test_answers_nobody_can_read_give_the_row_back(listening, workspace, keeper):
    content = HEADER + "a@b.co,perhaps,,,,,\nb@b.co,yes,someday,,,,\nc@b.co,yes,,,,,world peace\n"
    done = import_file(listening, workspace.id, content)

    assert done.counts == {"refused": 3}
    assert keeper.rows == []


def granted_in(database, workspace):
    """The one record that an import made of a yes, as it is kept."""
    with database.transaction(workspace.id) as session:
        return session.scalars(select(LedgerRecord.record).where(LedgerRecord.event == "imported")).one()


STATED = {"consent_method": "sign-up form, double opt-in", "consent_wording": WORDS, "topic": "news"}
EXPORTS = {
    "Mailchimp": (
        "Email Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP\n"
        'ada@example.com,4,"2025-05-01 12:00:00",203.0.113.9,"2025-05-01 12:01:00",203.0.113.9\n'
        "bob@example.com,4,,,,\neve@example.com,2,,203.0.113.9,,203.0.113.9\n"
    ),
    "Brevo": (
        "EMAIL;DOUBLE_OPT-IN;OPTIN_TIME\nada@example.com;Yes;2025-05-01 12:00:00\n"
        "bob@example.com;Yes;\neve@example.com;No;2025-05-01 12:00:00\nmia@example.com;;2025-05-01 12:00:00\n"
    ),
    "Klaviyo": (
        "Email,Email Marketing Consent,Email Marketing Consent Timestamp\n"
        "ada@example.com,SUBSCRIBED,2025-05-01T12:00:00+00:00\nbob@example.com,SUBSCRIBED,\n"
        "eve@example.com,NEVER_SUBSCRIBED,2025-05-01T12:00:00+00:00\n"
    ),
    "columns named": (
        "email,SUBSCRIBED,EMAIL_CONSENT_TIMESTAMP\nada@example.com,true,2025-05-01T12:00:00+00:00\n"
        "bob@example.com,true,\neve@example.com,false,\n"
    ),
}


@pytest.mark.parametrize("content", EXPORTS.values(), ids=EXPORTS)
def test_method_and_wording_may_be_stated_for_the_whole_file(database, workspace, content):
    """They complete the rows that tell when somebody agreed; who is only marked as subscribed proves nothing."""
    before = import_file(database, workspace.id, content, topic="news")
    assert before.counts.get("consent_granted", 0) == 0

    done = import_file(database, workspace.id, content, **STATED)

    assert (done.counts["said_yes"], done.counts["consent_granted"]) == (1, 1)
    assert mailable(database, workspace) == 1
    granted = granted_in(database, workspace)
    assert "import: sign-up form, double opt-in" in granted
    assert "method and wording stated for the whole file" in granted


def test_what_a_row_says_itself_is_not_what_was_stated(database, workspace):
    content = HEADER + f"ada@example.com,yes,2025-05-01 10:00,paper form,{WORDS},news,\n"
    import_file(database, workspace.id, content, **STATED)

    granted = granted_in(database, workspace)
    assert "import: paper form" in granted
    assert "stated" not in granted


@pytest.mark.parametrize(
    ("columns", "said", "field"),
    [
        ({"0": "email", "1": "consent"}, {"consent_method": "form", "consent_wording": WORDS}, "consent_method"),
        ({"0": "email", "2": "consented_at"}, {"consent_method": "form"}, "consent_wording"),
        ({"0": "email", "2": "consented_at"}, {"consent_wording": WORDS}, "consent_method"),
    ],
)
def test_a_statement_that_proves_nothing_is_refused_at_its_field(database, workspace, columns, said, field):
    with pytest.raises(MappingRefused) as refused:
        an_uploaded_file(database, workspace.id, EXPORTS["columns named"], mapped=columns, **said)

    assert refused.value.field == field
