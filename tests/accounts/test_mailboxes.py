"""For limits, spellings of one mailbox are one; for identity they never are."""

from __future__ import annotations

import pytest

from app.accounts import mailboxes


@pytest.mark.parametrize(
    ("spelling", "mailbox"),
    [
        ("Ada+news@Example.com", "ada@example.com"),
        ("a.d.a@gmail.com", "ada@gmail.com"),
        ("ada+x+y@googlemail.com", "ada@gmail.com"),
        ("a.d.a@example.com", "a.d.a@example.com"),
        ("+tag@example.com", "+tag@example.com"),
        ("...@gmail.com", "...@gmail.com"),
    ],
)
def test_a_tag_or_a_full_stop_at_gmail_makes_no_other_mailbox(spelling: str, mailbox: str) -> None:
    assert mailboxes.limit_key(spelling) == mailbox
    assert mailboxes.fold(spelling) == spelling.casefold()
