"""How somebody agreed is named in the reader's language, also where a file or a mail is part of the name."""

from __future__ import annotations

import pytest
from flask import Flask

from app.consent.views import how


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("import: web form at checkout", "导入：web form at checkout"),
        ("import: web_form", "导入：网页表单"),
        ("import 7, customers.csv", "导入 7，文件 customers.csv"),
        ("message 41", "第 41 号邮件"),
        ("one_click", "邮件程序中的一键退订"),
        ("card in the shop", "card in the shop"),
        (None, ""),
    ],
)
def test_ways_and_sources_are_said_in_chinese(app: Flask, kept: str | None, said: str):
    """Pages in Chinese showed "import:" and "message 41", which are kept in English."""
    with app.test_request_context(headers={"Cookie": "language=zh"}):
        assert how.say(kept) == said
