"""Headers: exactly the ones asked for, whatever a customer's name or a campaign's subject holds."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rendering import compiler, mime
from app.rendering.content import Content, Stream
from app.rendering.slots import Slots

DATE = mime.date_header(datetime(2026, 3, 2, 10, tzinfo=UTC))
LIST_HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "Reply-To", "List-Unsubscribe-Post", "List-Id",
    "Feedback-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip
NASTY = st.one_of(
    st.sampled_from(
        ["a\r\nBcc: evil@x.example", "\n\n<html>", "=?utf-8?q?x?=", '"\\', "李" * 70, "x" * 300, "\x00\x0b\u2028"]
    ),
    st.text(max_size=200),
)


def a_message(subject="{{ customer.x }}", **changes):
    values = {"from_name": "Shop", "from_address": "news@shop.example", "public_url": "https://m.example",
              "reply_to": "help@shop.example", "list_id": "news.shop.example", "list_name": "News",
              "feedback": ("c1", "w1", "campaign"), **changes}  # fmt: skip
    return compiler.compile_content(Content(subject, "", "<p>x</p>", "x", "en"), stream=Stream(**values))


def headers_of(raw: bytes):
    return message_from_bytes(raw, policy=policy.default)


@settings(max_examples=150, deadline=None)
@given(name=NASTY, value=NASTY, sender=NASTY)
def test_no_value_adds_or_breaks_a_header(name, value, sender):
    """CR, LF and encoded words of strangers stay inside the header they were put in (F3, F4)."""
    message = a_message(from_name=sender, list_name=sender)
    raw = message.render({"customer": {"x": value}}, Slots("ada@x.example", "m", name, "u"), date=DATE)
    head = raw.partition(b"\r\n\r\n")[0]

    assert headers_of(raw).keys() == LIST_HEADERS
    assert headers_of(raw)["To"].addresses[0].addr_spec == "ada@x.example"
    assert headers_of(raw)["From"].addresses[0].addr_spec == "news@shop.example"
    for line in head.split(b"\r\n"):
        assert len(line) <= 998
    for word in re.findall(rb"=\?utf-8\?b\?[^?]*\?=", head):
        assert len(word) <= 75


@settings(max_examples=150, deadline=None)
@given(value=NASTY)
def test_a_subject_reads_as_it_was_written(value):
    raw = a_message().render({"customer": {"x": value}}, Slots("a@x.example", "m", "", "u"), date=DATE)

    shown = headers_of(raw)["Subject"]
    assert "".join(shown.split()) == "".join(mime.plain(value).split())[: len("".join(shown.split()))]


def test_a_list_message_carries_one_click_unsubscribe():
    """H1, H9, H11, H13, F2."""
    raw = a_message("Hello").render({}, Slots("a@x.example", "MID", "", "UNSUB"), date=DATE)
    headers = headers_of(raw)

    assert headers["List-Unsubscribe"] == "<https://m.example/u/UNSUB>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Id"] == "News <news.shop.example>"
    assert headers["Feedback-ID"] == "c1:w1:campaign:assent"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Message-ID"] == "<MID@shop.example>"
    assert headers["Date"].datetime == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_a_notice_is_no_list_mail():
    """The double opt-in question is not something one can unsubscribe from yet."""
    raw = a_message("Please confirm", lists=False).render({}, Slots("a@x.example", "m", confirm="C"), date=DATE)

    assert not [name for name in headers_of(raw) if name.startswith("List-") or name == "Feedback-ID"]
    assert b"/u/" not in raw


def test_domains_outside_ascii_go_out_as_a_labels():
    """F6."""
    raw = a_message("x", from_address="news@bücher.example").render(
        {}, Slots("leser@straße.example", "m", "", "u"), date=DATE
    )

    assert headers_of(raw)["To"].addresses[0].domain == "xn--strae-oqa.example"
    assert headers_of(raw)["Message-ID"] == "<m@xn--bcher-kva.example>"


@pytest.mark.parametrize("address", ["zoë@x.example", "a b@x.example", "a@x.example>\r\nBcc: b@x", "a@", "", "a@b@c d"])
def test_an_address_that_cannot_be_on_the_wire_is_this_persons_refusal(address):
    with pytest.raises(mime.UndeliverableAddress):
        a_message("x").render({}, Slots(address, "m", "", "u"), date=DATE)


def test_bounces_name_the_message():
    message = a_message("x", bounce_domain="bounces.shop.example")

    assert message.envelope_from(Slots("a@x.example", "MID")) == "b+MID@bounces.shop.example"
    assert a_message("x").envelope_from(Slots("a@x.example", "MID")) == "news@shop.example"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("News, offers", b'"News, offers"'),
        ('The "best" (of)', b'"The \\"best\\" (of)"'),
        ("新闻", b"=?utf-8?b?5paw6Ze7?="),
    ],
)
def test_the_name_of_a_list_is_a_phrase(name, written):
    """H9: what a phrase may not hold is quoted or encoded."""
    raw = a_message("Hello", list_name=name).render({}, Slots("a@x.example", "MID", "", "UNSUB"), date=DATE)

    assert b"List-Id: " + written + b"\r\n <news.shop.example>" in raw
