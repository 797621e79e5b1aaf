"""A request to stop is told from a question, in many languages; what is neither goes to a person."""

from __future__ import annotations

import random
import re
import time

import pytest

from app.tracking.models import ReplyClass
from app.tracking.replies import classification, stop_phrases
from app.tracking.replies.classification import classify
from tests.tracking.replies.examples import AMBIGUOUS, DOUBTFUL, QUESTIONS, REQUESTS


@pytest.mark.parametrize("words", REQUESTS)
def test_an_unmistakable_request_to_stop_is_one(words: str) -> None:
    """Fifteen of twenty-four plain ones counted as interest."""
    assert classify(subject="Re: News", text=words, headers={}) is ReplyClass.UNSUBSCRIBE


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_question_that_sounds_like_one_reaches_the_inbox(words: str) -> None:
    """Nine of ten ended all permission, and nobody ever read them."""
    assert classify(subject="Re: News", text=words, headers={}) is ReplyClass.HUMAN


@pytest.mark.parametrize("words", DOUBTFUL)
def test_what_may_be_a_request_is_for_a_person(words: str) -> None:
    """It ends nothing by itself, and is no interest either."""
    assert classify(subject="Re: News", text=words, headers={}) is ReplyClass.POSSIBLE_UNSUBSCRIBE


@pytest.mark.parametrize("words", AMBIGUOUS)
def test_a_word_that_may_be_about_an_order_ends_nothing(words: str) -> None:
    assert classify(subject="Re: News", text=words, headers={}) is not ReplyClass.UNSUBSCRIBE


@pytest.mark.parametrize("words", REQUESTS[:40])
def test_a_request_among_other_sentences_is_for_a_person(words: str) -> None:
    """Who wants boxes and no more mail is answered, not silenced."""
    text = f"The twenty boxes came today and two of them were broken. {words}"
    kind = classify(subject="Re: News", text=text, headers={})

    assert kind is not ReplyClass.UNSUBSCRIBE


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("unsubscribe", "", ReplyClass.UNSUBSCRIBE),
        ("Abmelden", "Danke", ReplyClass.UNSUBSCRIBE),
        ("Re: Unsubscribe from winter", "I take two of them", ReplyClass.HUMAN),
        ("Re: unsubscribe", "", ReplyClass.HUMAN),
        ("Newsletter", "Bitte abmelden", ReplyClass.UNSUBSCRIBE),
        ("unsubscribe", "Where are my boxes?", ReplyClass.POSSIBLE_UNSUBSCRIBE),
        ("Automatische Antwort: News", "Bitte abmelden", ReplyClass.AUTO),
        ("Réponse automatique : News", "absente", ReplyClass.AUTO),
        ("Автоответ: News", "", ReplyClass.AUTO),
        ("자동 응답: News", "", ReplyClass.AUTO),
    ],
)
def test_a_subject_counts_where_it_is_the_persons_own(subject: str, text: str, expected: ReplyClass) -> None:
    """Behind "Re:" stand our own words."""
    assert classify(subject=subject, text=text, headers={}) is expected


QUOTES = [
    "On Mon, 2 Mar 2026, Shop wrote:",
    "On Mon, 2 Mar 2026 at 10:00, Shop\n<news@shop.test> wrote:",
    "Am 02.03.2026 um 10:00 schrieb Shop <news@shop.test>:",
    "Le lun. 2 mars 2026 à 10:00, Shop <news@shop.test> a écrit :",
    "El lun, 2 mar 2026 a las 10:00, Shop (<news@shop.test>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Shop <news@shop.test> ha scritto:",
    "Op ma 2 mrt 2026 om 10:00 schreef Shop <news@shop.test>:",
    "pon., 2 mar 2026 o 10:00 Shop <news@shop.test> napisał(a):",
    "пн, 2 мар. 2026 г. в 10:00, Shop <news@shop.test>:",
    "2026年3月2日(月) 10:00 Shop <news@shop.test>:",
    "Den mån 2 mars 2026 kl 10:00 skrev Shop <news@shop.test>:",
    "在 2026年3月2日 10:00，Shop 写道：",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "------------------ 原始邮件 ------------------",
    "________________________________",
    "Von: Shop <news@shop.test>",
    "发件人: Shop",
    "差出人: Shop",
    "-- ",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "发自我的iPhone",
]


@pytest.mark.parametrize("quote", QUOTES)
def test_what_is_quoted_is_not_the_persons(quote: str) -> None:
    """Our own mail says "unsubscribe" at its end."""
    text = f"Thank you!\n\n{quote}\n> Buy now\nunsubscribe here"

    assert classification.own_words(text) == "Thank you!"
    assert classify(subject="Re: News", text=text, headers={}) is ReplyClass.HUMAN


def test_an_answer_below_what_it_quotes_is_read() -> None:
    text = "> Buy now\n> unsubscribe here\n\nPlease unsubscribe me\n"

    assert classification.own_words(text) == "Please unsubscribe me"


def test_no_mixture_of_phrases_takes_long() -> None:
    """Phrases overlap; the time to tell them apart must not double with each. Compared with a plain reply's."""
    dice = random.Random(26)
    words = [word for kind in stop_phrases.REQUESTS.values() for each in kind for word in re.findall(r"\w+", each)]
    plain = _seconds(["lorem ipsum dolor sit amet " * 16] * 200)
    mixed = _seconds([" ".join(dice.choices(words, k=60))[:400] for _ in range(200)])

    assert mixed < 50 * max(plain, 0.05)


def _seconds(texts: list[str]) -> float:
    began = time.process_time()
    for each in texts:
        classify(subject="", text=each, headers={})
    return time.process_time() - began
