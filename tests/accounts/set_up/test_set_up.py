"""A new workspace is led through its set-up one step at a time; what is done elsewhere is seen to be done."""

from __future__ import annotations

import pytest

from app.accounts.set_up import set_up
from app.accounts.set_up.set_up import PHASES, AnswerRefused, SetUpSteps
from app.customers.profiles import fields
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.customers import a_customer

QUESTIONS = ("purpose", "knowledge", "size", "steward", "process", "care")


def answer(session, workspace, key, said="As we agreed"):
    set_up.answer(session, workspace.id, key, said, staff_id=workspace.owner_id, now=NOON)


def skip(session, workspace, key):
    set_up.skip(session, workspace.id, key, staff_id=workspace.owner_id, now=NOON)


def test_there_is_one_next_step_and_each_answer_leads_on(session, workspace):
    assert set_up.read(session, workspace.id).next.step.key == "purpose"
    answer(session, workspace, "purpose")
    skip(session, workspace, "knowledge")
    found = set_up.read(session, workspace.id)

    assert (found.next.step.key, found.settled("planning")) == ("size", (2, 5))
    set_up.take_up(session, workspace.id, "knowledge")
    assert set_up.read(session, workspace.id).next.step.key == "knowledge"


def test_what_is_done_elsewhere_is_done(session, workspace):
    before = {each.step.key: each.is_done for each in set_up.read(session, workspace.id).states}
    fields.create(session, workspace.id, key="size", label="Size", kind="number")
    a_customer(session, workspace.id)
    after = {each.step.key: each.is_done for each in set_up.read(session, workspace.id).states}

    assert (before["fields"], before["people"], before["domain"], before["topics"]) == (False, False, True, True)
    assert (after["fields"], after["people"]) == (True, True)


def test_what_a_first_send_needs_is_said_and_not_passed_over(session, workspace):
    missing = {each.step.key for each in set_up.read(session, workspace.id).missing_to_send()}

    assert missing == {"people", "test_mail"}
    for key in ("people", "nothing"):
        with pytest.raises(NotFound):
            skip(session, workspace, key)


@pytest.mark.parametrize("said", ["", "   ", "x" * 1001])
def test_an_answer_is_a_sentence_or_two(session, workspace, said):
    with pytest.raises(AnswerRefused):
        answer(session, workspace, "purpose", said)


def test_every_phase_has_steps_and_every_page_is_there(app, extensions):
    steps = extensions.get(SetUpSteps).steps

    assert {step.phase for step in steps} == PHASES.keys()
    assert {step.key for step in steps if step.is_done is None} == set(QUESTIONS)
    assert all(step.page is None or step.page.endpoint in app.view_functions for step in steps)


def test_the_page_asks_keeps_what_was_typed_and_goes_on(client, database, workspace):
    page = client.get("/setup").text
    assert "What is the database for?" in page
    assert "Before the first send" in page
    refused = client.post("/setup/purpose", data={"answer": "x" * 1001})
    assert (refused.status_code, "x" * 1001 in refused.text) == (422, True)
    assert client.post("/setup/purpose", data={"answer": "Win back"}).status_code == 303
    assert "What is a customer worth knowing" in client.get("/setup").text
    assert "Win back" in client.get("/setup?step=purpose").text
    assert client.post("/setup/purpose/again").status_code == 303
    assert client.post("/setup/odd", data={"answer": "x"}).status_code == 404


def test_home_shows_how_far_it_is_until_it_is_waved_off(client, database, workspace):
    home = client.get("/").text
    assert "Next: What is the database for?" in home
    assert "Planning" in home
    assert client.post("/setup/dismissed", data={"skip": "1"}).status_code == 303
    assert "Next: What is the database for?" not in client.get("/").text
    assert client.post("/setup/dismissed/again").status_code == 303
    assert "Next: What is the database for?" in client.get("/").text
