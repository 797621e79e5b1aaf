"""Two who make the same topic or sign-up form at once: one gets it, the other a sentence, and nobody a crash."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.consent import topics
from app.consent.signup import signup_forms
from app.kernel.database import Database
from app.kernel.refusals import Refusal
from tests.factories import NOON
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests

Save = Callable[[Session, WorkspaceForTests], object]


def save_topic(session: Session, workspace: WorkspaceForTests) -> object:
    return topics.create(session, workspace.id, name="Offers", key="offers")


def save_form(session: Session, workspace: WorkspaceForTests) -> object:
    return signup_forms.save(
        session,
        workspace.id,
        None,
        signup_forms.FormDraft(
            name="Spring",
            slug="spring",
            introduction="",
            topic_ids=[workspace.topic_id],
            asks=[],
            language="en",
            is_open=True,
        ),
        now=NOON,
    )


@pytest.mark.parametrize(
    ("save", "refusal", "field"),
    [(save_topic, topics.TopicKeyTaken, "key"), (save_form, signup_forms.FormAddressTaken, "slug")],
)
def test_a_name_that_two_take_at_once_is_refused_to_the_later_at_its_field(
    database: Database, workspace: WorkspaceForTests, save: Save, refusal: type[Refusal], field: str
) -> None:
    """Both looked before either was committed, so that only the database can know."""

    def later() -> None:
        with database.transaction(workspace.id) as session:
            save(session, workspace)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            save(session, workspace)
            waiting = pool.submit(later)
            until_somebody_waits(database, session)
        with pytest.raises(refusal) as refused:
            waiting.result()
    assert refused.value.field == field


def test_two_pages_of_one_topic_change_different_fields(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """Each page was opened before the other was saved; what its author left alone is not written back."""
    url = f"/consent/topics/{workspace.topic_id}"
    with database.transaction(workspace.id) as session:
        topic = topics.get(session, workspace.id, workspace.topic_id)
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', client.get(url).text)
    assert seen
    shown = {
        "name": topic.name,
        "description": topic.description,
        "promised_limit": topic.promise.limit,
        "promised_days": topic.promise.days,
        "is_active": "y",
        "seen": html.unescape(seen[1]),
    }
    assert client.post(url, data={**shown, "promised_limit": 2}).status_code == 303
    assert client.post(url, data={**shown, "description": "Theirs"}).status_code == 303

    with database.transaction(workspace.id) as session:
        found = topics.get(session, workspace.id, workspace.topic_id)
        assert (found.promise.limit, found.description, found.name) == (2, "Theirs", topic.name)
