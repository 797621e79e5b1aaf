"""What the operator tells everybody: written to a file, read by every process, forgiving about what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kernel import announcements
from app.kernel.announcements import Announcement, Board


def test_what_is_announced_is_read_in_each_language_until_it_is_withdrawn(tmp_path: Path):
    file = tmp_path / "there" / "announcement.json"
    announcements.announce(file, Announcement({"en": "We upgrade at six.", "zh": "六点升级。"}, share=0.25))

    said = Board(file).current()
    assert said
    assert (said.in_language("zh"), said.in_language("fr"), said.share) == ("六点升级。", "We upgrade at six.", 0.25)

    assert announcements.withdraw(file)
    assert Board(file).current() is None
    assert not announcements.withdraw(file)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 4000),
        *(b'{"texts": 3}', b'{"texts": {}}', b'{"texts": {"en": ""}}', b'{"share": 1}'),
        b'{"texts": {"en": "x"}, "share": "soon"}',
    ],
)
def test_a_file_that_cannot_be_read_announces_nothing(tmp_path: Path, content: bytes):
    file = tmp_path / "announcement.json"
    file.write_bytes(content)

    assert Board(file).current() is None


def test_a_share_is_held_between_none_and_all_and_words_are_cut(tmp_path: Path):
    file = tmp_path / "announcement.json"
    announcements.announce(file, Announcement({"en": "x" * 5000}, share=7.0))
    # Too long for the file's bound as well: nothing is shown rather than half of it.
    assert Board(file).current() is None

    announcements.announce(file, Announcement({"en": "x" * 400}, share=7.0))
    said = Board(file).current()
    assert said
    assert (len(said.in_language("en")), said.share) == (announcements.LONGEST, 1.0)
