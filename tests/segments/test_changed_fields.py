"""A field is removed, or made again with another type: what stands on it says so, and nothing else suffers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import ARRAY, Text, func, literal, select, text, update
from sqlalchemy.orm import Session

from app.campaigns import compose
from app.campaigns.launch import schedule
from app.customers.field_kinds.plain import A_DAY
from app.customers.models import Customer
from app.customers.profiles import fields
from app.customers.profiles.fields import FieldDraft
from app.journeys import definitions, jobs
from app.journeys.engine import enrolment
from app.kernel.database import Database
from app.kernel.services import Services
from app.segments import jobs as segment_jobs
from app.segments import preview, rules, segments
from app.segments.segments import SegmentChange
from tests.factories import conditions
from tests.factories.campaigns import a_campaign, plan
from tests.factories.consent import consented_customer
from tests.factories.customers import a_customer
from tests.factories.journeys import a_journey, a_segment
from tests.factories.segments import NOON
from tests.factories.workspaces import WorkspaceForTests

# Texts that PostgreSQL's own casts refuse, read as something unexpected, or take.
STORED = [
    "", " ", "M", "42", "-7.25", "1e5", "1e999999", "NaN", "Infinity", "0x1F", "9" * 400, "1.", "+3", "१२",
    "true", "True", "t", "yes", "2026-02-28", "2026-02-29", "2024-02-29", "1900-02-29", "2000-02-29",
    "2100-02-29", "2026-04-31", "2026-13-01", "0000-01-01", "9999-12-31", "2026-1-1", "today", "infinity",
    "epoch", "2026-03-31\n", "2026-03-31 10:00", "\u2028",
]  # fmt: skip
OTHER = [7, -0.5, 1e300, True, False, None, [], ["2026-01-01"], {"a": 1}]


def a_field(session: Session, workspace: WorkspaceForTests, kind: str, *, key: str = "size") -> None:
    """The field as it is from now on, whatever it was."""
    for field in fields.list_custom(session, workspace.id):
        if field.key == key:
            fields.remove(session, workspace.id, field.id)
    refers_to = "organisation" if kind == "reference" else None
    fields.add(session, workspace.id, key, FieldDraft("Size", kind, ["S", "M"], refers_to))


def on_size(session: Session, workspace: WorkspaceForTests, rule: rules.Rule, name: str = "Sized") -> int:
    """A segment that asks about the field."""
    return segments.save(session, workspace.id, SegmentChange(name, rule), staff_id=None, now=NOON).id


@pytest.mark.parametrize("kind", fields.KINDS)
def test_no_stored_value_makes_a_query_fail(session: Session, workspace: WorkspaceForTests, kind: str) -> None:
    """Values stay when their field goes, so a field of any kind may find any value there."""
    a_field(session, workspace, kind)
    for value in (*STORED, *OTHER):
        ada = a_customer(session, workspace.id)
        session.execute(
            update(Customer)
            .where(Customer.workspace_id == workspace.id, Customer.id == ada.id)
            .values(custom={"size": value})
        )
    info = fields.columns(session, workspace.id)["custom.size"]

    for rule in (conditions.IsKnown("custom.size"), conditions.IsUnknown("custom.size")):
        preview.sample(session, workspace.id, segments.matches_query(session, workspace.id, rule, now=NOON))
    read = session.scalars(select(info.expression).where(info.expression.is_not(None))).all()
    known = {"number": {"42", "-7.25", "3", "7", "-0.5"}, "date": {"2026-02-28", "2024-02-29", "2000-02-29"}}
    if kind in known:
        assert {str(value) for value in read} == known[kind]
    if kind == "boolean":
        assert set(read) == {True, False}


def test_the_days_read_are_those_of_the_calendar(session: Session) -> None:
    """What guards the cast agrees with the calendar, leap years and all, so that the cast never fails."""
    years = (1899, 1900, 1901, 1904, 1996, 2000, 2004, 2096, 2100, 2104, 2196, 2200, 2201)
    written = [f"{year}-{month:02}-{day:02}" for year in years for month in range(14) for day in range(33)]
    given = func.unnest(literal(written, ARRAY(Text))).column_valued("given")
    found = set(session.scalars(select(given).where(given.regexp_match(A_DAY))))

    assert found == {each for each in written if _is_day(each) and "1900" <= each < "2201"}


def _is_day(written: str) -> bool:
    try:
        return bool(date.fromisoformat(written))
    except ValueError:
        return False


def test_a_retyped_field_is_not_known_where_its_values_do_not_fit(
    session: Session, workspace: WorkspaceForTests
) -> None:
    a_field(session, workspace, "text")
    a_customer(session, workspace.id, size="large")
    fitting = a_customer(session, workspace.id, size="42")
    a_field(session, workspace, "number")

    rule = conditions.GreaterThan("custom.size", 5)  # type: ignore[arg-type]
    found = session.scalars(segments.matches_query(session, workspace.id, rule, now=NOON))
    assert list(found) == [fitting.id]


def test_one_can_ask_why_a_segment_is_unusable(session: Session, workspace: WorkspaceForTests) -> None:
    a_field(session, workspace, "number")
    segment_id = on_size(session, workspace, conditions.GreaterThan("custom.size", 5))  # type: ignore[arg-type]
    assert segments.problem_with(session, workspace.id, segment_id, now=NOON) is None

    a_field(session, workspace, "date")
    problem = segments.problem_with(session, workspace.id, segment_id, now=NOON)
    assert problem
    assert problem.message % problem.values == "“Size” cannot be asked this way."
    fields.remove(session, workspace.id, fields.list_custom(session, workspace.id)[0].id)
    problem = segments.problem_with(session, workspace.id, segment_id, now=NOON)
    assert problem
    assert problem.message % problem.values == (
        "There is no field “size” in use. If it was retired, bring it back under Custom fields."
    )
    with pytest.raises(segments.SegmentUnusable, match="Sized"):
        segments.members_query(session, workspace.id, segment_id, NOON)
    segments.delete(session, workspace.id, segment_id, staff_id=workspace.owner_id, now=NOON)
    session.flush()
    assert segments.problem_with(session, workspace.id, segment_id, now=NOON) is not None


@pytest.mark.parametrize("kind", [None, "text", "date", "boolean", "choice"])
def test_the_page_shows_at_the_condition_what_is_wrong_and_lets_it_be_mended(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests, kind: str | None
) -> None:
    """The question asked stays what it was until the author chooses another: no other rule is counted instead."""
    with database.transaction(workspace.id) as session:
        a_field(session, workspace, "number")
        segment_id = on_size(session, workspace, conditions.GreaterThan("custom.size", 5))  # type: ignore[arg-type]
        if kind:
            a_field(session, workspace, kind)
        else:
            fields.remove(session, workspace.id, fields.list_custom(session, workspace.id)[0].id)
    page = client.get(f"/segments/{segment_id}")

    said = "“Size” cannot be asked this way." if kind else "There is no field “size” in use."
    at_condition = page.text.partition('id="error-r-0"')[2].partition("</div>")[0]
    assert page.status_code == 200
    assert said in at_condition
    assert '<option value="greater_than" selected' in page.text
    assert "matches" not in page.text.partition('id="summary"')[2].partition("</form>")[0].replace("who match", "")
    assert said in client.get("/segments").text
    mended = {"r-match": "all", "r.0-what": "city", "r.0-op": "is", "r.0-value": "Berlin"}
    answer = client.post("/segments/save", data={**mended, "name": "Sized", "segment_id": str(segment_id)})
    assert answer.status_code == 303


def test_a_yes_or_no_that_became_text_is_said_too(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """The words of the form would fit the new kind; the kept rule does not."""
    with database.transaction(workspace.id) as session:
        a_field(session, workspace, "boolean")
        segment_id = on_size(session, workspace, conditions.Is("custom.size", True))
        a_field(session, workspace, "text")

    assert "This segment cannot be used as it is." in client.get(f"/segments/{segment_id}").text


@pytest.mark.usefixtures("no_other_workspaces")
def test_one_failing_segment_keeps_no_other_from_being_counted_or_enrolled(
    services: Services, database: Database, workspace: WorkspaceForTests
) -> None:
    """One journey's segment on a field that is gone; the workspace's other journey still lets people in."""
    with database.transaction(workspace.id) as session:
        a_field(session, workspace, "number")
        broken = on_size(session, workspace, conditions.GreaterThan("custom.size", 5))  # type: ignore[arg-type]
        whole = a_segment(session, workspace)
        for segment_id in (broken, whole):
            a_journey(session, workspace, trigger=("segment", segment_id))
        consented_customer(session, workspace.id, tags=["prospect"])
        a_field(session, workspace, "text")
    jobs.enrol(services)
    segment_jobs.count_all(services)

    with database.transaction(workspace.id) as session:
        first, second = definitions.list_live(session, workspace.id, trigger_kind="segment")
        entered = session.scalar(text("SELECT count(*) FROM enrolments WHERE journey_id = :id"), {"id": second.id})
        assert entered == 1
        assert enrolment.count_candidates(session, first, now=NOON + timedelta(days=1)) == 0
        assert segments.get(session, workspace.id, whole).latest_count == 1
        assert segments.get(session, workspace.id, broken).latest_count is None


def test_a_scheduled_campaign_on_a_retyped_field_becomes_a_draft_that_says_why(
    database: Database, workspace: WorkspaceForTests
) -> None:
    """It was retried twelve times and given up; now it is held back at once, in words."""
    with database.transaction(workspace.id) as session:
        a_field(session, workspace, "number")
        segment_id = on_size(session, workspace, conditions.GreaterThan("custom.size", 5))  # type: ignore[arg-type]
        campaign = a_campaign(session, workspace, is_for_everyone=False, segment_id=segment_id)
        consented_customer(session, workspace.id, size=7)
        plan(session, workspace, campaign.id)
        a_field(session, workspace, "text")
    with database.transaction(workspace.id) as session:
        schedule.launch_planned(session, workspace.id, campaign.id, now=NOON, public_url="http://mail.shop.test")

    with database.transaction(workspace.id) as session:
        assert compose.get(session, workspace.id, campaign.id).state == "draft"
        noted = text("SELECT details ->> 'reason' FROM audit_entries WHERE action = 'campaign.held_back'")
        assert session.scalar(noted)
