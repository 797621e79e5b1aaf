"""The built-in designs: which blocks each is made of, around words of its language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.campaigns.library import words_en, words_zh
from app.kernel.translatable import N_, MessageId
from app.rendering.blocks import schema

Blocks = list[dict[str, Any]]
Words = dict[str, str]
_WORDS = {"en": words_en.WORDS, "zh": words_zh.WORDS}
_SHOP = "https://example.com/"


@dataclass(frozen=True)
class Design:
    """One design: its key, and what it is called and good for."""

    key: str
    name: MessageId
    purpose: MessageId
    blocks: Callable[[Words], Blocks]


@dataclass(frozen=True)
class Start:
    """What a new content says: subject, preview text and blocks."""

    subject: str
    preheader: str
    source: str


def start(key: str, language: str) -> Start:
    """Return what a design says in a language, in English where it has no words of it; raise KeyError."""
    design = BY_KEY[key]
    words = _WORDS.get(language.partition("-")[0], _WORDS["en"])[key]
    blocks = [{"kind": "header"}, *design.blocks(words), {"kind": "footer"}]
    mail = schema.Mail.model_validate({"blocks": _numbered(blocks)})
    return Start(words.get("subject", ""), words.get("preheader", ""), schema.write(mail))


def _numbered(blocks: Blocks) -> Blocks:
    """Give every block its id, in the order of the mail."""
    count = 0

    def named(block: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        count += 1
        made = {"id": f"b{count}", **block}
        if "columns" in block and block["kind"] == "columns":
            made["columns"] = [[named(leaf) for leaf in column] for column in block["columns"]]
        return made

    return [named(block) for block in blocks]


def _title(words: Words, name: str = "title") -> dict[str, Any]:
    return {"kind": "heading", "level": 1, "text": words[name]}


def _section(words: Words, name: str) -> dict[str, Any]:
    return {"kind": "heading", "level": 2, "text": words[name]}


def _text(words: Words, name: str, **more: Any) -> dict[str, Any]:
    html = "".join(f"<p>{part}</p>" for part in words[name].split("\n"))
    return {"kind": "text", "html": html, **more}


def _button(words: Words, name: str = "button", **more: Any) -> dict[str, Any]:
    return {"kind": "button", "text": words[name], "href": _SHOP, **more}


def _picture(words: Words, name: str = "picture", **more: Any) -> dict[str, Any]:
    return {"kind": "image", "alt": words[name], **more}


def _newsletter(words: Words) -> Blocks:
    story = {"ratio": "1:2", "kind": "columns"}
    return [
        _title(words),
        _text(words, "intro"),
        _picture(words),
        _section(words, "first"),
        _text(words, "first_text"),
        _button(words, align="start"),
        {"kind": "divider"},
        {**story, "columns": [[_picture(words)], [_section(words, "second"), _text(words, "second_text")]]},
        {**story, "columns": [[_picture(words)], [_section(words, "third"), _text(words, "third_text")]]},
        {"kind": "social"},
    ]


def _announcement(words: Words) -> Blocks:
    return [_picture(words), _title(words), _text(words, "intro", size="large"), _button(words)]


def _offer(words: Words) -> Blocks:
    return [
        _title(words),
        _text(words, "intro"),
        {"kind": "product", "source": "popular", "count": 3, "columns": 3, "button": words["buy"]},
        _text(words, "terms", size="small"),
        _button(words),
    ]


def _welcome(words: Words) -> Blocks:
    return [
        _title(words),
        _text(words, "intro"),
        {"kind": "text", "html": words["list"]},
        _button(words),
        _text(words, "sign"),
    ]


def _win_back(words: Words) -> Blocks:
    return [
        _title(words),
        _text(words, "intro"),
        {"kind": "product", "source": "popular", "count": 2, "columns": 2, "button": words["buy"]},
        _text(words, "choice"),
    ]


def _receipt(words: Words) -> Blocks:
    return [
        _title(words),
        _text(words, "intro"),
        {"kind": "raw", "source": words["table"]},
        _button(words),
        _text(words, "help", size="small"),
    ]


def _birthday(words: Words) -> Blocks:
    return [_picture(words), _title(words), _text(words, "intro"), _button(words), _text(words, "terms", size="small")]


def _event(words: Words) -> Blocks:
    facts = [[_section(words, name), _text(words, f"{name}_text")] for name in ("when", "where")]
    return [
        _picture(words),
        _title(words),
        _text(words, "intro"),
        {"kind": "columns", "ratio": "1:1", "columns": facts},
        _button(words),
    ]


def _survey(words: Words) -> Blocks:
    answers = [{"kind": "button", "text": words[name], "href": f"{_SHOP}{name}", "is_wide": True} for name in
               ("answer_1", "answer_2", "answer_3")]  # fmt: skip
    return [_title(words), _text(words, "intro"), *answers, _text(words, "thanks", size="small")]


def _permission(words: Words) -> Blocks:
    return [
        _title(words),
        _text(words, "intro"),
        {"kind": "button", "text": words["button"], "href": "{{ preferences_url }}"},
        _text(words, "silence"),
    ]


def _plain_letter(words: Words) -> Blocks:
    return [_text(words, "letter"), _text(words, "sign")]


DESIGNS = (
    Design("newsletter", N_("Newsletter"), N_("News in several short pieces"), _newsletter),
    Design("announcement", N_("Announcement"), N_("One thing, large"), _announcement),
    Design("offer", N_("Offer"), N_("Products with their prices"), _offer),
    Design("welcome", N_("Welcome"), N_("What new subscribers can expect"), _welcome),
    Design("win_back", N_("Win-back"), N_("For people who have been silent"), _win_back),
    Design("receipt", N_("Receipt"), N_("What somebody ordered"), _receipt),
    Design("birthday", N_("Birthday"), N_("A wish and a small present"), _birthday),
    Design("event", N_("Event"), N_("When, where, and how to come"), _event),
    Design("survey", N_("Survey"), N_("One question, answered by a press"), _survey),
    Design("permission", N_("Re-permission"), N_("Ask whether they still want to hear from you"), _permission),
    Design("letter", N_("Plain letter"), N_("Words alone, as a person writes"), _plain_letter),
)
BY_KEY = {design.key: design for design in DESIGNS}
