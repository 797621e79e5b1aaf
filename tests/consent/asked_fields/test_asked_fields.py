"""Forms and the preference page ask for the fields a workspace chooses; people answer for themselves alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.consent.asked_fields import answers, asked, keeping
from app.consent.asked_fields.asked import AskedField, AskedFieldsRefused
from app.consent.asked_fields.keeping import PageFields
from app.consent.models import SignupRequest
from app.consent.preferences import preference_links
from app.consent.signup import double_opt_in, signup_forms
from app.customers.organisations.reference_target import ORGANISATIONS
from app.customers.profiles import fields, people, provenance
from app.customers.profiles.fields import FieldDraft
from tests.factories import NOON
from tests.factories.consent import a_form, consented_customer

EVERY_KIND = {
    "text": ("Blue", "Blue"),
    "number": ("38", 38),
    "money": ("12.50 EUR", "12.50 EUR"),
    "date": ("2026-04-05", "2026-04-05"),
    "boolean": ("true", True),
    "choice": ("S", "S"),
    "multi_choice": (["M", "S"], ["S", "M"]),
}


@pytest.fixture
def own(database, workspace):
    """A field of each kind, one that is sensitive, and one that refers to organisations."""
    with database.transaction(workspace.id) as session:
        for kind in EVERY_KIND:
            fields.add(session, workspace.id, f"f_{kind}", FieldDraft(f"My {kind}", kind, ("S", "M")))
        fields.add(session, workspace.id, "allergies", FieldDraft("Allergies", sensitivity="health"))
        dealer = FieldDraft("Dealer", "reference", refers_to=ORGANISATIONS.name)
        fields.add(session, workspace.id, "dealer", dealer)


@pytest.fixture
def ada(database, workspace):
    with database.transaction(workspace.id) as session:
        return consented_customer(session, workspace.id, email="ada@example.com", city="Paris")


@pytest.fixture
def link(services, workspace, ada):
    made = preference_links.mint(services.tokens, workspace.id, ada.id, address_id=ada.address_id, now=NOON)
    services.clock.advance(timedelta(minutes=1))
    return f"/p/{made}"


def shows(database, workspace, *chosen, at_once=3):
    with database.transaction(workspace.id) as session:
        keeping.save_of_page(session, workspace.id, PageFields(chosen, at_once), staff_id=None, now=NOON)


def sign_up(anonymous, services, workspace, **typed):
    page = anonymous.get(f"/f/{workspace.slug}/newsletter").text
    stamp = page.split('name="stamp" value="')[1].split('"')[0]
    services.clock.advance(timedelta(seconds=30))
    values = {"email": "new@example.com", "stamp": stamp, f"topic-{workspace.topic_id}": "1", **typed}
    return anonymous.post(f"/f/{workspace.slug}/newsletter", data=values)


def test_what_may_be_asked_for(session, workspace, own):
    known = asked.offered(session, workspace.id)

    assert {"first_name", "birth_date", "country", "custom.f_money"} <= known.keys()
    assert not {"external_ref", "email", "custom.allergies", "custom.dealer"} & known.keys()
    for wrong in ([AskedField("custom.allergies")], [AskedField("city"), AskedField("city")], [AskedField("x")] * 21):
        with pytest.raises(AskedFieldsRefused):
            asked.checked(wrong, known)


def test_answers_of_every_kind_are_believed_once_confirmed(anonymous, database, services, workspace, own):
    chosen = [
        AskedField("city", label="Where do you live?", help="A town"),
        *(AskedField(f"custom.f_{kind}", is_required=True) for kind in EVERY_KIND),
    ]
    with database.transaction(workspace.id) as session:
        a_form(session, workspace.id, [workspace.topic_id], fields=chosen)
    page = anonymous.get(f"/f/{workspace.slug}/newsletter").text
    assert "Where do you live?" in page
    assert "A town" in page

    typed = {f"custom_f_{kind}": said for kind, (said, _) in EVERY_KIND.items()}
    assert sign_up(anonymous, services, workspace, city="Rome", **typed).status_code == 200
    with database.transaction(workspace.id) as session:
        new = people.find_by_email(session, workspace.id, "new@example.com")
        assert (new.city, new.custom) == (None, {})
        request_id = session.scalar(select(SignupRequest.id).where(SignupRequest.customer_id == new.id))
        double_opt_in.confirm(session, workspace.id, request_id, now=services.clock.now())
        assert new.custom == {f"f_{kind}": kept for kind, (_, kept) in EVERY_KIND.items()}
        origin = provenance.explain(session, workspace.id, new.provenance, ["city"])["city"]
    assert (origin.kind, origin.is_own, origin.is_observed, origin.is_measured) == ("form", True, True, True)


def test_what_does_not_fit_is_said_at_its_place_and_nothing_is_lost(anonymous, database, services, workspace, own):
    chosen = [AskedField("custom.f_number"), AskedField("city", is_required=True), AskedField("first_name")]
    with database.transaction(workspace.id) as session:
        a_form(session, workspace.id, [workspace.topic_id], fields=chosen)
    answer = sign_up(anonymous, services, workspace, custom_f_number="many", first_name="Ada")

    assert answer.status_code == 422
    assert "This is not a number." in answer.text
    assert "Please fill this in." in answer.text
    for kept in ("many", "Ada", "new@example.com"):
        assert f'value="{kept}"' in answer.text


def test_an_answer_whose_field_has_gone_keeps_no_consent_back(database, workspace, own):
    with database.transaction(workspace.id) as session:
        given = answers.still_fitting(session, workspace.id, {"f_number": "1", "gone": "x", "city": "Rome"}, now=NOON)

    assert given == {"f_number": "1", "city": "Rome"}


def test_a_known_person_is_asked_only_what_is_unknown_or_old_so_much_at_once(database, workspace, ada):
    page = PageFields([AskedField(name) for name in ("city", "first_name", "country", "gender")], 2)
    told = {"first_name": "Ada", "country": "FR", "gender": "female"}
    with database.transaction(workspace.id) as session:
        person = people.get(session, workspace.id, ada.id)
        soon = answers.to_ask(session, person, page, now=NOON)
        people.change(session, person, values_by_name=told, source="staff:1", now=NOON + timedelta(days=700))
        late = answers.to_ask(session, person, page, now=NOON + timedelta(days=900))

    assert [each.name for each in soon] == ["first_name", "country"]
    assert [each.name for each in late] == ["city"]


def test_a_person_sees_and_corrects_what_is_kept_of_them(anonymous, database, workspace, ada, link):
    shows(database, workspace, AskedField("city"), AskedField("first_name"))
    page = anonymous.get(link).text
    assert 'value="Paris"' in page
    assert "One question about you" in page

    told = anonymous.post(f"{link}/profile", data={"first_name": "Ada"}).text
    assert "Thank you" in told
    assert 'value="Paris"' in told
    assert anonymous.post(f"{link}/profile", data={"was-city": "Paris", "city": "Rome"}).status_code == 200
    with database.transaction(workspace.id) as session:
        person = people.get(session, workspace.id, ada.id)
        origin = provenance.explain(session, workspace.id, person.provenance, ["city"])["city"]
        assert (person.first_name, person.city, origin.kind) == ("Ada", "Rome", "preferences")
    assert anonymous.post(f"{link}/profile", data={"was-city": "Rome", "city": ""}).status_code == 200
    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, ada.id).city is None


def test_what_nobody_touched_is_not_their_word(anonymous, database, workspace, ada, link):
    shows(database, workspace, AskedField("city"))
    with database.transaction(workspace.id) as session:
        before = people.get(session, workspace.id, ada.id).provenance
    anonymous.post(f"{link}/profile", data={"was-city": "Paris", "city": "Paris"})

    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, ada.id).provenance == before


def test_a_needed_field_cannot_be_emptied_and_what_was_typed_stays(anonymous, database, workspace, own, ada, link):
    shows(database, workspace, AskedField("city", is_required=True), AskedField("custom.f_number"))
    refused = anonymous.post(f"{link}/profile", data={"was-city": "Paris", "city": ""})
    assert (refused.status_code, "Please fill this in." in refused.text) == (422, True)
    refused = anonymous.post(f"{link}/profile", data={"custom_f_number": "some"})
    assert (refused.status_code, 'value="some"' in refused.text, 'value="Paris"' in refused.text) == (422, True, True)


def test_a_link_that_proves_nobody_shows_and_changes_nothing(anonymous, database, services, workspace, ada):
    shows(database, workspace, AskedField("city"), AskedField("first_name"))
    unproven = f"/p/{preference_links.mint(services.tokens, workspace.id, ada.id, now=NOON)}"
    page = anonymous.get(unproven).text

    assert "Paris" not in page
    assert "about you" not in page
    assert anonymous.post(f"{unproven}/profile", data={"first_name": "Eve"}).status_code == 403
    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, ada.id).first_name is None


def test_staff_choose_order_words_and_need(client, database, workspace, own):
    with database.transaction(workspace.id) as session:
        form_id = a_form(session, workspace.id, [workspace.topic_id], fields=[AskedField("city")]).id
    url = f"/consent/forms/{form_id}/fields"
    row = {"name-0": "city", "label-0": "Town", "required-0": "1", "name-1": "gender"}
    moved = client.post(url, data={**row, "step": "down:0"}).text
    assert moved.index('value="gender"') < moved.index('value="city"')
    assert 'value="Town"' in moved
    added = client.post(url, data={**row, "step": "add", "added": "custom.f_date"}).text
    assert 'name="name-2" value="custom.f_date"' in added
    assert 'name="name-1"' not in client.post(url, data={**row, "step": "out:1"}).text
    assert client.post(url, data={**row, "name-2": "custom.allergies", "step": "save"}).status_code == 422
    assert client.post(url, data={**row, "step": "save"}).status_code == 303
    with database.transaction(workspace.id) as session:
        kept = keeping.of_form(session, signup_forms.get(session, workspace.id, form_id))
    assert kept == [AskedField("city", True, "Town"), AskedField("gender")]


def test_staff_choose_what_the_preference_page_shows(client, database, workspace):
    for number, status in (("11", 422), ("x", 422), ("2", 303)):
        values = {"name-0": "city", "questions_at_once": number, "step": "save"}
        assert client.post("/consent/preference-page", data=values).status_code == status
    with database.transaction(workspace.id) as session:
        assert keeping.of_page(session, workspace.id) == PageFields([AskedField("city")], 2)
    assert 'value="city"' in client.get("/consent/preference-page").text
