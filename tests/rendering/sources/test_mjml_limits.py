"""MJML without end, and what it may not take along."""

from __future__ import annotations

import threading

import pytest

from app.rendering.brands import Brand
from app.rendering.sources import mjml_mail, templates
from tests.factories.campaigns import a_campaign

BRAND = Brand("Tea & Co", "en")
MAIL = "<mjml><mj-body>{}</mj-body></mjml>"
TEXT = MAIL.format("<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>")
SECTION = "<mj-section><mj-column><mj-text>tea</mj-text></mj-column></mj-section>"
NESTED = TEXT.format("<b>" * 2_500 + "x" + "</b>" * 2_500)
# Below every bound we name, and yet more than a mail: one value repeated in each element.
MULTIPLIED = (
    f'<mjml><mj-head><mj-attributes><mj-all css-class="{"x" * 100_000}"/></mj-attributes></mj-head>'
    f"<mj-body>{SECTION * 1_500}</mj-body></mjml>"
)


def says(source: str) -> list[str]:
    return [problem.message for problem in templates.problems_of("mjml", source, brand=BRAND)]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (NESTED, "nested more than 100 deep"),
        (TEXT.format("<b>" * 2_500), "nested more than 100 deep"),
        (MAIL.format("<mj-wrapper>" * 500), "nested more than 100 deep"),
        (TEXT.format("<br/>" * 20_000), "more than 10,000 elements"),
        (MULTIPLIED, "too large or too complicated"),
    ],
)
def test_mjml_without_end_is_refused_in_words(source, said):
    assert said in says(source)[0]


def test_mjml_that_ends_a_renderer_is_not_given_to_the_next():
    """Everybody who opens the draft's page asks for it again."""
    says(MULTIPLIED)
    ended = mjml_mail.renderers.ended

    assert "too large or too complicated" in says(MULTIPLIED)[0]
    assert mjml_mail.renderers.ended == ended


def test_six_hundred_sections_render_on_the_small_stack_of_a_web_thread():
    """The renderer recurses with the number of siblings too, and a web server's threads have two megabytes of stack."""
    made: list[str] = []
    source = MAIL.format(SECTION * 600)
    before = threading.stack_size(1 << 20)
    try:
        thread = threading.Thread(target=lambda: made.append(templates.to_html("mjml", source, BRAND)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)

    assert made[0].count("tea</div>") == 600


def test_the_page_of_a_draft_that_ended_the_renderer_says_so_and_answers(client, database, workspace):
    """The draft is saved before it is rendered: its page and its neighbours' must go on answering."""
    with database.transaction(workspace.id) as session:
        deadly = a_campaign(session, workspace, format="mjml", source=MULTIPLIED).id
        other = a_campaign(session, workspace, format="mjml", source=TEXT.format("Oolong")).id

    pages = [client.get(f"/campaigns/{deadly}") for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert "the renderer stopped working on it" in pages[1].text
    assert client.get(f"/campaigns/{deadly}/mail").status_code == 200
    assert "Oolong" in client.get(f"/campaigns/{other}/mail").text
