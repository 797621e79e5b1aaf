"""Starter mails for new drafts, in the workspace's language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Starter:
    """A first name and a first text."""

    name: str
    source: str


_STARTERS = {
    "en": Starter(
        "New campaign",
        """# Good to see you, {{ customer.first_name|default("there") }}

Write here what is new, in a few short sentences.

**[See it in the shop](https://example.com/)**

{% if purchases and purchases[0].product %}
Thank you for choosing {{ purchases[0].product }}.
{% endif %}
""",
    ),
    "zh": Starter(
        "新邮件",
        """# {{ customer.first_name|default("您") }}，您好

请在这里用几句话告诉大家有什么新消息。

**[去店里看看](https://example.com/)**

{% if purchases and purchases[0].product %}
感谢您选择{{ purchases[0].product }}。
{% endif %}
""",
    ),
}


def of(language: str) -> Starter:
    """Return the starter of a language, English where there is none."""
    return _STARTERS.get(language.partition("-")[0], _STARTERS["en"])
