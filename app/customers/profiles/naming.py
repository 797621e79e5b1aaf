"""Full names in the order of the person's language: family name first, without a space, where Han is written."""

from __future__ import annotations

from unicodedata import east_asian_width


def full_name(first: str | None, last: str | None) -> str:
    """Ada, Lovelace -> Ada Lovelace; 小明, 王 -> 王小明; an empty string when neither is known."""
    if first and last and is_wide(first) and is_wide(last):
        return last + first
    return " ".join(part for part in (first, last) if part)


def called(first: str | None, last: str | None, email: str | None, external_ref: str | None) -> str:
    """Return what somebody is called: their name, else their email, else their customer number; "" for none of it."""
    return full_name(first, last) or email or external_ref or ""


def is_wide(name: str) -> bool:
    """Whether the name is written in Chinese, Japanese or Korean letters."""
    return all(east_asian_width(mark) in "WF" for mark in name)
