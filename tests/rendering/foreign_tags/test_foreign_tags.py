"""Templates that were written for other tools: their merge tags are recognised, and translated where possible."""

from __future__ import annotations

import time

import pytest

from app.campaigns import compose
from app.campaigns.studio import tag_translation
from app.rendering.brands import Brand
from app.rendering.foreign_tags import foreign_tags
from app.rendering.foreign_tags.expressions import Names
from app.rendering.language import syntax
from app.rendering.sources import templates
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, content_of

NAMES = Names(("points", "favourite_tea"), 2026)
FIRST, EMAIL = "{{ customer.first_name }}", "{{ customer.email }}"
UNSUBSCRIBE, PREFERENCES = "{{ unsubscribe_url }}", "{{ preferences_url }}"
THERE = '{{ customer.first_name|default("there") }}'


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("*|FNAME|* *|EMAIL|*", f"{FIRST} {EMAIL}"),
        ('"*|UNSUB|*">', f'"{UNSUBSCRIBE}">'),
        ('"*%7CUPDATE_PROFILE%7C*">', f'"{PREFERENCES}">'),
        ("*|LIST:COMPANY|* *|CURRENT_YEAR|*", "{{ workspace.sender_name }} 2026"),
        ("*|FAVOURITE_TEA|*", "{{ customer.favourite_tea }}"),
        ("*|HTML:LIST_ADDRESS_HTML|**|MC_PREVIEW_TEXT|*", "{{ workspace.postal_address }}"),
        ("*|TITLE:FNAME|*", "{{ customer.first_name|title }}"),
        ("*|IF:FNAME|*a*|ELSE:|*b*|END:IF|*", "{% if customer.first_name %}a{% else %}b{% endif %}"),
        ("*|IF:POINTS>=3|*a*|END:IF|*", "{% if customer.points >= 3 %}a{% endif %}"),
        ("{{ first_name|default:'there' }}", THERE),
        ("{{ person.first_name|default:'there'|title }}", '{{ customer.first_name|default("there")|title }}'),
        ("{% unsubscribe 'Leave' %}", f'<a href="{UNSUBSCRIBE}">Leave</a>'),
        ('<a href="{% unsubscribe_link %}">', f'<a href="{UNSUBSCRIBE}">'),
        ("{{ organization.full_address }}", "{{ workspace.postal_address }}"),
        ("{{ contact.firstname }} {{ unsubscribe_link }}", f"{FIRST} {UNSUBSCRIBE}"),
        ('{{ personalization_token("contact.firstname", "there") }}', THERE),
        ('{{ contact.FIRSTNAME | default : "there" }}', THERE),
        ("{{#if first_name}}a{{else}}b{{/if}}", "{% if customer.first_name %}a{% else %}b{% endif %}"),
        ("{{#unless email}}a{{/unless}}", "{% if not customer.email %}a{% endif %}"),
        ("{{#first_name}}a{{/first_name}}{{{unsubscribe}}}", "{% if customer.first_name %}a{% endif %}" + UNSUBSCRIBE),
        ("{{firstName}}{{! note }}", FIRST),
        ("%%First Name%% %%unsub_center_url%%", f"{FIRST} {UNSUBSCRIBE}"),
        ("%%Member_Busname%%", "{{ workspace.sender_name }}"),
        ("%FIRSTNAME% %UNSUBSCRIBELINK% %recipient.first_name%", f"{FIRST} {UNSUBSCRIBE} {FIRST}"),
        ('[[firstname]] [[data:firstname:"there"]] [[UNSUB_LINK_EN]]', f"{FIRST} {THERE} {UNSUBSCRIBE}"),
        ("[firstname,fallback=there] <unsubscribe>x</unsubscribe>", f'{THERE} <a href="{UNSUBSCRIBE}">x</a>'),
        ("{{${first_name} | default: 'there'}}", THERE),
        ("{{lead.First Name:default=there}} {{system.unsubscribeLink}}", f"{THERE} {UNSUBSCRIBE}"),
        ("{$unsubscribe} {FIRSTNAME} {contactfield=firstname}", f"{UNSUBSCRIBE} {FIRST} {FIRST}"),
        ("{!Contact.FirstName}", FIRST),
        ("~Contact.FirstName~ $[FNAME]$ @FIRSTNAME@ http://$UNSUB$", f"{FIRST} {FIRST} {FIRST} {UNSUBSCRIBE}"),
        ("<%asm_group_unsubscribe_raw_url%>", UNSUBSCRIBE),
        ("{{ subscriber.first_name }} {{ .Subscriber.FirstName }}", f"{FIRST} {FIRST}"),
        ("{% if customer.first_name != blank %}a{% endif %}", '{% if customer.first_name != "" %}a{% endif %}'),
        ("{% unless first_name %}a{% endunless %}", "{% if not (customer.first_name) %}a{% endif %}"),
        ("{% if first_name %}a{% elsif email %}b{% else %}c{% endif %}",
         "{% if customer.first_name %}a{% elif customer.email %}b{% else %}c{% endif %}"),
        ("{% comment %} {{ x }} {% endcomment %}{{ 'now' | date: \"%Y\" }}", "2026"),
    ],
)  # fmt: skip
def test_tags_of_common_tools_are_translated(theirs, ours):
    assert foreign_tags.translate(theirs, NAMES) == ours
    assert foreign_tags.find(ours, NAMES) == []
    assert syntax.check(ours, known_fields=NAMES.own_fields) == []


