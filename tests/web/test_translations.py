"""Whoever reads Chinese reads all of it: every marked text has its Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from app.web import assets

ZH = assets.TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po"
EXTRACT = ["pybabel", "-q", "extract", "-F", "babel.cfg", "-k", "_l", "-k", "lazy_gettext", "-k", "_n:1,2"]

# Limits that are more than one by their nature, and numbers that are shown only above one.
NEVER_ONE = {
    "%(count)s test mails went to this address today. Try again tomorrow.",
    "At most %(most)s addresses can be pasted at once. Import a file instead.",
    "A segment has at most %(most)s conditions and groups. Take some out first.",
    "The subject is %(count)s characters long; phones show about 40.",
    "There are %(count)s SPF records; with more than one, receivers take none.",
    "This holds more than %(most)s elements.",
    "This workspace has sent its %(count)s invitations for today. Try again tomorrow.",
}


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every message of the product, found as babel.cfg says."""
    found = tmp_path_factory.mktemp("words") / "messages.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(assets.ROOT)
        patch.syspath_prepend(str(assets.ROOT))
        CommandLineInterface().run([*EXTRACT, "-o", str(found), "."])
    return _read(found)


def test_every_message_is_written_in_chinese(wanted: Catalog):
    chinese = _read(ZH)
    missing = [message.id for message in wanted if message.id and not _said(chinese.get(message.id))]

    assert missing == []


@pytest.mark.parametrize(
    "sentence",
    [
        "“<%(name)s>” is never closed.",
        'Write <html lang="…"> for screen readers.',
        "We add one at the end. To place it yourself, link to {{ unsubscribe_url }}.",
    ],
)
def test_sentences_that_speak_of_code_are_found(wanted: Catalog, sentence: str):
    """Signs of markup in a sentence do not make it markup: its reader reads Chinese."""
    assert wanted.get(sentence) is not None


def test_what_is_filled_in_is_the_same_in_both():
    for message in _read(ZH):
        if message.id and not message.pluralizable:
            assert _slots(message.id) == _slots(str(message.string)), message.id


def test_every_message_can_be_filled_in():
    """Templates fill in every message, also those without slots: a lone percent sign would break the page."""
    for message in _read(ZH):
        forms = message.string if isinstance(message.string, tuple | list) else [message.string]
        for text in forms if message.id else []:
            assert str(text) % dict.fromkeys(_slots(text), "1"), message.id


def test_what_counts_has_a_plural(wanted: Catalog):
    """A number before a noun in the plural is one some day; then the sentence is wrong."""
    names = "count|num|number|total|rows|detail|people|size|most"
    counted = re.compile(rf"%\((?:{names})\)s (?:[a-z]+ ){{0,2}}[a-z]{{2,}}[^s ]s\b")
    alone = {message.id for message in wanted if not message.pluralizable and counted.search(str(message.id))}

    assert alone <= NEVER_ONE


def _read(path: Path) -> Catalog:
    with path.open("rb") as text:
        return read_po(text)


def _said(message: Message | None) -> bool:
    return message is not None and bool(message.string if isinstance(message.string, str) else all(message.string))


def _slots(text: object) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", str(text)))