@pytest.mark.parametrize(
    "theirs",
    ["*|ARCHIVE|*", "*|IF:NOBODY|*a*|ELSE:|*b*|END:IF|*", "{{> footer}}", "{{#each items}}a{{/each}}", "%%=v(@x)=%%",
     "%%[ set @a = 1 ]%%", "{% web_view %}", "{% assign x = 1 %}", "{{ view_as_page_url }}", "[[PERMALINK]]",
     "{{#if (eq a b)}}a{{else}}b{{/if}}", "<%= render 'x' %>"],
)  # fmt: skip
def test_what_has_no_counterpart_is_told_and_kept_whole(theirs):
    """Half a condition would be worse than none."""
    assert foreign_tags.translate(theirs, NAMES) == theirs
    assert [tag.ours for tag in foreign_tags.find(theirs, NAMES)] == [None] * len(foreign_tags.find(theirs, NAMES))
    problem = templates.problems_of("html", "<p>\n" + theirs, brand=Brand("Tea", "en"), known_fields=())[0]
    assert (problem.line, "merge tag" in problem.message) == (2, True)


@pytest.mark.parametrize(
    "source",
    [
        "{{ customer.first_name|default('x') }} {% for p in purchases %}{{ p.product }}{{ loop.index }}{% endfor %}",
        "{% if customer.points > 3 %}a{% else %}b{% endif %} {{ nope }} {{ customer.frist_name }} {# *|x #}",
        "100% COTTON% off, 50%%off 60%%, [x] [Unsubscribe](https://x.example) [[a wiki page]] {a} @home a@b.example",
        "<style>.a[href]{b:c}@media(x){#y{z:w}}</style>  ** | bold | ** {{ unsubscribe_url }}",
        "[Read more] [1] {not a tag} 5 < 6 %d %s ~ about ~ $5 $[ ]$",
    ],
)
def test_our_own_language_and_plain_words_are_not_taken_for_tags(source):
    assert foreign_tags.find(source, NAMES) == []


@pytest.mark.parametrize(
    "piece",
    ["{{", "{%", "*|", "%%[", "%%", "[[", "<%", "{% comment %}", "{{!--", "<style>", "{{ '", "*|IF:A|*", "[a"],
)
def test_looking_for_tags_takes_work_in_proportion(piece):
    """Of eight times as many, the square would be 64 times the work. The least of three is the work; more is noise."""

    def work(times: int) -> float:
        source = piece * times + "}} %} |* ]%% ]] %> endcomment"
        spent = []
        for _ in range(3):
            began = time.process_time()
            foreign_tags.translate(source, NAMES)
            spent.append(time.process_time() - began)
        return min(spent)

    assert work(16_000) < 30 * work(2_000) + 0.2


def test_a_draft_written_for_another_tool_is_translated_with_one_press(client, database, workspace):
    """Subject, preview line and content; what could not be translated stays marked where it stands."""
    source = '<h1>Hi *|FNAME|*</h1><a href="*|UNSUB|*">Leave</a>*|ARCHIVE|*'
    with database.transaction(workspace.id) as session:
        made = a_campaign(session, workspace, format="html", subject="For *|FNAME|*", preheader="", source=source).id

    before = client.get(f"/campaigns/{made}").text
    answer = client.post(f"/campaigns/{made}/translate-tags")
    after = client.get(f"/campaigns/{made}").text

    assert "Translate 3 tags" in before
    assert "is a merge tag of Mailchimp" in before
    assert answer.status_code == 303
    assert "3 merge tags were translated. 1 could not be" in after
    assert "&lt;h1&gt;Hi {{ customer.first_name }}&lt;/h1&gt;" in after
    assert 'value="For {{ customer.first_name }}"' in after
    assert "*|ARCHIVE|*” is a merge tag" in after


def test_translated_tags_can_be_had_back(client, database, workspace):
    """The press rewrites the whole mail; who regrets it gets every word back, unless they were edited since."""
    with database.transaction(workspace.id) as session:
        words = {"subject": "Hello *|FNAME|*", "source": "<p>Dear *|FNAME|*</p>", "format": "html"}
        made = a_campaign(session, workspace, **words).id
        _, first = tag_translation.translate(session, workspace.id, made, None, staff_id=workspace.owner_id, now=NOON)
    assert client.post(f"/undo/{first.values['step_id']}").status_code == 303

    with database.transaction(workspace.id) as session:
        content = content_of(session, compose.get(session, workspace.id, made))
        assert (content.subject, content.source) == ("Hello *|FNAME|*", "<p>Dear *|FNAME|*</p>")
        _, second = tag_translation.translate(session, workspace.id, made, None, staff_id=workspace.owner_id, now=NOON)
        content.subject += "!"

    assert client.post(f"/undo/{second.values['step_id']}").status_code == 409
